"""Texts in lines of a width, folded between words."""

from __future__ import annotations

from typing import Final

HANGING: Final = 2
"""By how many columns later lines of a text are further to the right than its first."""

_BREAKS: Final = "_-/.,:;@=|"
"""After what a word is broken where it is wider than a line."""


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - only for what is not ASCII

    return cell_len(text)


def longest_word(text: str) -> int:
    """Return the width that a text needs at least, if none of its words is to be broken."""
    words = map(width_of, text.split(" "))
    first, *others = (*words,) or (0,)
    indent = _indent(text)
    if indent:  # what comes before the first word are blanks
        return max(indent + each + (HANGING if number else 0) for number, each in enumerate(others))
    return max((first, *(each + HANGING for each in others)))


def fold(text: str, width: int) -> list[str]:
    """Return a text as lines that are not wider, later ones indented a little further.

    Words stay whole, except those that are wider than a line.
    """
    if width_of(text) <= width:
        return [text]
    indent = min(_indent(text), width // 2)
    lines, line = list[str](), " " * indent
    hanging = " " * min(indent + HANGING, width // 2)
    is_fresh = True
    for word in text.split():
        left = word
        gap = "" if is_fresh else " "
        if width_of(line) + len(gap) + width_of(left) <= width:
            line, is_fresh = f"{line}{gap}{left}", False
            continue
        if not is_fresh:
            lines.append(line)
            line = hanging
        while width_of(line) + width_of(left) > width:
            part = _beginning(left, width - width_of(line))
            lines.append(line + part)
            line, left = hanging, left[len(part) :]
        line, is_fresh = line + left, False
    return [*lines, line]


def cut(text: str, width: int) -> str:
    """Return as much of a text as fits, with … in place of the rest."""
    if width_of(text) <= width:
        return text
    text = text[:width]
    while text and width_of(text) >= width:
        text = text[:-1]
    return f"{text}…"


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _beginning(word: str, width: int) -> str:
    """Return as much of a word as fits, up to a place where it is likely to be read on."""
    end = 1
    while end < len(word) and width_of(word[: end + 1]) <= width:
        end += 1
    # What takes no room of its own belongs to the character before it.
    while end < len(word) and (not width_of(word[end]) or word[end - 1] == "\u200d"):
        end += 1
    best = max(word.rfind(each, 1, end) for each in _BREAKS) + 1
    return word[: best or end]
