"""What dry-run and push have in common: settings in, report and exit status out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

import msgspec

from listrak_sync.cli.console import Messages, Output
from listrak_sync.cli.options import RouteChoice
from listrak_sync.cli.summary import summary
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError, UsageError
from listrak_sync.events.sources import STANDARD_INPUT, Source
from listrak_sync.sync import Outcome
from listrak_sync.updates.batches import DEFAULT_LIMITS, LIST_IMPORT, PROFILE_FIELDS, Limits, Route
from listrak_sync.updates.list_file import MAX_FILE_BYTES

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


def first_route(choice: RouteChoice) -> Route:
    """Return the route that a run begins with."""
    return LIST_IMPORT if choice is RouteChoice.list_import else PROFILE_FIELDS


def limits_of(choice: RouteChoice, contacts: int | None, size: int | None) -> Limits | None:
    """Return the limits of a batch as far as they were given; None leaves them to the route.

    Raises UsageError for a file larger than Listrak takes.
    """
    if contacts is None and size is None:
        return None
    usual = DEFAULT_LIMITS[first_route(choice)]
    limits = Limits(contacts or usual.contacts, size or usual.bytes)
    if choice is RouteChoice.list_import and limits.bytes > MAX_FILE_BYTES:
        hint = f"Listrak takes files of up to {MAX_FILE_BYTES:,} bytes."
        raise UsageError(f"--batch-bytes {limits.bytes} is too much for a list import", hint)
    return limits


def exit_status(outcome: Outcome) -> int:
    """Return the status that tells a script how a run went."""
    if outcome.error is not None:
        return outcome.error.exit_status if isinstance(outcome.error, ListrakSyncError) else 1
    if outcome.report.refused["list_refused"]:
        return LIST_REFUSED
    return SOME_REJECTED if outcome.report.rejects else DONE


def conclude(
    command: str,
    outcome: Outcome,
    messages: Messages,
    *,
    as_json: bool,
    table_is_data: bool = False,
) -> int:
    """Show how a run ended; return its exit status."""
    status = exit_status(outcome)
    if as_json:
        error = None if outcome.error is None else str(outcome.error)
        record = {"command": command, "exit_status": status, "error": error}
        output = Output()
        try:
            output.line(msgspec.json.encode(record | outcome.report.as_json()))
            output.flush()
        except BrokenPipeError:
            pass
    else:
        messages.table(summary(command, outcome.report), data=table_is_data)
    if isinstance(outcome.error, ListrakSyncError):
        messages.error(outcome.error)
    elif outcome.error is not None:
        raise outcome.error
    return status
