"""Messages on standard error, as text or as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.cli.output import printable, rich_console
from listrak_sync.errors import ListrakSyncError

if TYPE_CHECKING:
    from rich.table import Table


class LogFormat(StrEnum):
    """How messages on standard error are written."""

    text = "text"
    json = "json"


class Messages:
    """Tells people and logs what goes on, in the detail they ask for."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, log_format: LogFormat = LogFormat.text
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._json = log_format is LogFormat.json

    def error(self, error: ListrakSyncError) -> None:
        """Say what is wrong and what to do, even when quiet."""
        if self._json:
            self._log("error", error.message, hint=error.hint, exit_status=error.exit_status)
            return
        self._write(f"{error.label}{error.message}")
        if error.hint:
            self._write(error.hint)

    def warning(self, message: str, **details: object) -> None:
        """Say what is hardly meant, even when quiet: wrong values may come of it."""
        if self._json:
            self._log("warning", message, **details)
        else:
            self._write(f"warning: {message}")

    def info(self, message: str, **details: object) -> None:
        """Say what goes on, unless quiet."""
        if not self.quiet:
            self._say("info", message, details)

    def detail(self, message: str, **details: object) -> None:
        """Say what is shown only with --verbose."""
        if self.verbose and not self.quiet:
            self._say("debug", message, details)

    def table(self, table: Table) -> None:
        """Show a table to people, unless quiet."""
        if not (self._json or self.quiet):
            rich_console(stderr=True).print(table)

    def record(self, message: str, record: object) -> None:
        """Log what people see as a table, where messages are JSON lines, unless quiet."""
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
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()
