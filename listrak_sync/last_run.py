"""The last finished run of the same mapping files, with which a run is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.mapping.model import Mapping
from listrak_sync.report.record import LastRun, RunRecord
from listrak_sync.report.times import utc
from listrak_sync.tasks import PushOptions, decode_options


def last_run(journal: JournalReader, options: PushOptions, destination: str) -> LastRun | None:
    """Return the last finished run of the same mapping files to the same destination.

    Runs that took no event and those that were fed rejects are passed over: they say little of how
    many contacts a mapping usually switches on. So are runs of which a part was killed, since its
    counts are not known. Raises SettingsError where the journal is damaged.
    """
    with guarded(journal.path, reads_rows=True):
        for info in journal.runs():
            if not info.is_finished or info.destination != destination:
                continue
            if decode_options(info.settings).mapping_files != options.mapping_files:
                continue
            records = _records(journal, info.id)
            if not records or any(record.fed_back for record in records):
                continue
            if any(record.matched_lines for record in records):
                return _summed(info.id, utc(info.started), records)
    return None


def last_run_at(path: Path, options: PushOptions, destination: str) -> LastRun | None:
    """Return the last finished run of a journal that is only read, if there is a journal."""
    with guarded(path):
        if not path.exists():
            return None
    with JournalReader(path) as journal:
        return last_run(journal, options, destination)


def _records(journal: JournalReader, run: str) -> list[RunRecord]:
    """Return the reports of all parts of a run; none where one of them has no report."""
    reports = [part.report for part in journal.parts(run)]
    found = [msgspec.json.decode(each, type=RunRecord) for each in reports if each is not None]
    return found if len(found) == len(reports) else []


def not_compared(last: LastRun | None, mappings: Sequence[Mapping]) -> Iterator[str]:
    """Yield what `--max-change` cannot compare."""
    if last is None:
        yield "--max-change: no earlier finished run of this mapping file to compare with"
        return
    for mapping in mappings:
        if mapping.enabled and mapping.name not in last.on:
            yield f"--max-change: mapping {mapping.name!r} was not in run {last.run}: not compared"


def _summed(run: str, started: str, records: Sequence[RunRecord]) -> LastRun:
    on: dict[str, int] = {}
    off: dict[str, int] = {}
    for record in records:
        for mapping in record.mappings:
            on[mapping.name] = on.get(mapping.name, 0) + mapping.on
            off[mapping.name] = off.get(mapping.name, 0) + mapping.off
    return LastRun(run, started, on, off)
