"""Reads the rows of CSV lines, also where a cell goes over several lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final, TypeAlias

MAX_CELL: Final = 16 << 20
"""How long a cell may be, in characters."""

UNCLOSED: Final = "a cell begins with a quote, and does not end with one"

csv.field_size_limit(MAX_CELL)  # the module's own limit is 128 K


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A line at which a cell in quotes begins that does not end."""

    detail: str = UNCLOSED


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be divided into cells, and why."""

    detail: str


Row: TypeAlias = list[str] | Unclosed | Broken
"""The cells of a row, none where it is blank; bytes that are not UTF-8 are lone surrogates."""

Table: TypeAlias = Sequence[Sequence[str]]
"""The columns of rows that have the same number of cells."""

Placed: TypeAlias = tuple[int, int, Row]
"""The index of a row's first line, that of the line after it, and the row."""


def rows_of(lines: Sequence[bytes], delimiter: str) -> Iterator[Placed]:
    """Yield the rows of lines.

    Where a line cannot be read as the beginning of a row, it is given alone, and reading goes on
    at the next: one quote too many must not take all that follows.
    """
    texts = _texts(lines)
    start = 0
    while start < len(texts):
        before = start
        left = map(texts.__getitem__, range(before, len(texts)))
        reader = csv.reader(left, delimiter=delimiter, skipinitialspace=True)
        problem: Unclosed | Broken | None = None
        try:
            for row in reader:
                end = before + reader.line_num
                if end == len(texts) and _is_unclosed(row, end - start):
                    problem = Unclosed()
                    break
                if end - start > 1 and not _is_strict(texts[start:end], delimiter):
                    problem = Broken(UNCLOSED)
                    break
                yield start, end, row
                start = end
        except csv.Error:
            problem = Broken(_problem(texts[start]))
        if problem is not None:
            yield start, start + 1, problem
            start += 1


def table_of(text: str, lines: int, width: int, delimiter: str) -> Table | None:
    """Return the columns of a text in which each of so many lines is a row of so many cells.

    Returns None where that is not so.
    """
    reader = csv.reader(StringIO(text, newline="\n"), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error:
        return None
    is_open = rows and rows[-1] and rows[-1][-1].endswith("\n")
    if len(rows) != lines or is_open or set(map(len, rows)) != {width}:
        return None
    return list(zip(*rows, strict=True))


def _texts(lines: Sequence[bytes]) -> list[str]:
    texts = [line.decode(errors="surrogateescape") for line in lines]
    if texts and not texts[-1].endswith("\n"):
        texts[-1] += "\n"
    return texts


def _is_strict(texts: Sequence[str], delimiter: str) -> bool:
    """Say whether each cell of a row in quotes ends where its quotes do.

    Where a quote too many opens a cell, it swallows the rows up to the next quote.
    """
    reader = csv.reader(texts, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        next(reader)
    except csv.Error:
        return False
    return True


def _is_unclosed(row: Sequence[str], lines: int) -> bool:
    """Say whether a row of so many lines has the last line's end in a cell."""
    return sum(cell.count("\n") for cell in row) == lines


def _problem(text: str) -> str:
    if "\r" in text.rstrip("\r\n"):
        return "a carriage return stands in a cell without quotes"
    return f"a cell has more than {MAX_CELL} characters"
