"""Data on standard output, until nobody reads it any more."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from listrak_sync.cli.startup import silence
from listrak_sync.cli.terminal import bold, width
from listrak_sync.errors import OutputError
from listrak_sync.text import json_line, printable_json

if TYPE_CHECKING:
    from listrak_sync.cli.columns import Cell, Table


def write_line(data: bytes) -> None:
    """Write a line. Raises BrokenPipeError once nobody reads any more, else OutputError."""
    if sys.stdout.isatty():
        data = printable_json(data.decode(errors="backslashreplace")).encode()
    with _standard_output():
        sys.stdout.buffer.write(data + b"\n")


def flush() -> None:
    """Flush what is written; a closed pipe is ignored. Raises OutputError."""
    with suppress(BrokenPipeError), _standard_output():
        sys.stdout.buffer.flush()


def print_lines(lines: Iterable[bytes]) -> None:
    """Print lines while somebody reads them. Raises OutputError."""
    with suppress(BrokenPipeError):
        for line in lines:
            write_line(line)
        flush()


def print_json(record: object) -> None:
    """Print one JSON object. Raises OutputError."""
    print_lines([json_line(record)])


def print_text(lines: Iterable[str]) -> None:
    """Print lines for people, in the encoding of standard output. Raises OutputError."""
    with suppress(BrokenPipeError), _standard_output():
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def draw(table: Table) -> None:
    """Draw a table as wide as the terminal, or as 80 columns. Raises OutputError."""
    print_text(table.lines(width(sys.stdout), bold(sys.stdout)))


def print_table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows below names: folded on a terminal, one line for each row elsewhere."""
    from listrak_sync.cli.columns import Table  # noqa: PLC0415 - only for people

    columns = width(sys.stdout) if sys.stdout.isatty() else None
    print_text(Table(list(rows), names).lines(columns, bold(sys.stdout)))


@contextmanager
def _standard_output() -> Iterator[None]:
    """Give up standard output where it cannot be written. Raises OutputError or BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        silence(sys.stdout)
        raise
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> OutputError:
    """Give up standard output; return the error that says why."""
    silence(sys.stdout)
    hint = "Make room, or send it elsewhere; then run it again."
    return OutputError(f"standard output: {error.strerror or error}", hint)
