"""Turns blocks of CSV rows into the lines of identify events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from listrak_sync.input.columns import Columns
from listrak_sync.input.row_writer import RowWriter
from listrak_sync.input.rows import Broken, Placed, Row, Unclosed, rows_of, table_of
from listrak_sync.input.table_writer import TableWriter
from listrak_sync.input.units import Block, UnreadableLine
from listrak_sync.reasons import Reason, RejectedError

NOT_UTF8: Final = (
    "the row is not UTF-8; a file of Excel becomes so by iconv -f WINDOWS-1252 -t UTF-8 FILE"
)


@dataclass(slots=True)
class RowEvents:
    """The events that rows came to: lines with the numbers of their rows' first lines.

    A row with several addresses has a line for each, a blank row a blank one. `rejected` are the
    rows that came to none.
    """

    numbers: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    rejected: list[UnreadableLine] = field(default_factory=list)


def row_events(block: Block, columns: Columns) -> RowEvents:
    """Return the events of a block of whole rows."""
    writer, width, lines = _table_writer(columns), len(columns.names), block.lines
    text = _utf8(b"".join(lines))
    table = None if text is None else table_of(text, len(lines), width, columns.delimiter)
    if table is not None:
        written = writer.usual_lines(table)
        if len(written) == len(lines):
            numbers = range(block.first_line, block.first_line + len(lines))
            return RowEvents(list(numbers), list(written.values()))
        rows = enumerate(zip(*table, strict=True))
        placed: list[Placed] = [(index, index + 1, list(row)) for index, row in rows]
    else:
        placed = list(rows_of(lines, columns.delimiter))
        whole = [index for index, (_, _, row) in enumerate(placed) if _has(row, width)]
        # What is not UTF-8 is found row by row.
        table = list(zip(*(placed[index][2] for index in whole), strict=True)) if text else ()
        written = {whole[at]: line for at, line in writer.usual_lines(table).items()}
    return _in_order(block, columns, placed, written)


def _has(row: Row, width: int) -> bool:
    return isinstance(row, list) and len(row) == width


def _in_order(
    block: Block, columns: Columns, placed: Sequence[Placed], written: Mapping[int, bytes]
) -> RowEvents:
    """Return the events of rows of which the usual ones are written already, by index."""
    writer, found = _row_writer(columns), RowEvents()
    for index, (start, end, row) in enumerate(placed):
        number = block.first_line + start
        if (line := written.get(index)) is not None:
            found.lines.append(line)
            found.numbers.append(number)
            continue
        if _is_header(row, columns):  # files put together
            continue
        raw = b"".join(block.lines[start:end])
        try:
            lines = writer.lines(_checked(row, raw, columns))
        except RejectedError as error:
            beginning = raw.rstrip(b"\r\n")
            found.rejected.append(
                UnreadableLine(block.file, number, beginning, error.reason, error.detail)
            )
            continue
        found.lines += lines
        found.numbers += [number] * len(lines)
    return found


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _is_header(row: Row, columns: Columns) -> bool:
    return isinstance(row, list) and tuple(map(_plain, row)) == columns.names


def _plain(cell: str) -> str:
    return cell.removeprefix("\ufeff").strip()


def _checked(row: Row, raw: bytes, columns: Columns) -> list[str]:
    """Return the cells of a row, none where it is blank. Raises RejectedError."""
    if isinstance(row, Unclosed | Broken):
        raise RejectedError(Reason.BAD_ROW, row.detail)
    if not any(map(str.strip, row)):
        return []
    if len(row) != len(columns.names):
        detail = f"the row has {_cells(len(row))}, the header {_cells(len(columns.names))}"
        raise RejectedError(Reason.BAD_ROW, detail)
    if _utf8(raw) is None:
        raise RejectedError(Reason.NOT_UTF8, NOT_UTF8)
    return row


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"


@lru_cache(maxsize=64)
def _row_writer(columns: Columns) -> RowWriter:
    return RowWriter(columns)


@lru_cache(maxsize=64)
def _table_writer(columns: Columns) -> TableWriter:
    return TableWriter(columns)
