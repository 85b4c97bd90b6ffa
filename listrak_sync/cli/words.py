"""Texts as people are shown them."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are written as escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def one_line(text: str) -> str:
    """Return text that can neither steer a terminal nor leave its line."""
    return printable(text).replace("\n", "\\n")


def counted(count: int, what: str) -> str:
    """Return so many of something, in words."""
    return f"{count:,} {what}{'s' * (count != 1)}"
