"""The text of events, with places for the cells of columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode
_TO_ESCAPE: Final = re.compile(r'["\\\x00-\x1f]')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


class Template:
    """A text with places for the cells of columns."""

    def __init__(self) -> None:
        self._text = ""
        self._columns: list[Sequence[str]] = []

    def text(self, text: str) -> None:
        """Add a text that is the same for all rows."""
        self._text += text.replace("%", "%%")

    def cells(self, cells: Sequence[str]) -> None:
        """Add the place of a cell."""
        self._text += "%s"
        self._columns.append(cells)

    def optional(self, before: str, cells: Sequence[str], after: str) -> None:
        """Add the place of a cell between two texts; where it is empty, all three are left out."""
        if all(cells):
            self.text(before)
            self.cells(cells)
            self.text(after)
        elif any(cells):
            self.cells([f"{before}{cell}{after}" if cell else "" for cell in cells])

    def member(self, name: str, cells: Sequence[str]) -> None:
        """Add the place of a text as a member of an object, left out where it is empty."""
        self.optional(f',{_encode(name).decode()}:"', escaped(cells), '"')

    def filled(self) -> Iterator[bytes]:
        """Yield the text for each row."""
        rows = zip(*self._columns, strict=True)
        return map(str.encode, map(self._text.__mod__, rows))


def escaped(cells: Sequence[str]) -> Sequence[str]:
    """Return texts as they stand between the quotes of JSON."""
    if _TO_ESCAPE.search("".join(cells)) is None:
        return cells
    return [_encode(cell).decode()[1:-1] for cell in cells]


def scalar(cell: str) -> str:
    """Return the value of a computed trait as JSON: a number, a boolean, or else a text."""
    if cell in {"true", "false"} or (_NUMBER.fullmatch(cell) and math.isfinite(float(cell))):
        return cell
    if cell[:1] in {"[", "{"}:
        try:
            return _encode(_decode(cell)).decode()
        except (msgspec.DecodeError, RecursionError):
            pass
    return _encode(cell).decode() if cell else "null"
