"""What is planned, sent and answered, written down so that it survives a kill."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias
from uuid import uuid4

import msgspec

from listrak_sync.delivery.deliver import Phase, Phases
from listrak_sync.delivery.lock import Lock
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.errors import SettingsError
from listrak_sync.events.positions import Position
from listrak_sync.updates.batches import Batch, Route
from listrak_sync.updates.window import Contact

VERSION: Final = 1
KEEP_DAYS: Final = 30
"""How long finished runs are kept."""

_SCHEMA: Final = """
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
    body BLOB,                -- NULL once answered
    contacts BLOB,            -- NULL once answered
    state TEXT NOT NULL,      -- planned, accepted, refused or divided
    detail TEXT
);
CREATE INDEX planned ON batches (run, window, alone DESC, rank) WHERE state = 'planned';
"""

State: TypeAlias = Literal["planned", "accepted", "refused", "divided"]


class RunInfo(msgspec.Struct, frozen=True):
    """A run of the journal; times in seconds since 1970, contacts by the state of their batch."""

    id: str
    started: float
    ended: float | None
    settings: msgspec.Raw
    files: tuple[str, ...]
    position: Position
    contacts: Mapping[str, int]

    @property
    def is_finished(self) -> bool:
        """Say whether nothing is left to read or to send."""
        return self.ended is not None


class Journal:
    """One file of runs, held by one process at a time.

    A window is written down, bytes and all, before any of it is sent; each answer when it is
    there, and the bytes go with it. Planned and unanswered means: perhaps sent.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the journal.

        Raises BusyError where another process holds it, SettingsError where it cannot be used.
        """
        self.path = path
        with _guarded(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file_lock = Lock(path.with_name(f"{path.name}.lock"))
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._prepare()
        self._lock = threading.RLock()
        self.run = ""

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let others have it."""
        self._db.close()
        self._file_lock.release()

    def begin(self, settings: bytes) -> None:
        """Write down a new run; forget finished ones that are old."""
        run, now = f"{time.strftime('%Y%m%dT%H%M%S')}-{uuid4().hex[:6]}", time.time()
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE ended < ?", (now - KEEP_DAYS * 86_400,))
            position = msgspec.json.encode(Position())
            db.execute(
                "INSERT INTO runs VALUES (?, ?, NULL, ?, ?, ?)",
                (run, now, settings, b"[]", position),
            )
        self.run = run

    def plan(self, phases: Phases, files: list[str], position: Position) -> Phases:
        """Write down a window, and that the input is planned up to a position.

        Returns the window's batches, to be read back one by one as they are sent.
        """
        with self._writing(durably=True) as db:
            (window,) = db.execute(
                "SELECT coalesce(max(window), 0) + 1 FROM batches WHERE run = ?", (self.run,)
            ).fetchone()
            for phase in phases:
                db.executemany(
                    "INSERT INTO batches VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', NULL)",
                    (
                        (self.run, window, phase.alone, rank, *_columns(batch))
                        for rank, batch in enumerate(phase.batches)
                    ),
                )
            db.execute(
                "UPDATE runs SET files = ?, position = ? WHERE id = ?",
                (msgspec.json.encode(files), msgspec.json.encode(position), self.run),
            )
        return self._window(self.run, window)

    def unanswered(self, run: str) -> Iterator[Phases]:
        """Yield the windows of a run that have unanswered batches, the oldest first."""
        with self._lock, _guarded(self.path):
            windows = self._db.execute(
                "SELECT DISTINCT window FROM batches "
                "WHERE run = ? AND state = 'planned' ORDER BY window",
                (run,),
            ).fetchall()
        for (window,) in windows:
            yield self._window(run, window)

    def answer(self, receipt: Receipt) -> None:
        """Write down how a batch ended; what was not sent stays planned."""
        match receipt:
            case Delivered(batch, imports):
                self._close(batch, "accepted", ",".join(imports))
            case Undelivered(batch, reason, detail):
                self._close(batch, "refused", f"{reason}: {detail}")
            case Unsent():
                pass

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:
        """Write down the parts that take a batch's place; return them numbered."""
        with self._writing() as db:
            run, window, alone, rank = db.execute(
                "SELECT run, window, alone, rank FROM batches WHERE number = ?", (batch.number,)
            ).fetchone()
            self._close(batch, "divided", None)
            numbered = []
            for index, part in enumerate(parts):
                inner = rank + index / len(parts)
                row = db.execute(
                    "INSERT INTO batches VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', NULL)",
                    (run, window, alone, inner, *_columns(part)),
                )
                numbered.append(msgspec.structs.replace(part, number=row.lastrowid))
        return numbered

    def end(self, run: str | None = None) -> bool:
        """Write down that a run is finished, if nothing is left of it; say whether it is."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE runs SET ended = ? WHERE id = ? AND ended IS NULL "
                "AND json_extract(CAST(position AS TEXT), '$.done') AND NOT EXISTS "
                "(SELECT 1 FROM batches WHERE run = runs.id AND state = 'planned')",
                (time.time(), run or self.run),
            )
        return changed.rowcount > 0

    def forget(self, run: str) -> None:
        """Take a run out of the journal, with what is unanswered of it."""
        with self._writing() as db:
            db.execute("DELETE FROM runs WHERE id = ?", (run,))

    def runs(self) -> list[RunInfo]:
        """Return every run, the newest first."""
        with self._lock, _guarded(self.path):
            rows = self._db.execute(
                "SELECT id, started, ended, settings, files, position FROM runs "
                "ORDER BY started DESC"
            ).fetchall()
            return [self._info(*row) for row in rows]

    def _info(self, run: str, started: float, ended: float | None, *documents: bytes) -> RunInfo:
        settings, files, position = documents
        contacts = dict(
            self._db.execute(
                "SELECT state, sum(size) FROM batches WHERE run = ? AND state <> 'divided' "
                "GROUP BY state",
                (run,),
            )
        )
        return RunInfo(
            run,
            started,
            ended,
            msgspec.Raw(settings),
            msgspec.json.decode(files, type=tuple[str, ...]),
            msgspec.json.decode(position, type=Position),
            contacts,
        )

    def _window(self, run: str, window: int) -> Phases:
        for alone in (True, False):
            yield Phase(self._planned(run, window, alone=alone), alone)

    def _planned(self, run: str, window: int, *, alone: bool) -> Iterator[Batch]:
        """Yield the planned batches of a window that were there when it began."""
        rank, number = -1.0, 0
        with self._lock, _guarded(self.path):
            (last,) = self._db.execute("SELECT max(number) FROM batches").fetchone()
        while True:
            with self._lock, _guarded(self.path):
                row = self._db.execute(
                    "SELECT rank, number, list, route, body, contacts FROM batches "
                    "WHERE run = ? AND window = ? AND alone = ? AND state = 'planned' "
                    "AND (rank, number) > (?, ?) AND number <= ? ORDER BY rank, number LIMIT 1",
                    (run, window, alone, rank, number, last),
                ).fetchone()
            if row is None:
                return
            rank, number, list_id, route, body, contacts = row
            decoded = msgspec.msgpack.decode(contacts, type=tuple[Contact, ...])
            yield Batch(list_id, _route(route), body, decoded, number)

    def _close(self, batch: Batch, state: State, detail: str | None) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE batches SET state = ?, detail = ?, body = NULL, contacts = NULL "
                "WHERE number = ?",
                (state, detail, batch.number),
            )

    @contextmanager
    def _writing(self, *, durably: bool = False) -> Iterator[sqlite3.Connection]:
        """Write several things or none of them; one thread at a time.

        What is written survives the end of the process; if durably, a loss of power, too.
        """
        with self._lock, _guarded(self.path):
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durably else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _prepare(self) -> None:
        """Set the file up, or check that it is a journal of ours."""
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute("PRAGMA journal_mode = WAL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            hint = "Use the version of listrak-sync that wrote it, or name another with --journal."
            raise SettingsError(f"{self.path}: a journal of another version", hint)


def _columns(batch: Batch) -> tuple[int, str, int, bytes, bytes]:
    contacts = msgspec.msgpack.encode(batch.contacts)
    return batch.list_id, batch.route, len(batch.contacts), batch.body, contacts


def _route(name: str) -> Route:
    return "list-import" if name == "list-import" else "profile-fields"


@contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk says into what the user can do about it."""
    hint = "Mend that, name another journal with --journal PATH, or do without: --no-journal."
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            hint = (
                "Move the file away to begin a new journal, then push the same input again:\n"
                "values converge, so sending twice does no harm."
            )
        raise SettingsError(f"{path}: the journal cannot be used: {error}", hint) from error
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}", hint) from error
