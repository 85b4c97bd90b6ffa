"""Faults of a mapping file and findings on it, each with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from listrak_sync.errors import SettingsError


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is most like an unknown one, whatever its case, or None."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, 1)
    return by_lower[near[0]] if near else None


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
        indent = "".join(
            character if character == "\t" else " " * _cells(character) for character in before
        )
        carets = "^" * max(1, sum(map(_cells, rest[: self.width])))
        return f"{self}\n    {self.source}\n    {indent}{carets}"


def _cells(character: str) -> int:
    """Return the width of a character on a terminal, in cells."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
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
