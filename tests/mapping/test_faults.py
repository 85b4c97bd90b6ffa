"""Faults of a mapping file, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.faults import Fault, MappingFileError, nearest, suggestion


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mappings[2].list_id", "m.yaml:3:7: mappings[2].list_id: it is wrong; write it right"),
        ("", "m.yaml:3:7: it is wrong; write it right"),
    ],
)
def test_text(path: str, text: str) -> None:
    """A fault is one line: file, line, column, path, what is wrong, what to write instead."""
    assert str(Fault("m.yaml", 3, 7, path, "it is wrong", "write it right")) == text


@pytest.mark.parametrize(
    ("source", "column", "width", "shown"),
    [
        ("", 1, 1, ""),
        ("a: b", 4, 1, "\n    a: b\n       ^"),
        ("a: bcd", 4, 3, "\n    a: bcd\n       ^^^"),
        ("a: bcd", 4, 30, "\n    a: bcd\n       ^^^"),
        ("a:", 3, 1, "\n    a:\n      ^"),
        ("a: b", 4, 0, "\n    a: b\n       ^"),
        ("a:\tb", 4, 1, "\n    a:\tb\n      \t^"),
        ("ä日: b", 5, 1, "\n    ä日: b\n         ^"),
        ("a: 会員 b", 4, 2, "\n    a: 会員 b\n       ^^^^"),
        ("a\u0301: b", 5, 1, "\n    a\u0301: b\n       ^"),
        ("a\u00adb: c", 6, 1, "\n    a\u00adb: c\n         ^"),
        ("\u2764\ufe0f: b", 5, 1, "\n    \u2764\ufe0f: b\n        ^"),
        ("\U0001f469\u200d\U0001f467: b", 6, 1, "\n    \U0001f469\u200d\U0001f467: b\n        ^"),
        ("\u1112\u1161\u11ab: b", 6, 1, "\n    \u1112\u1161\u11ab: b\n        ^"),
    ],
)
def test_caret(source: str, column: int, width: int, shown: str) -> None:
    """The line is shown with carets under the place, which stay on the line; tabs are kept."""
    fault = Fault("m.yaml", 1, column, "", "no", "yes", source, width)
    assert fault.shown() == f"m.yaml:1:{column}: no; yes{shown}"


@pytest.mark.parametrize(
    ("count", "hint"),
    [
        (1, "1 fault in the mapping file; nothing was read or sent."),
        (3, "3 faults in the mapping file; nothing was read or sent."),
    ],
)
def test_error(count: int, hint: str) -> None:
    """The error shows every fault, counts them, and ends the run as wrong settings do."""
    faults = [Fault("m.yaml", line, 1, "", "no", "yes") for line in range(1, count + 1)]
    error = MappingFileError(faults)
    assert isinstance(error, SettingsError)
    assert error.exit_status == 3
    assert error.faults == tuple(faults)
    assert error.message.splitlines() == [f"m.yaml:{line + 1}:1: no; yes" for line in range(count)]
    assert error.hint == hint


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
