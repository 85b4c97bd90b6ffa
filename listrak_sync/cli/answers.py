"""What a command answers at its end: a report, or why it cannot do what it is asked to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import draw, print_json
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.cli.summary import summary
from listrak_sync.errors import ListrakSyncError, told
from listrak_sync.report.counts import Report
from listrak_sync.text import counted, printable

if TYPE_CHECKING:
    from listrak_sync.mapping.faults import Finding
    from listrak_sync.report.record import RunRecord
    from listrak_sync.sync import RunResult


def answer(command: str, exit_status: int, error: Exception | None) -> dict[str, object]:
    """Return the keys with which the JSON object of a report or an error begins."""
    text = None if error is None else printable(str(error))
    return {"command": command, "exit_status": exit_status, "error": text}


@contextmanager
def answering(
    command: str,
    messages: Messages,
    *,
    as_json: bool,
    is_run: bool = False,
    outputs: RunOutputs | None = None,
) -> Iterator[None]:
    """End the command with a message and the exit status of an error that is raised inside.

    With `as_json`, it also prints a JSON object with the error: the report of a run that could
    not begin, where the command is one. That is also written to the metrics.
    """
    try:
        yield
    except Exception as error:
        shown = told(error)
        if shown is None:
            raise
        if as_json:
            failed = answer(command, shown.exit_status, shown)
            print_json(_nothing_done(command, shown) if is_run else failed)
        messages.error(shown)
        if outputs is not None:
            outputs.write_metrics(_nothing_done(command, shown), messages)
        raise typer.Exit(shown.exit_status) from None


def _nothing_done(command: str, error: ListrakSyncError) -> RunRecord:
    """Return the report of a run that could not begin."""
    return Report([]).record(command, error.exit_status, printable(str(error)))


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
    outputs: RunOutputs,
    title: str | None = None,
    table_is_data: bool = False,
) -> int:
    """Show how a run ended; return its exit status."""
    record = result.record(command)
    if record.error is not None:
        record = msgspec.structs.replace(record, error=printable(record.error))
    if as_json:
        print_json(record)
    else:
        table = summary(title or command, record)
        if table_is_data:
            draw(table)
        else:
            messages.table(table)
        messages.record("ended", record)
    report = result.report
    for warning in report.urgent_warnings if messages.quiet else report.warnings:
        messages.warning(warning)
    if result.report.fell_back:
        messages.info("the profile-fields route is closed: the rest went by list import")
    if amiss := result.report.amiss:
        messages.info(f"what was sent was not seen for {counted(amiss, 'contact')} on the list")
    if report.reject_count and not outputs.explains:
        _tell_rejects(record, outputs.rejects, messages, table_is_data=table_is_data)
    unwritten = outputs.write(record, messages)
    match result.failure:
        case ListrakSyncError() as error:
            messages.error(error)
        case Exception() as error:
            raise error
    return result.exit_status or unwritten


def _tell_rejects(
    record: RunRecord, rejects: Path | None, messages: Messages, *, table_is_data: bool
) -> None:
    """Say where the rejects are; to those who read no table, also how many there are."""
    kept = None if rejects is None else str(rejects)
    if messages.quiet and not table_is_data:
        counts = Counter(record.rejected) + Counter(record.refused)
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())
        where = kept or "not kept; --rejects FILE gets them"
        messages.warning(f"rejected: {reasons}: {where}", rejects=kept, reasons=dict(counts))
    elif kept is None:
        messages.info("rejects are not kept: --rejects FILE gets them, each with its reason")
