"""The journal's tables: runs, their batches, and the bytes of what is planned."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias, overload

import msgspec

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Batch, Route
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.receipts import ImportKey
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.addresses import API_URL

APPLICATION: Final = 0x4C53594E
"""Marks a SQLite file as a journal: LSYN."""

DESTINATION: Final = "api_url"
"""The setting that names the address a run sends to; without it, that is Listrak's own."""

VERSION: Final = 1
SCHEMA: Final = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    started REAL NOT NULL,
    ended REAL,
    settings BLOB NOT NULL,   -- what the run was asked to do, JSON
    files BLOB NOT NULL,      -- the names of the files by index, JSON
    position BLOB NOT NULL    -- how far the input is planned, JSON
);
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    window INTEGER NOT NULL,
    alone INTEGER NOT NULL,   -- 1: goes out by itself, before those that go together
    rank REAL NOT NULL,       -- the order within a window
    list INTEGER NOT NULL,
    route TEXT NOT NULL,
    size INTEGER NOT NULL,    -- contacts
    state TEXT NOT NULL,      -- planned, accepted, refused or divided
    detail TEXT,              -- the imports' ids, why it was refused, or a checksum if planned
    answered REAL
);
CREATE INDEX places ON batches (run, window, alone DESC, rank);
CREATE TABLE bodies (         -- of what is planned
    number INTEGER PRIMARY KEY REFERENCES batches (number) ON DELETE CASCADE,
    body BLOB NOT NULL,
    contacts BLOB NOT NULL    -- msgpack
);
"""

State: TypeAlias = Literal["planned", "accepted", "refused", "divided"]
BatchPlace: TypeAlias = tuple[str, int, bool, float]
"""Where a batch belongs: its run and window, whether it goes alone, and its rank there."""


class RunInfo(msgspec.Struct, frozen=True):
    """A run in the journal; times in seconds since 1970, contacts counted by their batch's state.

    `destination` is the address of the API that the run sends to.
    """

    id: str
    started: float
    ended: float | None
    settings: msgspec.Raw
    destination: str
    files: tuple[str, ...]
    position: Checkpoint
    contacts: Mapping[str, int]

    @property
    def is_finished(self) -> bool:
        """Say whether nothing is left to read or to send."""
        return self.ended is not None


def runs(db: sqlite3.Connection) -> list[RunInfo]:
    """Return every run, the newest first."""
    contacts: dict[str, dict[str, int]] = {}
    counts = "SELECT run, state, sum(size) FROM batches WHERE state <> 'divided' GROUP BY 1, 2"
    for run, state, count in db.execute(counts):
        contacts.setdefault(run, {})[state] = count
    # In the order in which they were written down: the clock may have been set back since.
    rows = (
        "SELECT id, started, ended, settings, json_extract(CAST(settings AS TEXT), ?), "
        "files, position FROM runs ORDER BY rowid DESC"
    )
    return [
        RunInfo(
            run,
            started,
            ended,
            msgspec.Raw(settings),
            destination or API_URL,
            msgspec.json.decode(files, type=tuple[str, ...]),
            msgspec.json.decode(position, type=Checkpoint),
            contacts.get(run, {}),
        )
        for run, started, ended, settings, destination, files, position in db.execute(
            rows, (f"$.{DESTINATION}",)
        )
    ]


def finish(db: sqlite3.Connection, ended: float) -> int:
    """Mark the runs of which nothing is left as finished; return how many these are."""
    changed = db.execute(
        "UPDATE runs SET ended = ? WHERE ended IS NULL "
        "AND json_extract(CAST(position AS TEXT), '$.done') AND NOT EXISTS "
        "(SELECT 1 FROM batches WHERE run = runs.id AND state = 'planned')",
        (ended,),
    )
    return changed.rowcount


def insert(db: sqlite3.Connection, place: BatchPlace, batch: Batch) -> int:
    """Write a batch down as planned; return its number."""
    contacts = msgspec.msgpack.encode(tuple(batch.contacts))
    number = db.execute(
        "INSERT INTO batches (run, window, alone, rank, list, route, size, state, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?)",
        (
            *(*place, batch.list_id, batch.route, len(batch.contacts)),
            _checksum(batch.list_id, batch.route, batch.body, contacts),
        ),
    ).lastrowid
    db.execute("INSERT INTO bodies VALUES (?, ?, ?)", (number, batch.body, contacts))
    return number or 0


def last_answered(db: sqlite3.Connection) -> float:
    """Return when the last batch was answered, 0 where none was."""
    (answered,) = db.execute("SELECT coalesce(max(answered), 0.0) FROM batches").fetchone()
    return float(answered)


def have_rejects(db: sqlite3.Connection, but: str) -> bool:
    """Say whether runs other than one have rejected lines, or had contacts refused."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM runs WHERE id <> ? AND ("
        "coalesce(json_extract(CAST(position AS TEXT), '$.rejects'), 0) > 0 OR EXISTS "
        "(SELECT 1 FROM batches WHERE run = runs.id AND state = 'refused')))"
    )
    (found,) = db.execute(query, (but,)).fetchone()
    return bool(found)


