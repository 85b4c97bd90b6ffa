"""Rows in columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from listrak_sync.cli.output import draw, one_line, print_text

if TYPE_CHECKING:
    pass


Cell: TypeAlias = str | int | None
"""What a column holds: numbers are aligned to the right, None is empty."""


def print_table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows below names: folded on a terminal, one line for each row elsewhere."""
    rows = list(rows)
    if not sys.stdout.isatty():
        print_text(in_columns(names, rows))
        return
    from rich import box  # noqa: PLC0415 - slow, and only needed on a terminal
    from rich.table import Table  # noqa: PLC0415 - slow, and only needed on a terminal
    from rich.text import Text  # noqa: PLC0415 - slow, and only needed on a terminal

    table = Table(box=box.SIMPLE_HEAD)
    for name, is_number in zip(names, _numbers(names, rows), strict=True):
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    draw(table)


def in_columns(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Yield names and rows, each as one line, in columns as wide as they need to be."""
    from rich.cells import cell_len  # noqa: PLC0415 - only for people

    texts = [list(names), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    numbers = _numbers(names, rows)
    for row in texts:
        cells = (
            " " * (width - cell_len(cell)) + cell
            if is_number
            else cell + " " * (width - cell_len(cell))
            for cell, width, is_number in zip(row, widths, numbers, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _numbers(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[bool]:
    """Say of each column whether it holds only numbers."""
    return [not any(isinstance(row[index], str) for row in rows) for index in range(len(names))]


def _shown(cell: Cell) -> str:
    return "" if cell is None else one_line(str(cell))
