"""The runs of a journal, as people and programs are told of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from listrak_sync.delivery.imports import ImportState
from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.delivery.receipts import ImportKey
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.guards import Guards
from listrak_sync.input.sources import shown
from listrak_sync.report.record import RunRecord
from listrak_sync.report.times import utc
from listrak_sync.resume import read_up_to
from listrak_sync.run_settings import RunOptions
from listrak_sync.tasks import PushOptions, decode_options

RunState: TypeAlias = Literal["finished", "unfinished", "running"]


class ListedRun(msgspec.Struct, frozen=True):
    """A run as `runs` tells of it."""

    run: str
    started: str
    state: RunState
    accepted: int
    refused: int
    unsent: int
    read_up_to: str
    mapping: str
    inputs: list[str]


class ListedImport(msgspec.Struct, frozen=True):
    """An import of a run, and what Listrak says of it where it was asked."""

    list_id: int
    import_id: str
    state: ImportState | None = None


class ListedPart(msgspec.Struct, frozen=True):
    """What one process did of a run; without a report, it runs or was killed."""

    started: str
    ended: str | None
    report: RunRecord | None


class WholeRun(ListedRun, frozen=True):
    """A run as `runs show` tells of it."""

    destination: str
    mapping_files: list[str]
    mapping_sha256: str
    options: dict[str, Any]
    imports: list[ListedImport]
    parts: list[ListedPart]
    resume: str | None


def listed_runs(journal: JournalReader, *, is_held: bool) -> Iterator[ListedRun]:
    """Yield every run, the newest first; `is_held` says whether another process holds the journal.

    Raises msgspec.MsgspecError, LookupError, TypeError or ValueError for a damaged row.
    """
    running = journal.begun_last() if is_held else None
    for info in journal.runs():
        yield ListedRun(**_listed(info, decode_options(info.settings), running))


def whole_run(
    journal: JournalReader,
    info: RunInfo,
    *,
    is_held: bool,
    states: Mapping[ImportKey, ImportState],
) -> WholeRun:
    """Return all that the journal knows of a run; raises as `listed_runs` does.

    `states` are those of the imports about which Listrak was asked.
    """
    options = decode_options(info.settings)
    parts = [
        ListedPart(
            utc(part.started),
            None if part.ended is None else utc(part.ended),
            None if part.report is None else msgspec.json.decode(part.report, type=RunRecord),
        )
        for part in journal.parts(info.id)
    ]
    listed = _listed(info, options, journal.begun_last() if is_held else None)
    resume = f"listrak-sync push --resume {info.id}" if listed["state"] == "unfinished" else None
    return WholeRun(
        **listed,
        destination=info.destination,
        mapping_files=[shown(file) for file in options.mapping_files],
        mapping_sha256=options.mapping_sha256,
        options=_given(options),
        imports=[ListedImport(*key, states.get(key)) for key in journal.imports_of(info.id)],
        parts=parts,
        resume=resume,
    )


def as_arguments(options: Mapping[str, Any]) -> str:
    """Return options as they could be typed."""
    words = []
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            words.append(name)
            words += [] if each is True else [shlex.quote(str(each))]
    return " ".join(words)


def _listed(info: RunInfo, options: PushOptions, running: str | None) -> dict[str, Any]:
    """Return the members of a listed run."""
    state: RunState = "finished" if info.is_finished else "unfinished"
    return {
        "run": info.id,
        "started": utc(info.started),
        "state": "running" if info.id == running else state,
        "accepted": info.contacts.get("accepted", 0),
        "refused": info.contacts.get("refused", 0),
        "unsent": info.contacts.get("planned", 0),
        "read_up_to": read_up_to(info, options),
        "mapping": ", ".join(map(shown, options.mapping_files)),
        "inputs": [shown(file) for file in options.events],
    }


def _given(options: PushOptions) -> dict[str, Any]:
    """Return the options of a run that are not as they are by default, by their names."""
    usual = msgspec.to_builtins(RunOptions()) | msgspec.to_builtins(Guards())
    own = msgspec.to_builtins(options)
    found = {name: own[name] for name in RunOptions.__struct_fields__} | own["guards"]
    for name in ("since", "until"):
        if found[name] is not None:
            found[name] = utc(found[name] / 1e9)
    return {
        f"--{name.replace('_', '-')}": list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != usual[name] and not name.endswith("_before")
    }
