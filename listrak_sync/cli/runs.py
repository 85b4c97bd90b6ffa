"""`listrak-sync runs`: lists the runs in the journal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
import typer

from listrak_sync.cli.columns import Cell, Table
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.journal import JournalPath
from listrak_sync.cli.output import (
    counted,
    json_line,
    one_line,
    print_lines,
    print_table,
    print_text,
)
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal, default_journal
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.errors import UsageError
from listrak_sync.input.sources import STANDARD_INPUT, shown
from listrak_sync.tasks import decode_options

NAMES: Final = ("run", "started", "state", "accepted", "refused", "unsent")


class ListedRun(msgspec.Struct, frozen=True):
    """A run as --json shows it."""

    run: str
    started: str
    state: Literal["finished", "unfinished"]
    accepted: int
    refused: int
    unsent: int
    read_up_to: str
    mapping: str
    inputs: list[str]


def runs(
    journal: JournalPath = None,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Delete a run from the journal, with what is unsent of it.",
            show_default=False,
        ),
    ] = None,
    forget_files: Annotated[
        bool,
        typer.Option("--forget-files", help="Forget which files push --once has read."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON line for each run on standard output.")
    ] = False,
) -> None:
    """List the runs in the journal, the newest first, and what is unfinished of them.

    Finished runs are kept for 30 days.

    Example: listrak-sync runs
    """
    path = journal or default_journal()
    with guarded(path):
        is_there = path.exists()
    if not is_there:
        if forget or forget_files:
            raise UsageError(f"{path}: there is no journal", "Name one with --journal PATH.")
        Messages().info(f"{path}: there is no journal yet")
        return
    with Journal(path) as book:
        if forget is not None:
            if all(info.id != forget for info in book.runs()):
                raise UsageError(f"{path}: no run {forget}", "See: listrak-sync runs")
            book.forget(forget)
        if forget_files:
            Messages().info(f"{counted(book.forget_files(), 'file')} forgotten")
        with guarded(path, reads_rows=True):
            found = [_listed(info) for info in book.runs()]
    if as_json:
        print_lines(map(json_line, found))
    elif sys.stdout.isatty():
        print_text(_lines(found))
    else:
        print_table((*NAMES, "read up to"), ((*_cells(run), run.read_up_to) for run in found))


def _lines(runs: Sequence[ListedRun]) -> Iterator[str]:
    """Yield runs in columns that fit into a terminal of 80 characters.

    How far an unfinished run was read may be long, so it stands below the run.
    """
    heads, *lines = Table([_cells(run) for run in runs], NAMES).lines(None)
    yield heads
    for run, line in zip(runs, lines, strict=True):
        yield line
        if run.state == "unfinished":
            yield f"  read up to: {one_line(run.read_up_to)}"


def _cells(run: ListedRun) -> tuple[Cell, ...]:
    minute = f"{run.started.rpartition(':')[0]}Z"
    return run.run, minute, run.state, run.accepted, run.refused, run.unsent


def _listed(info: RunInfo) -> ListedRun:
    position, pushed = info.position, decode_options(info.settings)
    where = "nothing"
    if position.line:
        file = pushed.events[position.source]
        where = f"line {position.line:,} of {'a pipe' if file == STANDARD_INPUT else shown(file)}"
    return ListedRun(
        run=info.id,
        started=datetime.fromtimestamp(info.started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        state="finished" if info.is_finished else "unfinished",
        accepted=info.contacts.get("accepted", 0),
        refused=info.contacts.get("refused", 0),
        unsent=info.contacts.get("planned", 0),
        read_up_to="the end" if position.done else where,
        mapping=", ".join(map(shown, pushed.mapping_files)),
        inputs=[shown(file) for file in pushed.events],
    )
