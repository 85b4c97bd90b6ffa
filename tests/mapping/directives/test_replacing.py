"""`@replace`: literal texts replaced as JavaScript replaces them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json
from tests.mapping.directives.test_texts import compiled
from tests.mapping.reference import Decoded

EVENT: Decoded = {
    "text": "a.b.C.c",
    "five": 5.0,
    "large": 1e21,
    "yes": True,
    "null": None,
    "list": ["a"],
    "object": {"a": 1},
    "empty": "",
}


def replaced(text: str, **options: Any) -> Found:
    """Return what a directive makes of a text."""
    return compiled({"@replace": {"value": {"@path": "text"}, **options}}).resolve({"text": text})


@pytest.mark.parametrize(
    ("options", "result"),
    [
        ({"pattern": "."}, "abCc"),
        ({"pattern": ".", "replacement": "-"}, "a-b-C-c"),
        ({"pattern": ".", "replacement": "-", "global": False}, "a-b.C.c"),
        ({"pattern": "c", "replacement": "x"}, "a.b.C.x"),
        ({"pattern": "c", "replacement": "x", "ignorecase": True}, "a.b.x.x"),
        ({"pattern": "c", "replacement": "x", "ignorecase": True, "global": False}, "a.b.x.c"),
        ({"pattern": "z", "replacement": "x"}, "a.b.C.c"),
        ({"pattern": "a", "replacement": "b", "pattern2": "b", "replacement2": "x"}, "x.x.C.c"),
        ({"pattern": "a", "pattern2": "."}, "bCc"),
        ({"pattern": "a", "replacement2": "ignored"}, ".b.C.c"),
        ({"pattern": "(a|b)+[.]", "replacement": "x"}, "a.b.C.c"),
    ],
)
def test_replace(options: dict[str, Json], result: str) -> None:
    """Patterns are literal, replaced everywhere unless told otherwise; the second comes after."""
    assert replaced("a.b.C.c", **options) == result


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("five", "-"),
        ("large", "1e+21"),
        ("yes", "true"),
        ("null", ""),
        ("missing", ""),
        ("list", ""),
        ("object", ""),
        ("empty", ""),
    ],
)
def test_other_values(path: str, result: str) -> None:
    """Numbers and booleans become texts first; anything else comes to an empty text."""
    options: Json = {"pattern": "5", "replacement": "-", "value": {"@path": path}}
    assert compiled({"@replace": options}).resolve(EVENT) == result


@pytest.mark.parametrize(
    ("value", "result"), [("", UNSET), ({"@literal": ""}, ""), ({"@template": ""}, ""), ("aa", "")]
)
def test_written_value(value: Json, result: Found) -> None:
    """Nothing written comes to nothing; an empty text that a directive makes stays one."""
    assert compiled({"@replace": {"pattern": "a", "value": value}}).resolve(EVENT) == result


@pytest.mark.parametrize(
    ("replacement", "result"),
    [
        ("$$", "x$y"),
        ("$&", "x-y"),
        ("[$&$&]", "x[--]y"),
        ("$`", "xxy"),
        ("$'", "xyy"),
        ("$1", "x$1y"),
        ("$<a>", "x$<a>y"),
        ("$", "x$y"),
        ("$$$", "x$$y"),
        ("\\1", "x\\1y"),
        ("\\g<0>", "x\\g<0>y"),
    ],
)
def test_dollar_signs(replacement: str, result: str) -> None:
    """A replacement may refer to the replaced text and the text around it, as in JavaScript."""
    assert replaced("x-y", pattern="-", replacement=replacement) == result


@pytest.mark.parametrize(
    ("pattern", "text", "result"),
    [
        ("straße", "STRASSE Straße STRAßE", "STRASSE _ _"),
        ("k", "K k \u212a", "_ _ \u212a"),
        ("\u017f", "s S \u017f", "s S _"),
        ("\u03c3", "\u03a3 \u03c3 \u03c2", "_ _ _"),
        ("µ", "µ \u03bc \u039c", "_ _ _"),
        ("é", "É é e", "_ _ e"),
        ("\U00010428", "\U00010400 \U00010428", "\U00010400 _"),
        ("\u0131", "I i \u0131", "I i _"),
        ("[A]", "[a] a", "_ a"),
    ],
)
def test_ignore_case(pattern: str, text: str, result: str) -> None:
    """Letters are the same as JavaScript's flag i without u has it: one by one, by upper case."""
    assert replaced(text, pattern=pattern, replacement="_", ignorecase=True) == result


@pytest.mark.parametrize(
    ("pattern", "replacement"), [("a" * 10, "b" * 10), ("😀" * 5, "😀" * 5), ("a", "")]
)
def test_longest(pattern: str, replacement: str) -> None:
    """Ten characters are the most, counted as JavaScript counts them."""
    assert replaced(f"x{pattern}", pattern=pattern, replacement=replacement) == f"x{replacement}"


@given(
    st.text("ab.$ß", max_size=12),
    st.text("ab.ß", min_size=1, max_size=3),
    st.text("ab.ß", max_size=3),
)
def test_plain(text: str, pattern: str, replacement: str) -> None:
    """Without dollar signs, it is a plain replacement from left to right."""
    assert replaced(text, pattern=pattern, replacement=replacement) == text.replace(
        pattern, replacement
    )
    once = replaced(text, pattern=pattern, replacement=replacement, **{"global": False})
    assert once == text.replace(pattern, replacement, 1)
