"""Texts as people are shown them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.cli.words import counted, one_line, printable


@given(st.text())
def test_printable(text: str) -> None:
    """Nothing that is shown can steer a terminal; what is printable stays as it is."""
    shown = printable(text)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert printable(shown) == shown
    if text.replace("\n", "").isprintable():
        assert shown == text


@given(st.text())
def test_one_line(text: str) -> None:
    """A text that has to stay on its line does, and is else shown as it always is."""
    assert one_line(text).isprintable()
    assert one_line(text) == printable(text).replace("\n", "\\n")


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 lists"), (1, "1 list"), (2, "2 lists"), (1234, "1,234 lists")]
)
def test_counted(count: int, words: str) -> None:
    """What there is one of stands in the singular, everything else in the plural."""
    assert counted(count, "list") == words
