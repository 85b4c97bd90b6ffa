"""What a command answers at its end: a report, or why it cannot do what it is asked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import counted, draw, print_json, printable
from listrak_sync.cli.tables import summary
from listrak_sync.errors import ListrakSyncError, told

if TYPE_CHECKING:
    from listrak_sync.mapping.faults import Finding
    from listrak_sync.sync import RunResult


def answer(command: str, exit_status: int, error: Exception | None) -> dict[str, object]:
    """Return the keys with which the JSON object of a report or an error begins."""
    text = None if error is None else printable(str(error))
    return {"command": command, "exit_status": exit_status, "error": text}


@contextmanager
def answering(
    command: str, messages: Messages, *, as_json: bool, report: Mapping[str, object] = {}
) -> Iterator[None]:
    """End the command with a message and the exit status of an error that is raised inside.

    With `as_json`, it also prints a JSON object with the error, followed by what `report` holds.
    """
    try:
        yield
    except Exception as error:
        shown = told(error)
        if shown is None:
            raise
        if as_json:
            print_json({**answer(command, shown.exit_status, shown), **report})
        messages.error(shown)
        raise typer.Exit(shown.exit_status) from None


def warn(messages: Messages, file: str, found: Sequence[Finding]) -> None:
    """Warn of each likely mistake in a mapping file."""
    for finding in found:
        details = finding.as_json()
        del details["message"]
        messages.warning(finding.shown(file), **details)


def conclude(
    command: str,
    result: RunResult,
    messages: Messages,
    *,
    as_json: bool,
    keeps_rejects: bool,
    title: str | None = None,
    table_is_data: bool = False,
) -> int:
    """Show how a run ended; return its exit status."""
    if as_json:
        print_json(_record(command, result))
    else:
        table = summary(title or command, result.report, sends=command == "push")
        if table_is_data:
            draw(table)
        else:
            messages.table(table)
        messages.record("ended", _record(command, result))
    report = result.report
    for warning in report.urgent_warnings if messages.quiet else report.warnings:
        messages.warning(warning)
    if result.report.fell_back:
        messages.info("the profile-fields route is closed: the rest went by list import")
    if amiss := result.report.amiss:
        messages.info(
            f"{counted(amiss, 'contact')} on the list without the values that were sent to it"
        )
    if result.report.reject_count and not keeps_rejects:
        messages.info("rejects are not kept: --rejects FILE gets them, each with its reason")
    match result.failure:
        case ListrakSyncError() as error:
            messages.error(error)
        case Exception() as error:
            raise error
    return result.exit_status


def _record(command: str, result: RunResult) -> dict[str, object]:
    """Return the report with the exit status and the error that ended the run."""
    return answer(command, result.exit_status, result.failure) | result.report.as_json()