def close(
    db: sqlite3.Connection,
    batch: Batch,
    state: State,
    answered: float,
    detail: str | None = None,
) -> None:
    """Write down what became of a batch, and delete its bytes."""
    db.execute(
        "UPDATE batches SET state = ?, detail = ?, answered = ? WHERE number = ?",
        (state, detail, answered, batch.number),
    )
    db.execute("DELETE FROM bodies WHERE number = ?", (batch.number,))


def planned(
    db: sqlite3.Connection, after: BatchPlace, number: int, last: int, path: Path
) -> tuple[float, Batch] | None:
    """Return the first planned batch of a window after a rank and number, with its rank.

    Only batches with a number up to `last` count; None where there is none. `path` is for messages.
    """
    row = db.execute(
        "SELECT rank, number, list, route, size, body, contacts, detail FROM batches "
        "JOIN bodies USING (number) WHERE run = ? AND window = ? AND alone = ? "
        "AND (rank, number) > (?, ?) AND number <= ? ORDER BY rank, number LIMIT 1",
        (*after, number, last),
    ).fetchone()
    if row is None:
        return None
    rank, number, list_id, name, size, body, contacts, checksum = row
    kinds = ((list_id, int), (body, bytes), (size, int), (contacts, bytes))
    if not all(isinstance(value, kind) for value, kind in kinds):
        raise msgspec.ValidationError(f"batch {number} has a value of the wrong type")
    # Journals of earlier versions have none. SQLite itself does not notice a bit that has changed.
    if checksum is not None and checksum != _checksum(list_id, name, body, contacts):
        raise msgspec.ValidationError(f"batch {number} is not as it was written down")
    route: Route = LIST_IMPORT if name == LIST_IMPORT else PROFILE_FIELDS
    return rank, Batch(list_id, route, body, _Contacts(path, size, contacts), number)


def _checksum(list_id: int, route: str, body: bytes, contacts: bytes) -> str:
    """Return a checksum of what a batch would send."""
    checksum = zlib.crc32(f"{list_id} {route}".encode())
    return f"{zlib.crc32(contacts, zlib.crc32(body, checksum)):08x}"


def imports(db: sqlite3.Connection, since: float, runs: Sequence[str]) -> list[ImportKey]:
    """Return the imports of the window, among some runs, that was answered last.

    Only answers after `since` count.
    """
    rows = db.execute(
        "SELECT list, detail FROM batches WHERE state = 'accepted' AND (run, window) = "
        "(SELECT run, window FROM batches WHERE answered >= ? AND state = 'accepted' "
        "AND run IN (SELECT value FROM json_each(?)) "
        "ORDER BY answered DESC LIMIT 1) ORDER BY number",
        (since, msgspec.json.encode(runs).decode()),
    )
    return [(list_id, each) for list_id, detail in rows for each in detail.split(",") if each]


def imports_of(db: sqlite3.Connection, run: str) -> list[ImportKey]:
    """Return the imports that a run has started."""
    rows = db.execute(
        "SELECT list, detail FROM batches WHERE state = 'accepted' AND run = ? ORDER BY number",
        (run,),
    )
    return [(list_id, each) for list_id, detail in rows for each in detail.split(",") if each]


class _Contacts(Sequence[Contact]):
    """The contacts of a planned batch, decoded when they are first looked at: few ever are."""

    def __init__(self, journal: Path, size: int, encoded: bytes) -> None:
        self._journal = journal
        self._size = size
        self._encoded = encoded

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Contact]:
        return iter(self._decoded)

    @overload
    def __getitem__(self, index: int) -> Contact: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Contact]: ...

    def __getitem__(self, index: int | slice) -> Contact | Sequence[Contact]:
        return self._decoded[index]

    @cached_property
    def _decoded(self) -> tuple[Contact, ...]:
        with guarded(self._journal, reads_rows=True):
            return msgspec.msgpack.decode(self._encoded, type=tuple[Contact, ...])
