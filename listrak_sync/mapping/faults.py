"""Faults of a mapping file and findings on it, each with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from listrak_sync.errors import SettingsError

_SOFT_HYPHEN: Final = "\u00ad"
_SHOWN_AS_EMOJI: Final = "\ufe0f"
_JOINS_EMOJI: Final = "\u200d"


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is most like an unknown one, whatever its case, or None."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, 1)
    longer = [each for each in by_lower if len(name) > 3 and each.startswith(name.lower())]
    return by_lower[(near or longer)[0]] if near or longer else None


def suggestion(name: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown name, as the end of a message."""
    near = nearest(name, known)
    return f"known: {', '.join(known)}" if near is None else f"did you mean {near}?"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the mapping file: line and column from 1, and the path of the value there."""

    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark on a mapping: its place, its kind as a word for programs, its message."""

    place: Place
    kind: str
    message: str

    def as_json(self) -> dict[str, str | int]:
        """Return the finding as flat JSON values."""
        return {
            "line": self.place.line,
            "column": self.place.column,
            "path": self.place.path,
            "kind": self.kind,
            "message": self.message,
        }

    def shown(self, file: str) -> str:
        """Return `file:line:column: path: message`."""
        return f"{file}:{self.place.line}:{self.place.column}: {self.place.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a mapping file; line and column count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str
    instead: str
    source: str = ""
    width: int = 1

    def __str__(self) -> str:
        """Return `file:line:column: path: what is wrong; what to write instead`."""
        path = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {path}{self.message}; {self.instead}"

    def shown(self) -> str:
        """Return the fault with its line of the file, and carets under its place."""
        if not self.source:
            return str(self)
        before, rest = self.source[: self.column - 1], self.source[self.column - 1 :]
        # Tabs are kept: how wide one is depends on where it stands.
        indent = "\t".join(" " * _cells(text) for text in before.split("\t"))
        carets = "^" * max(1, _cells(rest[: self.width]))
        return f"{self}\n    {self.source}\n    {indent}{carets}"


def _cells(text: str) -> int:
    """Return the width of a text on a terminal, in cells."""
    cells, before, is_joined = 0, 0, False
    for character in text:
        # An emoji sequence is as wide as one emoji; a narrow sign that is shown as one is wide.
        if character == _SHOWN_AS_EMOJI:
            width = 2 - before if before else 0
        else:
            width = 0 if is_joined else _width(character)
        cells, before, is_joined = cells + width, width or before, character == _JOINS_EMOJI
    return cells


def _width(character: str) -> int:
    if character == _SOFT_HYPHEN:
        return 1  # terminals show it, though it is a format character
    category = unicodedata.category(character)
    is_jamo = "\u1160" <= character <= "\u11ff"  # the later letters of a syllable
    if category in {"Mn", "Me", "Cf"} or is_jamo:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


class MappingFileError(SettingsError):
    """A mapping file that is not valid, with all of its faults."""

    label = ""

    def __init__(self, faults: Sequence[Fault], what: str = "mapping file") -> None:
        count = len(faults)
        super().__init__(
            "\n".join(fault.shown() for fault in faults),
            f"{count} fault{'s' * (count > 1)} in the {what}; nothing was read or sent.",
        )
        self.faults = tuple(faults)
