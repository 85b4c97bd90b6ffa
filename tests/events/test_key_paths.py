"""Paths are read and followed as Segment's own code does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from listrak_sync.events.key_paths import (
    Event,
    Found,
    Json,
    KeyPath,
    find,
    finder,
    parse_key_path,
    split_key_path,
    utf16_length,
)
from tests.events.strategies import EVENTS, NAMES


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$.a.b", ("a", "b")),
        ("a.b", ("a", "b")),
        ("$.a.b[0]['c d']", ("a", "b", "0", "c d")),
        ('$.a["c d"].e', ("a", "c d", "e")),
        ("$.a[0][1]", ("a", "0", "1")),
        ("$.", ()),
        ("", ()),
        ("$.a..b", ("a", "b")),
        ("a b", ("a b",)),
    ],
)
def test_parse(text: str, path: KeyPath) -> None:
    """Dots, indexes and quoted names part a path; `$.` may be left out."""
    assert parse_key_path(text) == path


def test_template_path() -> None:
    """A template's path has no `$.`: a dollar is a name like another."""
    assert split_key_path("$.a") == ("$", "a")


EVENT: Event = {
    "a": {"b": [10, {"c": None}], "text": "héé😀", "no": False, "zero": 0, "yes": True, "": "e"},
    "empty": "",
    "n": 5,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), EVENT),
        (("n",), 5),
        (("n", "x"), UNSET),
        (("x",), UNSET),
        (("x", "y", "z"), UNSET),
        (("a", "b", "0"), 10),
        (("a", "b", "2"), UNSET),
        (("a", "b", "00"), UNSET),
        (("a", "b", "-1"), UNSET),
        (("a", "b", "x"), UNSET),
        (("a", "b", "²"), UNSET),
        (("a", "b", "99999999999999999999"), UNSET),
        (("a", "b", "length"), 2),
        (("a", "b", "1", "c"), None),
        (("a", "b", "1", "c", "d", "e"), None),
        (("a", "text", "0"), "h"),
        (("a", "text", "length"), 5),
        (("a", "no", "x"), False),
        (("a", "zero", "x", "y"), 0),
        (("a", "yes", "x"), UNSET),
        (("a", ""), "e"),
        (("empty", "length"), ""),
    ],
)
def test_find(path: KeyPath, found: Found) -> None:
    """Lists and texts have members by index and a length; what is falsy stands for its own."""
    result = find(EVENT, path)
    assert result == found
    assert type(result) is type(found)
    assert finder(path)(EVENT) == found


@given(event=EVENTS, path=st.lists(NAMES, max_size=4).map(tuple))
def test_finder(event: Event, path: KeyPath) -> None:
    """A finder made beforehand finds what find does."""
    found, expected = finder(path)(event), find(event, path)
    assert found is expected or (found == expected and type(found) is type(expected))


def _javascript_member(value: Json, name: str) -> Found:
    """Follow one name as the original's `value && value[name]` does."""
    if value is None or value is False or value == "" or (value == 0 and value is not True):
        return value
    if isinstance(value, dict):
        return value.get(name, UNSET)
    if isinstance(value, list | str):
        if name == "length":
            return len(value) if isinstance(value, list) else utf16_length(value)
        members = {str(index): member for index, member in enumerate(value)}
        return members.get(name, UNSET)
    return UNSET


@given(event=EVENTS, path=st.lists(NAMES, max_size=4).map(tuple))
def test_model(event: dict[str, Json], path: KeyPath) -> None:
    """What is found is what JavaScript finds name by name; nothing has only nothing below it."""
    value: Found = event
    for name in path:
        value = UNSET if isinstance(value, UnsetType) else _javascript_member(value, name)
    found = find(event, path)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2)])
def test_utf16_length(text: str, length: int) -> None:
    """A character outside the basic plane counts twice."""
    assert utf16_length(text) == length
