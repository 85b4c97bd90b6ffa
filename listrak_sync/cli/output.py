"""Data on standard output, for as long as somebody reads it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING

import msgspec

from listrak_sync.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.table import Table


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are written as escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def one_line(text: str) -> str:
    """Return text that can neither steer a terminal nor leave its line."""
    return printable(text).replace("\n", "\\n")


def counted(count: int, what: str) -> str:
    """Return so many of something, in words."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def open_standard_streams() -> None:
    """Give those that were closed before the program began an end that leads nowhere.

    What standard output cannot encode is escaped, as it is on standard error.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest free number: its own
            setattr(sys, name, os.fdopen(descriptor, mode))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def silence(stream: IO[str]) -> None:
    """Lead a stream nowhere, so that the interpreter does not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def rich_console(*, stderr: bool) -> RichConsole:
    """Return a console that respects NO_COLOR and the width, and takes brackets as text."""
    from rich.console import Console as RichConsole  # noqa: PLC0415 - slow, and often not needed

    class Console(RichConsole):
        def on_broken_pipe(self) -> None:
            """Go on without a reader; rich would end the program."""
            self.quiet = True
            silence(self.file)

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


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
