"""What is written instead of an unknown name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.near_names import nearest, suggestion

KNOWN = ("@path", "@arrayPath", "@if", "email_address")
NAMES = st.text(alphabet="abcd", min_size=1)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("@pth", "@path"),
        ("@IF", "@if"),
        ("@arraypath", "@arrayPath"),
        ("EMAIL_ADRESS", "email_address"),
        ("zzz", None),
        ("", None),
    ],
)
def test_nearest(name: str, near: str | None) -> None:
    """A name is taken for the nearest one, written as that one is; for none where it is far off."""
    assert nearest(name, KNOWN) == near


def test_suggestion() -> None:
    """A near name is proposed; where there is none, all that are known are."""
    assert suggestion("@pth", KNOWN) == "did you mean @path?"
    assert suggestion("zzz", KNOWN) == "known: @path, @arrayPath, @if, email_address"


@given(name=NAMES, known=st.sets(NAMES))
def test_only_known_names(name: str, known: set[str]) -> None:
    """Nothing is proposed that is not known itself; a known name is the nearest to itself."""
    assert nearest(name, known) in {None, *known}
    assert nearest(name, known | {name}) == name
