"""Rows in columns that fit a width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from listrak_sync.cli.folding import fold, longest_word, width_of
from listrak_sync.text import one_line

GAP: Final = "  "
NARROWEST: Final = 8
"""Columns that a text keeps, however narrow the terminal is."""

Cell: TypeAlias = str | int | None
"""What a column holds: numbers stand to the right, None is empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a title or the names of columns.

    With `notes`, the last column goes below its row where it has no room beside it.
    """

    rows: Sequence[Sequence[Cell]]
    names: Sequence[str] = ()
    title: str = ""
    numbers: Sequence[bool] | None = None
    """Which columns stand to the right; without it, those that hold nothing but numbers."""
    notes: bool = False

    def lines(self, width: int | None, bold: tuple[str, str] = ("", "")) -> Iterator[str]:
        """Yield lines that are not wider; without a width, one for each row.

        `bold` is what stands around the title and the names.
        """
        begin, end = bold
        if self.title:
            yield f"{begin}{one_line(self.title)}{end}"
        texts = [[_shown(cell) for cell in row] for row in self.rows]
        right = self.numbers or _numbers(self.rows, len(self.names))
        heads = [[*self.names]] if self.names else []
        if not (heads or texts):
            return
        widths, is_below = self._widths([*heads, *texts], right, width)
        for names in heads:
            yield from (f"{begin}{line}{end}" for line in _row(names, widths, right))
        for cells in texts:
            if not is_below:
                yield from _row(cells, widths, right)
                continue
            yield from _row(cells[:-1], widths, right)
            if cells[-1]:
                indent = " " * (len(cells[0]) - len(cells[0].lstrip(" ")) + 2 * len(GAP))
                yield from fold(indent + cells[-1], width or 0)

    def _widths(
        self, rows: Sequence[Sequence[str]], right: Sequence[bool], width: int | None
    ) -> tuple[list[int], bool]:
        """Return the width of each column, and whether the last one goes below."""
        columns = list(zip(*rows, strict=True))
        widths = [max(map(width_of, column)) for column in columns]
        least = [
            natural if is_number else max(map(longest_word, column))
            for natural, column, is_number in zip(widths, columns, right, strict=True)
        ]
        if width is None:
            return widths, False
        is_below = self.notes and _sum(least) > width
        if is_below:
            widths, least = widths[:-1], least[:-1]
        texts = [index for index in range(len(widths)) if not right[index]]
        while _sum(widths) > width:
            found = [index for index in texts if widths[index] > least[index]]
            found = found or [index for index in texts if widths[index] > NARROWEST]
            if not found:
                break
            widths[max(found, key=widths.__getitem__)] -= 1
        return widths, is_below


def _sum(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of a row; a number stands beside the first line of its name."""
    folded = [fold(cell, width) for cell, width in zip(cells, widths, strict=False)]
    for number in range(max(map(len, folded))):
        parts = []
        for lines, width, is_number in zip(folded, widths, right, strict=False):
            text = lines[number] if number < len(lines) else ""
            blanks = " " * (width - width_of(text))
            parts.append(blanks + text if is_number else text + blanks)
        yield GAP.join(parts).rstrip()


def _numbers(rows: Sequence[Sequence[Cell]], count: int) -> list[bool]:
    """Say of each column whether it holds only numbers."""
    return [not any(isinstance(row[index], str) for row in rows) for index in range(count)]


def _shown(cell: Cell) -> str:
    return "" if cell is None else one_line(str(cell))
