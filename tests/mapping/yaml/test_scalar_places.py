"""Where each character of a scalar stands."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.yaml.document import Document
from listrak_sync.mapping.yaml.scalar_places import places


def scalar(text: str) -> tuple[str, list[Span]]:
    """Return what the scalar of a text says, and where."""
    node = Document("m.yaml", text).root()
    assert isinstance(node.value, str)
    return node.value, places(text, Span(node.start, node.end), node.style, node.value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ab c", ["a", "b", " ", "c"]),
        ("a\n  b", ["a", "\n", "b"]),
        ("a \n\n  \n b", ["a", "\n", "\n", "b"]),
        ("a\r\nb", ["a", "\r\n", "b"]),
        ("a\u2028b", ["a", "\u2028", "b"]),
        ("'it''s'", ["i", "t", "''", "s"]),
        ("'\n a'", ["\n", "a"]),
        (r'"\x41\u00e9\U0001F600\t\""', [r"\x41", r"\u00e9", r"\U0001F600", r"\t", r"\""]),
        (r'"\ud83d\ude00!"', [r"\ud83d\ude00", "!"]),
        (r'"\U0000D83D\uDE00!"', [r"\U0000D83D\uDE00", "!"]),
        ('"a \\\n   b"', ["a", " ", "b"]),
        ('"a\\\n\n   \\  b"', ["a", "\n", "\\ ", " ", "b"]),
        ('"a \n \\x20b"', ["a", "\n", "\\x20", "b"]),
        ("&x # why\n  a", ["a"]),
        ("|\n  a\n   b\n", ["a", "\n", " ", "b", ""]),
        ("|2-\n   a\n", [" ", "a"]),
        ("|+ # why\n\n a\n\n", ["\n", "a", "", ""]),
        (">\n a\n b\n\n  c\n d", ["a", "\n", "b", "\n", "\n", " ", "c", "\n", "d"]),
    ],
)
def test_places(text: str, written: list[str]) -> None:
    """A character stands where it is written: escaped, doubled, or as a fold.

    The last line breaks of a block stand at its end.
    """
    value, found = scalar(text)
    assert [text[place.start : place.end] for place in found[:-1]] == written
    assert len(value) == len(written)


@pytest.mark.parametrize(("text", "end"), [("''", 1), ('"a"', 2), ("a ", 1), ("|\n a\n", 4)])
def test_end(text: str, end: int) -> None:
    """Behind the last character stands the end: the closing quote of a quoted scalar."""
    assert scalar(text)[1][-1] == Span(end, end)


LINES = st.lists(st.text("ab'\\\" \t:ü😀", max_size=5) | st.sampled_from(("", " ")), max_size=5)
TEXTS = st.one_of(
    st.builds(
        lambda lines, quote: f"{quote}{chr(10).join(lines)}{quote}", LINES, st.sampled_from("'\"")
    ),
    st.builds(
        lambda lines, head, indent: head + "".join(f"\n{indent}{line}" for line in lines),
        LINES,
        st.sampled_from(("|", ">", "|-", ">+", "|1", ">2-", "x")),
        st.sampled_from((" ", "  ", "   ")),
    ),
    st.text('"\\xu0041dDeE83N_\n \u2028', max_size=30).map(lambda inner: f'"{inner}"'),
)


@given(TEXTS)
@example('"\\\u2028 a"')
@example("> \n\n  \n   a\n  b")
@example("|\n \n a")
@example("|1\n  \n   b")
def test_any_scalar(text: str) -> None:
    """Of any scalar each character has its place, in order, and those that show stand there."""
    try:
        node = Document("m.yaml", text).root()
    except MappingFileError:
        return
    if not isinstance(node.value, str):
        return
    found = places(text, Span(node.start, node.end), node.style, node.value)
    assert len(found) == len(node.value) + 1
    starts = [place.start for place in found]
    assert starts == sorted(starts)
    for character, place in zip(node.value, found, strict=False):
        written = text[place.start : place.end]
        if written.startswith("\\") and node.style == '"':
            assert yaml.safe_load(f'"{written}"') == character
        elif not character.isspace():
            assert written in {character, "''"}
