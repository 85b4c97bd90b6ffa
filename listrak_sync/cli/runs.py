"""What dry-run and push have in common: settings in, report and exit status out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import msgspec

from listrak_sync.cli.console import Messages, Output
from listrak_sync.cli.summary import summary
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError
from listrak_sync.events.sources import STANDARD_INPUT, Source
from listrak_sync.report import Report

DONE: Final = 0
SOME_REJECTED: Final = 6
LIST_REFUSED: Final = 7


def announce(sources: Sequence[Source], messages: Messages) -> None:
    """Tell somebody at a terminal that their typing is being read."""
    if any(source.file == STANDARD_INPUT for source in sources) and sys.stdin.isatty():
        messages.info("reading events from standard input; Ctrl-D ends it")


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run in order; a second one ends it at once."""

    def request(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        stop.request(number)

    before = {each: signal.signal(each, request) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: its report, and why it ended early if it did."""

    report: Report
    error: Exception | None = None

    @property
    def exit_status(self) -> int:
        """Return the status that tells a script how it went."""
        if self.error is not None:
            return self.error.exit_status if isinstance(self.error, ListrakSyncError) else 1
        if self.report.refused["list_refused"]:
            return LIST_REFUSED
        return SOME_REJECTED if self.report.rejects else DONE


def conclude(
    command: str, ending: Ending, messages: Messages, *, as_json: bool, table_is_data: bool = False
) -> int:
    """Show how a run ended; return its exit status."""
    status = ending.exit_status
    if as_json:
        error = None if ending.error is None else str(ending.error)
        record = {"command": command, "exit_status": status, "error": error}
        output = Output()
        try:
            output.line(msgspec.json.encode(record | ending.report.as_json()))
            output.flush()
        except BrokenPipeError:
            pass
    else:
        messages.table(summary(command, ending.report), data=table_is_data)
    if isinstance(ending.error, ListrakSyncError):
        messages.error(ending.error)
    elif ending.error is not None:
        raise ending.error
    return status
