"""Data on standard output, until nobody reads it any more."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.cli.startup import silence
from listrak_sync.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.table import Table


def printable(text: str) -> str:
    """Return text that cannot control a terminal: control characters are shown as escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def one_line(text: str) -> str:
    """Return text that can neither control a terminal nor leave its line."""
    return printable(text).replace("\n", "\\n")


def counted(count: int, what: str) -> str:
    """Return a count with its noun: 1 list, 2 lists."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def rich_console(*, stderr: bool) -> RichConsole:
    """Return a console that respects NO_COLOR and the width, and shows brackets as text."""
    from rich.console import Console as RichConsole  # noqa: PLC0415 - slow, and often not needed

    class Console(RichConsole):
        def on_broken_pipe(self) -> None:
            """Go on without a reader; rich would end the program."""
            self.quiet = True
            silence(self.file)

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


def write_line(data: bytes) -> None:
    """Write a line. Raises BrokenPipeError once nobody reads any more, else OutputError."""
    if sys.stdout.isatty():
        data = _as_printable_json(data)
    with _standard_output():
        sys.stdout.buffer.write(data + b"\n")


def _as_printable_json(line: bytes) -> bytes:
    """Return the same JSON with escapes for what could control a terminal."""
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]
        for character in line.decode(errors="backslashreplace")
    ).encode()


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
    print_lines([msgspec.json.encode(record)])


def print_text(lines: Iterable[str]) -> None:
    """Print lines for people, in the encoding of standard output. Raises OutputError."""
    with suppress(BrokenPipeError), _standard_output():
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def draw(table: Table) -> None:
    """Draw a table as wide as the terminal. Raises OutputError."""
    with _standard_output():
        rich_console(stderr=False).print(table)


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
