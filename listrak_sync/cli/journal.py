"""`listrak-sync runs`: what the journal knows of earlier runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.console import Messages, Output, printable
from listrak_sync.cli.journal_file import default_journal
from listrak_sync.cli.resume import read_back
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.errors import UsageError
from listrak_sync.events.sources import STANDARD_INPUT, shown


def runs(
    journal: options.JournalPath = None,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Take a run out of the journal, with what is unsent of it.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON line for each run on standard output.")
    ] = False,
) -> None:
    """List the runs in the journal, the newest first, and what is unfinished of them.

    Finished runs are kept for 30 days.
    """
    path = journal or default_journal()
    if not path.exists():
        if forget:
            raise UsageError(f"{path}: there is no journal", "Name one with --journal PATH.")
        Messages().info(f"{path}: there is no journal yet")
        return
    with Journal(path) as book:
        if forget is not None:
            if all(info.id != forget for info in book.runs()):
                raise UsageError(f"{path}: no run {forget}", "See: listrak-sync runs")
            book.forget(forget)
        with guarded(path):
            found = [_record(info) for info in book.runs()]
    output = Output()
    if as_json:
        for record in found:
            output.line(msgspec.json.encode(record))
        output.flush()
        return
    from rich import box  # noqa: PLC0415 - slow, and only for people
    from rich.table import Table  # noqa: PLC0415 - slow, and only for people

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("run", "started (UTC)", "state", "accepted", "refused", "unsent", "read up to"):
        table.add_column(column, overflow="fold", no_wrap=column == "run")
    keys = ("run", "started", "state", "accepted", "refused", "unsent", "read_up_to")
    for record in found:
        table.add_row(*(printable(str(record[key])) for key in keys))
    Messages().table(table, data=True)


def _record(info: RunInfo) -> dict[str, object]:
    position, settings = info.position, read_back(info.settings)
    where = "nothing"
    if position.line:
        file = settings.events[position.source]
        where = f"line {position.line:,} of {'a pipe' if file == STANDARD_INPUT else shown(file)}"
    return {
        "run": info.id,
        "started": datetime.fromtimestamp(info.started, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "state": "finished" if info.is_finished else "unfinished",
        "accepted": info.contacts.get("accepted", 0),
        "refused": info.contacts.get("refused", 0),
        "unsent": info.contacts.get("planned", 0),
        "read_up_to": "the end" if position.done else where,
        "mapping": shown(settings.mapping),
        "inputs": [shown(file) for file in settings.events],
    }
