"""What dry-run and push have in common: settings in, report and exit status out."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

import msgspec
import typer

from listrak_sync.cli.console import Messages, Output, printable
from listrak_sync.cli.options import RouteChoice
from listrak_sync.cli.summary import summary
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError, StoppedError, UsageError
from listrak_sync.events.sources import STANDARD_INPUT, Source
from listrak_sync.report import Report
from listrak_sync.sync import Outcome
from listrak_sync.updates.batches import DEFAULT_LIMITS, LIST_IMPORT, PROFILE_FIELDS, Limits, Route
from listrak_sync.updates.list_file import MAX_FILE_BYTES

DONE: Final = 0
SOME_REJECTED: Final = 6


def announce(sources: Sequence[Source], messages: Messages) -> None:
    """Tell what is read, for --verbose; and somebody at a terminal that it is their typing."""
    for source in sources:
        if source.file != os.devnull:
            messages.detail(f"to be read: {source.name!r}", bytes=source.size)
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

    Raises UsageError for a file larger than Listrak takes, also where a run may come to send one.
    """
    if contacts is None and size is None:
        return None
    usual = DEFAULT_LIMITS[first_route(choice)]
    limits = Limits(contacts or usual.contacts, size or usual.bytes)
    if choice is not RouteChoice.profile_fields and limits.bytes > MAX_FILE_BYTES:
        hint = f"Listrak takes files of up to {MAX_FILE_BYTES:,} bytes."
        raise UsageError(f"--batch-bytes {limits.bytes} is too much for a list import", hint)
    return limits


def exit_status(outcome: Outcome) -> int:
    """Return the status that tells a script how a run went."""
    match _error(outcome):
        case None:
            return SOME_REJECTED if outcome.report.reject_count else DONE
        case ListrakSyncError(exit_status=status):
            return status
    return 1


def _error(outcome: Outcome) -> Exception | None:
    """Return what went wrong: why the run ended early, or which lists Listrak refused."""
    refusals = {key: each.refusal for key, each in outcome.report.lists.items() if each.refusal}
    if outcome.error is not None or not refusals:
        return outcome.error
    lines = (f"list {key}: {text.removeprefix(f'list {key}: ')}" for key, text in refusals.items())
    hint = "Mend the mapping, see: listrak-sync mapping check --online; then push the input again."
    return StoppedError("\n".join(lines), hint)


@contextmanager
def answering(command: str, messages: Messages, *, as_json: bool) -> Iterator[None]:
    """Answer for a run that cannot begin as for one that ended: message, status and --json."""
    try:
        yield
    except ListrakSyncError as error:
        if as_json:
            _print_json(command, Outcome(Report([]), error))
        messages.error(error)
        raise typer.Exit(error.exit_status) from None


def conclude(
    command: str,
    outcome: Outcome,
    messages: Messages,
    *,
    as_json: bool,
    keeps_rejects: bool,
    title: str | None = None,
    table_is_data: bool = False,
) -> int:
    """Show how a run ended; return its exit status."""
    if as_json:
        _print_json(command, outcome)
    else:
        messages.table(summary(title or command, outcome.report), data=table_is_data)
        messages.record("ended", _record(command, outcome))
    if outcome.report.fell_back:
        messages.info("the profile-fields route is closed: the rest went by list import")
    if outcome.report.reject_count and not keeps_rejects:
        messages.info("rejects are not kept: --rejects FILE gets them, each with its reason")
    match _error(outcome):
        case ListrakSyncError() as error:
            messages.error(error)
        case Exception() as error:
            raise error
    return exit_status(outcome)


def _print_json(command: str, outcome: Outcome) -> None:
    """Print the report as one object."""
    output = Output()
    with suppress(BrokenPipeError):
        output.line(msgspec.json.encode(_record(command, outcome)))
        output.flush()


def _record(command: str, outcome: Outcome) -> dict[str, object]:
    """Return the report with the exit status and the error that ended the run."""
    error = _error(outcome)
    told = None if error is None else printable(str(error))
    record = {"command": command, "exit_status": exit_status(outcome), "error": told}
    return record | outcome.report.as_json()
