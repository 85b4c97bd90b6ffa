"""What people and pipes are shown: data on standard output, everything else on the other."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

import msgspec

from listrak_sync.errors import ListrakSyncError, SettingsError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.table import Table

LogFormat: TypeAlias = Literal["text", "json"]


def printable(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are written as escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def counted(count: int, what: str) -> str:
    """Return so many of something, in words."""
    return f"{count:,} {what}{'s' * (count != 1)}"


class Output:
    """Standard output for data, which somebody may stop reading at any time."""

    def __init__(self) -> None:
        self._stream = sys.stdout.buffer
        self.closed = False

    def line(self, data: bytes) -> None:
        """Write a line; raise BrokenPipeError once nobody reads any more.

        Raises SettingsError where it cannot be written otherwise.
        """
        with _standard_output():
            self._stream.write(data + b"\n")

    def flush(self) -> None:
        """Hand on what is written; a closed pipe is no error any more. Raises SettingsError."""
        with suppress(BrokenPipeError), _standard_output():
            self._stream.flush()


class Messages:
    """Standard error: messages as text or as JSON lines, and tables for people."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, log_format: LogFormat = "text"
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._json = log_format == "json"

    def error(self, error: ListrakSyncError) -> None:
        """Say what is wrong and what to do, also when quiet."""
        if self._json:
            self._log("error", error.message, hint=error.hint, exit_status=error.exit_status)
            return
        self._write(f"{error.label}{error.message}")
        if error.hint:
            self._write(error.hint)

    def info(self, message: str, **details: object) -> None:
        """Say what goes on, unless quiet."""
        if not self.quiet:
            self._say("info", message, details)

    def detail(self, message: str, **details: object) -> None:
        """Say what only --verbose shows."""
        if self.verbose and not self.quiet:
            self._say("debug", message, details)

    def table(self, table: Table, *, data: bool = False) -> None:
        """Show a table: on standard output if it is the data asked for."""
        if data:
            with _standard_output():
                rich_console(stderr=False).print(table)
        elif not (self._json or self.quiet):
            with suppress(OSError):
                rich_console(stderr=True).print(table)

    def record(self, message: str, record: Mapping[str, object]) -> None:
        """Log what people are shown as a table, where messages are JSON lines, unless quiet."""
        if self._json and not self.quiet:
            self._log("info", message, **msgspec.to_builtins(record))

    def _say(self, level: str, message: str, details: dict[str, object]) -> None:
        if self._json:
            self._log(level, message, **details)
        else:
            self._write(message)

    def _log(self, level: str, message: str, **details: object) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        record = {"time": moment, "level": level, "message": message, **details}
        self._write(json.dumps(record))

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()
        except OSError:
            _silence(sys.stderr)


def rich_console(*, stderr: bool) -> RichConsole:
    """Return a console that respects NO_COLOR and the width, and takes brackets as text."""
    from rich.console import Console as RichConsole  # noqa: PLC0415 - slow, and often not needed

    class Console(RichConsole):
        def on_broken_pipe(self) -> None:
            """Go on without a reader; rich would end the program."""
            self.quiet = True
            _silence(self.file)

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


@contextmanager
def _standard_output() -> Iterator[None]:
    """Give standard output up where it cannot be written, and say so unless a pipe is closed."""
    try:
        yield
    except OSError as error:
        _silence(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        hint = "Make room, or send it elsewhere; then run it again."
        raise SettingsError(f"standard output: {error.strerror or error}", hint) from error


def _silence(stream: IO[str]) -> None:
    """Lead a stream nowhere, so that the interpreter does not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
