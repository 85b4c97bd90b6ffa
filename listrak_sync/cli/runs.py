"""`listrak-sync runs`: lists the runs in the journal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from listrak_sync.cli.columns import Cell, Table
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.journal import JournalPath
from listrak_sync.cli.output import print_lines, print_table, print_text
from listrak_sync.cli.startup import parse_duration
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal, default_journal
from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.delivery.lock import holder_of
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.errors import UsageError
from listrak_sync.run_listing import ListedRun, listed_runs
from listrak_sync.text import counted, json_line, one_line

NAMES: Final = ("run", "started", "state", "accepted", "refused", "unsent")
_CHOOSE: Final = "Name a run, or choose some: --forget --older-than 30d, --forget --all-unfinished."


def runs(
    journal: JournalPath = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            parser=parse_duration,
            metavar="DURATION",
            help="Only runs that began longer ago than this: 30d, for example.",
            show_default=False,
        ),
    ] = None,
    all_unfinished: Annotated[
        bool, typer.Option("--all-unfinished", help="Only runs that are unfinished.")
    ] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[RUN]",
            help="Delete a run from the journal, with what is unsent of it; may be given several "
            "times. Without RUN: those of --older-than and --all-unfinished.",
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
    """List the runs in the journal, and what is unfinished of them; runs show tells all of one.

    The newest comes first. Finished runs are kept for 30 days.

    Example: listrak-sync runs --all-unfinished
    """
    path = journal or default_journal()
    is_chosen = older_than is not None or all_unfinished
    before = time.time() - older_than if older_than is not None else None
    if not journal_is_there(path):
        if forget or forget_files:
            raise UsageError(f"{path}: there is no journal", "Name one with --journal PATH.")
        Messages().info(f"{path}: there is no journal yet")
        return
    if forget is not None or forget_files:
        if forget is not None and "" in forget and not is_chosen:
            raise UsageError("--forget: which run?", _CHOOSE)
        with Journal(path) as book:
            _forget(book, forget or (), before, all_unfinished=all_unfinished)
            if forget_files:
                Messages().info(f"{counted(book.forget_files(), 'file')} forgotten")
    with JournalReader(path) as reader, guarded(path, reads_rows=True):
        holder = holder_of(path)
        chosen = {each.id for each in _chosen(reader, before, all_unfinished=all_unfinished)}
        found = [run for run in listed_runs(reader, is_held=bool(holder)) if run.run in chosen]
    _tell_holder(holder, found)
    if as_json:
        print_lines(map(json_line, found))
    elif sys.stdout.isatty():
        print_text(_lines(found))
    else:
        print_table((*NAMES, "read up to"), ((*_cells(run), run.read_up_to) for run in found))


def journal_is_there(path: Path) -> bool:
    """Say whether there is a journal. Raises SettingsError where that cannot be known."""
    with guarded(path):
        return path.exists()


def _chosen(journal: JournalReader, before: float | None, *, all_unfinished: bool) -> list[RunInfo]:
    """Return the runs that the options choose, the newest first."""
    return [
        info
        for info in journal.runs()
        if (before is None or info.started < before) and not (all_unfinished and info.is_finished)
    ]


def _forget(
    journal: Journal, named: Sequence[str], before: float | None, *, all_unfinished: bool
) -> None:
    """Forget the runs that are named, and those that are chosen. Raises UsageError."""
    known = {info.id: info for info in journal.runs()}
    for run in named:
        if run and run not in known:
            raise UsageError(f"{journal.path}: no run {run}", "See: listrak-sync runs")
    gone = {run for run in named if run}
    if "" in named:
        gone |= {info.id for info in _chosen(journal, before, all_unfinished=all_unfinished)}
    journal.forget(gone)
    if named:
        unsent = sum(known[run].contacts.get("planned", 0) for run in gone)
        lost = f", with {counted(unsent, 'unsent contact')}" if unsent else ""
        Messages().info(f"{counted(len(gone), 'run')} forgotten{lost}")


def _tell_holder(holder: str | None, runs: Sequence[ListedRun]) -> None:
    if holder is not None:
        running = [run.run for run in runs if run.state == "running"]
        which = f": run {running[0]} is running" if running else ""
        Messages().info(f"the journal is held by {holder}{which}")


def _lines(runs: Sequence[ListedRun]) -> Iterator[str]:
    """Yield runs in columns that fit into a terminal of 80 characters.

    How far an unfinished run was read may be long, so it stands below the run.
    """
    heads, *lines = Table([_cells(run) for run in runs], NAMES).lines(None)
    yield heads
    for run, line in zip(runs, lines, strict=True):
        yield line
        if run.state != "finished":
            yield f"  read up to: {one_line(run.read_up_to)}"


def _cells(run: ListedRun) -> tuple[Cell, ...]:
    minute = run.started.rpartition(":")[0].replace("T", " ") + "Z"
    return run.run, minute, run.state, run.accepted, run.refused, run.unsent
