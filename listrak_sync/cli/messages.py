"""Messages on standard error, as text or as JSON lines."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.cli.terminal import CYAN, RED, YELLOW, around, bold, width
from listrak_sync.errors import ListrakSyncError
from listrak_sync.text import json_line, printable, printable_json

if TYPE_CHECKING:
    from listrak_sync.cli.bar import Bar
    from listrak_sync.cli.columns import Table


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
        self.log_format = log_format
        self._json = log_format is LogFormat.json
        self.bar: Bar | None = None
        """What stands below the messages on a terminal."""

    def error(self, error: ListrakSyncError) -> None:
        """Say what is wrong and what to do, even when quiet."""
        if self._json:
            self._log("error", error.message, hint=error.hint, exit_status=error.exit_status)
            return
        self._write(error.message, error.label, RED)
        if error.hint:
            begin, end = around(sys.stderr, CYAN)
            self._emit(f"{begin}{printable(error.hint)}{end}")

    def warning(self, message: str, **details: object) -> None:
        """Say what is hardly meant, even when quiet: wrong values may come of it."""
        if self._json:
            self._log("warning", message, **details)
        else:
            self._write(message, "warning: ", YELLOW)

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
            for line in table.lines(width(sys.stderr), bold(sys.stderr)):
                self._emit(line)

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
        line = printable_json(json_line(record).decode())
        try:
            line.encode(sys.stderr.encoding or "utf-8")
        except UnicodeEncodeError:  # what stands for it there would not be JSON
            line = json.dumps(json.loads(line), separators=(",", ":"))
        self._emit(line)

    def _write(self, text: str, label: str = "", style: str = "") -> None:
        """Write a text after a label that is shown in a style."""
        begin, end = around(sys.stderr, style) if label else ("", "")
        self._emit(f"{begin}{label}{end}{printable(text)}")

    def _emit(self, text: str) -> None:
        line = f"{text}\n"
        if self.bar is not None:
            self.bar.write(line)
        else:
            sys.stderr.write(line)
            sys.stderr.flush()
