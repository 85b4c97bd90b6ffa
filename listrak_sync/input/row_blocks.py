"""Cuts the lines of a CSV file between rows: a quoted cell may go over several lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from listrak_sync.input.columns import Columns
from listrak_sync.input.rows import Unclosed, rows_of
from listrak_sync.input.units import Block, ReadUnit

MAX_ROW_BYTES: Final = 1 << 20
"""How long a row may be that goes over several lines: else one quote too many takes the rest."""


def whole_rows(units: Iterator[ReadUnit], columns: Columns) -> Iterator[ReadUnit]:
    """Yield the lines below the header in blocks of whole rows."""
    held: list[bytes] = []
    last: Block | None = None
    for unit in units:
        if not isinstance(unit, Block):
            if held and last is not None:
                yield _block(last, last.last_line + 1 - len(held), held, columns)
            held = []
            yield unit
            continue
        lines, first = held + unit.lines, unit.first_line - len(held)
        over = min(max(columns.lines - first + 1, 0), len(lines))
        lines, first = lines[over:], first + over
        cut = len(lines) - _unfinished(lines, columns)
        held, last = lines[cut:], unit
        if sum(map(len, held)) > MAX_ROW_BYTES:
            cut, held = len(lines), []
        if lines[:cut]:
            yield _block(unit, first, lines[:cut], columns)
    if held and last is not None:
        yield _block(last, last.last_line + 1 - len(held), held, columns)


def _block(unit: Block, first: int, lines: list[bytes], columns: Columns) -> Block:
    return replace(unit, first_line=first, lines=lines, columns=columns)


def _unfinished(lines: list[bytes], columns: Columns) -> int:
    """Return how many lines at the end belong to a row that goes on."""
    # Counting is fast, and only a line with an odd number of quotes leaves a cell open, as a rule.
    # All lines together may have an even number where one is not a quotation mark: 5" in a cell.
    if not any(line.count(b'"') % 2 for line in lines):
        return 0
    start = 0
    try:
        for start, _, row in rows_of(lines, columns.delimiter):
            if isinstance(row, Unclosed):
                return len(lines) - start
    except csv.Error:
        return 0
    return 0
