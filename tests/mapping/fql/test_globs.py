"""Glob patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.fql.globs import GlobError, glob
from tests.mapping.reference import glob_matches


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("", [""], ["a", "\n"]),
        ("abc", ["abc"], ["ABC", "abcd", "xabc", "abc\n"]),
        ("*", ["", "a", "a\nb"], []),
        ("**", ["", "a"], []),
        ("a*", ["a", "ab", "a\n"], ["", "ba"]),
        ("*a", ["a", "ba", "\na"], ["", "ab"]),
        ("*a*", ["a", "bab"], ["", "b"]),
        ("a*b*c", ["abc", "axbxc", "abbc", "abcbc"], ["ab", "acb"]),
        ("a?c", ["abc", "a\nc", "aßc"], ["ac", "abbc"]),
        ("??", ["ab"], ["a", "abc"]),
        ("?*", ["a", "ab"], [""]),
        ("[abc]", ["a", "b", "c"], ["d", "", "ab", "A"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[-a]", ["a", "-"], ["b"]),
        ("[^a-c]", ["d", "^"], ["a", "b", ""]),
        ("[!a]", ["b", "!"], ["a"]),
        ("[a^!]", ["a", "^", "!"], ["b"]),
        (r"[\]\\]", ["]", "\\"], ["a"]),
        (r"[\^]", ["^"], ["a"]),
        ("[[&~|.*?]", ["[", "&", "~", "|", ".", "*", "?"], ["a"]),
        ("]", ["]"], [""]),
        (r"\*", ["*"], ["a", "\\*"]),
        (r"\?\[\a\\", ["?[a\\"], ["a[a\\"]),
        ("a.b+(c)|^$", ["a.b+(c)|^$"], ["axb+(c)|^$"]),
    ],
)
def test_glob(pattern: str, hits: list[str], misses: list[str]) -> None:
    """A pattern covers the whole text, case-sensitively; a line break is a character."""
    matches = glob(pattern)
    assert [text for text in hits if not matches(text)] == []
    assert [text for text in misses if matches(text)] == []


@pytest.mark.parametrize(
    ("pattern", "message", "at"),
    [
        ("a[bc", "a bracket is not closed", 1),
        ("[", "a bracket is not closed", 0),
        ("[^", "a bracket is not closed", 0),
        ("[a-", "a bracket is not closed", 0),
        ("a[]b]", "a bracket is empty", 1),
        ("[^]", "a bracket is empty", 0),
        ("a[z-a]", "the range z-a runs backwards", 1),
        ("ab\\", "a backslash has nothing after it", 2),
        ("[a\\", "a backslash has nothing after it", 2),
    ],
)
def test_unreadable_glob(pattern: str, message: str, at: int) -> None:
    """An unreadable pattern says what is wrong and at which character."""
    with pytest.raises(GlobError) as caught:
        glob(pattern)
    assert (str(caught.value), caught.value.at) == (message, at)


pieces = st.sampled_from(
    ["*", "**", "?", "a", "b", "ab", ".", "[ab]", "[^a]", "[a-c]", "[!b-]", "\\*", "\\a", "\\["]
)
patterns = st.lists(pieces, max_size=7).map("".join)


@given(patterns, st.text("abc*[-.\n", max_size=8))
def test_agrees_with_trying_everything(pattern: str, text: str) -> None:
    """A pattern matches exactly what a matcher that tries every way matches."""
    assert glob(pattern)(text) == glob_matches(pattern, text)


@given(st.text("*?[]\\^!-az", max_size=12), st.text(max_size=8))
def test_any_text_is_a_pattern_or_an_error(pattern: str, text: str) -> None:
    """No text breaks the reader: it is a pattern, or a fault at one of its characters."""
    at = None
    try:
        assert glob(pattern)(text) in {True, False}
    except GlobError as error:
        at = error.at
    assert at is None or 0 <= at < len(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("*a" * 30 + "*b", "a" * 3000, False),
        ("*a*" * 40 + "b", "a" * 3000, False),
        ("*?" * 40, "a" * 3000, True),
        ("*[ab]?" * 30 + "c", "ab" * 1500, False),
    ],
)
def test_stars_do_not_multiply(pattern: str, text: str, *, matched: bool) -> None:
    """Many stars over a long text come to an end: a star is never tried again."""
    assert glob(pattern)(text) is matched
