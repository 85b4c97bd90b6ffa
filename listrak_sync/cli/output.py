"""Data on standard output, for as long as somebody reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.cli.streams import rich_console, silence
from listrak_sync.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table


def write_line(data: bytes) -> None:
    """Write a line; raise BrokenPipeError once nobody reads any more.

    Raises SettingsError where it cannot be written otherwise.
    """
    with _standard_output():
        sys.stdout.buffer.write(data + b"\n")


def flush() -> None:
    """Hand on what is written; a closed pipe is no error any more. Raises SettingsError."""
    with suppress(BrokenPipeError), _standard_output():
        sys.stdout.buffer.flush()


def print_lines(lines: Iterable[bytes]) -> None:
    """Print lines until there is no more, or nobody who reads them. Raises SettingsError."""
    with suppress(BrokenPipeError):
        for line in lines:
            write_line(line)
        flush()


def print_json(record: object) -> None:
    """Print one JSON object. Raises SettingsError."""
    print_lines([msgspec.json.encode(record)])


def print_text(lines: Iterable[str]) -> None:
    """Print lines for people, in the encoding that they asked for. Raises SettingsError."""
    with suppress(BrokenPipeError), _standard_output():
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def draw(table: Table) -> None:
    """Draw a table as wide as the terminal. Raises SettingsError."""
    with _standard_output():
        rich_console(stderr=False).print(table)


@contextmanager
def _standard_output() -> Iterator[None]:
    """Give standard output up where it cannot be written, and say so unless a pipe is closed."""
    try:
        yield
    except OSError as error:
        silence(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        hint = "Make room, or send it elsewhere; then run it again."
        raise SettingsError(f"standard output: {error.strerror or error}", hint) from error
