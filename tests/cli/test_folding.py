"""Texts in lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.cli.folding import HANGING, cut, fold, longest_word, width_of

TEXTS = st.text("ab_-東👩\u0301 ", max_size=60)


def test_between_words() -> None:
    """Lines end between words; later ones are indented a little further."""
    assert fold("  one two three", 9) == ["  one two", "    three"]


def test_words_that_are_too_wide() -> None:
    """A word is broken only where it is wider than a line, if possible at a place made for it."""
    assert fold("a filtered_by_consent", 14) == ["a", "  filtered_by_", "  consent"]
    assert fold("abcdefgh", 5) == ["abcde", "  fgh"]


def test_characters_of_several_parts() -> None:
    """An accent stays with its letter, and an emoji of several parts is not divided."""
    assert fold("abcde\u0301fg", 5) == ["abcde\u0301", "  fg"]
    family = "👩\u200d👩\u200d👧"
    assert "".join(fold(family * 3, 6)).replace(" ", "").count(family) == 3


@given(text=TEXTS, width=st.integers(4, 40))
def test_fold(text: str, width: int) -> None:
    """No line is too wide, nothing is lost, and words that fit stay whole."""
    lines = fold(text, width)
    assert all(width_of(line) <= max(width, 4) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    if longest_word(text) <= width:
        assert [word for line in lines for word in line.split()] == text.split()


@given(text=TEXTS)
def test_longest_word(text: str) -> None:
    """A text can be folded to its longest word, and needs no more than an indentation for it."""
    found = longest_word(text)
    widest = max(map(width_of, text.split(" ")))
    assert widest <= found <= len(text) - len(text.lstrip(" ")) + widest + HANGING


@given(text=st.text("a 日\u0301😀"), width=st.integers(1, 30))
def test_cut(text: str, width: int) -> None:
    """A text that fits stays as it is; of another, as much as fits."""
    shown = cut(text, width)
    assert width_of(shown) <= width
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
