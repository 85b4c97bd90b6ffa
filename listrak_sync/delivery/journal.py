"""The journal: what is planned, sent and answered, written down so that it survives a kill."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from listrak_sync.batching.batches import Batch
from listrak_sync.delivery import read_files, rows, run_parts, sent_values
from listrak_sync.delivery.database import Database, guarded
from listrak_sync.delivery.delivery import Phase, Phases
from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.delivery.lock import Lock
from listrak_sync.delivery.receipts import (
    AcceptedBatch,
    ImportKey,
    Receipt,
    RefusedBatch,
    UnsentBatch,
)
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.delivery.sending import ignore
from listrak_sync.delivery.sent_values import SentField, SentValue
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.identity import FileIdentity
from listrak_sync.input.sources import Source
from listrak_sync.listrak.addresses import API_URL

KEEP_DAYS: Final = 30
"""How many days finished runs are kept."""

FOLLOW_SECONDS: Final = 86_400
"""For how many seconds after its answer an import may still be running."""


@dataclass(frozen=True, slots=True)
class OnceFiles:
    """Files that are read only once for a purpose: the destination, mapping and options of runs."""

    purpose: str
    files: Sequence[FileIdentity]


class Journal(JournalReader):
    """The runs in one file, which one process holds at a time.

    A window is written down, with the bytes of its requests, before any of it is sent. An answer
    is written down when it arrives, and the bytes are deleted with it. A batch that is planned
    and has no answer may have been sent.
    """

    def __init__(
        self,
        path: Path,
        patience: float = 0.0,
        on_wait: Callable[[str], object] = ignore,
    ) -> None:
        """Open or create the journal; wait `patience` seconds where another process holds it.

        `on_wait` is called with who holds it before the waiting begins. Raises BusyError where
        it is still held then, SettingsError where it cannot be used.
        """
        with guarded(path):
            if not path.name or path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = Lock(path, patience, on_wait)
        try:
            super().__init__(path)
            with self._database.writing() as db:
                for table in (read_files.TABLE, sent_values.TABLE, run_parts.TABLE):
                    db.execute(table)  # journals of earlier versions have none
            with self._database.reading() as db:
                self._answered = rows.last_answered(db)
        except BaseException:
            self._lock.release()
            raise
        self.run = ""
        self._part = 0
        self._destination_of = ""
        self._known_destination = API_URL

    def _open(self) -> Database:
        return Database(self.path, rows.APPLICATION, rows.VERSION, rows.SCHEMA)

    def __exit__(self, *_: object) -> None:
        """Close the journal and release it to other processes."""
        super().__exit__()
        self._lock.release()

    def begin(self, settings: bytes, once: OnceFiles | None = None) -> None:
        """Write down a new run, with the files that are to be read once; forget old runs.

        Only finished ones are forgotten.
        """
        run, now = f"{time.strftime('%Y%m%dT%H%M%S')}-{uuid4().hex[:6]}", time.time()
        nothing = msgspec.json.encode(Checkpoint())
        with self._database.writing() as db:
            db.execute(
                # The newest stays, whatever the clock says: its imports may still be running.
                "DELETE FROM runs WHERE ended < ? AND rowid < (SELECT max(rowid) FROM runs)",
                (now - KEEP_DAYS * 86_400,),
            )
            db.execute(
                "INSERT INTO runs VALUES (?, ?, NULL, ?, ?, ?)",
                (run, now, settings, b"[]", nothing),
            )
            if not rows.have_rejects(db, run):
                sent_values.forget(db)
            if once is not None:
                read_files.note(db, run, once.purpose, once.files)
            self._part = run_parts.begin(db, run, now)
        self.run = run

    def go_on(self) -> None:
        """Write down that a process resumes the current run."""
        with self._database.writing() as db:
            self._part = run_parts.begin(db, self.run, time.time())

    def end_part(self, report: bytes) -> None:
        """Write down the report of this process's part of the current run, as JSON."""
        with self._database.writing() as db:
            run_parts.end(db, self._part, time.time(), report)

    def has_rejects(self) -> bool:
        """Say whether other runs have left rejects, which may be fed back."""
        with self._database.reading() as db:
            return rows.have_rejects(db, self.run)

    def newest_sent(self, fields: Sequence[SentField]) -> dict[SentField, int]:
        """Return when the values happened that were noted last, for the fields that have one."""
        with self._database.reading() as db:
            return sent_values.instants(db, self._destination, fields)

    def files_read(self, purpose: str) -> set[FileIdentity]:
        """Return the files that finished runs with `--once` have read for a purpose."""
        with self._database.reading() as db:
            return read_files.known(db, purpose)

    def forget_files(self) -> int:
        """Forget which files were read; return how many there were."""
        with self._database.writing() as db:
            return read_files.forget(db)

    def plan(
        self,
        phases: Phases,
        files: list[str],
        position: Checkpoint,
        sent: Iterable[SentValue] = (),
    ) -> Phases:
        """Write down a window, and that the input is planned up to a position.

        `sent` are the values of the window as far as they are to be known later.
        Returns the batches of the window, which are read back one by one as they are sent.
        """
        with self._database.writing(durably=True) as db:
            (window,) = db.execute(
                "SELECT coalesce(max(window), 0) + 1 FROM batches WHERE run = ?", (self.run,)
            ).fetchone()
            for phase in phases:
                for rank, batch in enumerate(phase.batches):
                    rows.insert(db, (self.run, window, phase.alone, rank), batch)
            db.execute(
                "UPDATE runs SET files = ?, position = ? WHERE id = ?",
                (msgspec.json.encode(files), msgspec.json.encode(position), self.run),
            )
            sent_values.note(db, self._destination, sent)
        return self._window(self.run, window)

    def unanswered(self, run: str) -> Iterator[Phases]:
        """Yield the windows of a run that have unanswered batches, the oldest first."""
        with self._database.reading() as db:
            windows = db.execute(
                "SELECT DISTINCT window FROM batches "
                "WHERE run = ? AND state = 'planned' ORDER BY window",
                (run,),
            ).fetchall()
        for (window,) in windows:
            yield self._window(run, window)

    def answer(self, receipt: Receipt) -> None:
        """Write down how a batch ended; an unsent batch stays planned."""
        with self._database.writing() as db:
            match receipt:
                case AcceptedBatch(batch, imports):
                    rows.close(db, batch, "accepted", self._now(), ",".join(imports))
                case RefusedBatch(batch, reason, detail):
                    rows.close(db, batch, "refused", self._now(), f"{reason}: {detail}")
                    sent_values.drop(db, self._destination, _fields_of(batch))
                case UnsentBatch():
                    pass

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:
        """Write down the parts that replace a batch; return them with their numbers.

        The parts of a batch that was never planned are not written down either.
        """
        if not batch.number:
            return parts
        numbered = []
        with self._database.writing() as db:
            run, window, alone, rank = db.execute(
                "SELECT run, window, alone, rank FROM batches WHERE number = ?", (batch.number,)
            ).fetchone()
            rows.close(db, batch, "divided", self._now())
            for index, part in enumerate(parts):
                number = rows.insert(db, (run, window, alone, rank + index / len(parts)), part)
                numbered.append(msgspec.structs.replace(part, number=number))
        return numbered

    def imports(self) -> list[ImportKey]:
        """Return the imports that may still be running: those of the window that was sent last.

        Each window waits for the one before, so all earlier imports have ended. Runs for other
        destinations do not count.
        """
        here = [info.id for info in self.runs_of_destination()]
        with self._database.reading() as db:
            return rows.imports(db, time.time() - FOLLOW_SECONDS, here)

    def end(self) -> bool:
        """Mark the runs of which nothing is left as finished; return whether there is one."""
        with self._database.writing() as db:
            changed = rows.finish(db, time.time())
            read_files.confirm(db)
        return changed > 0

    def finish(self, run: str) -> None:
        """Mark a run as finished, wherever its input was left."""
        with self._database.writing() as db:
            db.execute("UPDATE runs SET ended = ? WHERE id = ?", (time.time(), run))

    def forget(self, runs: Iterable[str]) -> None:
        """Delete runs from the journal, with their unanswered batches."""
        with self._database.writing() as db:
            db.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in runs])

    def runs_of_destination(self) -> list[RunInfo]:
        """Return every run with the same destination as the current one, the newest first."""
        found = self.runs()
        own = next((info.destination for info in found if info.id == self.run), API_URL)
        return [info for info in found if info.destination == own]

    @property
    def _destination(self) -> str:
        """Return the address that the current run sends to."""
        if self._destination_of != self.run:
            found = (info.destination for info in self.runs() if info.id == self.run)
            self._known_destination = next(found, API_URL)
            self._destination_of = self.run
        return self._known_destination

    def _now(self) -> float:
        """Return the time of an answer, which is after that of every other in the journal."""
        # The clock may have been set back since; the order of answers must not change with it.
        self._answered = max(time.time(), self._answered + 1e-5)
        return self._answered

    def _window(self, run: str, window: int) -> Phases:
        for alone in (True, False):
            yield Phase(self._planned(run, window, alone=alone), alone)

    def _planned(self, run: str, window: int, *, alone: bool) -> Iterator[Batch]:
        """Yield the batches of a window that are planned now, not the parts that replace them."""
        rank, number = -1.0, 0
        with self._database.reading() as db:
            (last,) = db.execute("SELECT max(number) FROM batches").fetchone()
        while True:
            with self._database.reading() as db:
                found = rows.planned(db, (run, window, alone, rank), number, last, self.path)
            if found is None:
                return
            rank, batch = found
            number = batch.number
            yield batch


def _fields_of(batch: Batch) -> Iterator[SentField]:
    for contact in batch.contacts:
        for field, _ in contact.fields:
            yield SentField(contact.list_id, contact.email_address.lower(), field)


def default_journal() -> Path:
    """Return the path of the user's journal."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where a journal is used

    return user_state_path("listrak-sync") / "journal.sqlite3"


@contextmanager
def open_journal(
    path: Path | None,
    *,
    wanted: bool,
    patience: float = 0.0,
    on_wait: Callable[[str], object] = ignore,
) -> Iterator[Journal | None]:
    """Open the journal if it is wanted: the user's own where no path is given.

    A signal ends the wait for one that is held: it raises InterruptedRunError.
    """
    if not wanted:
        yield None
        return
    stop = Stop()
    with interruptible(stop), stop.breaking_off():
        journal = Journal(path or default_journal(), patience, on_wait)
    with journal:
        yield journal


def files_of(journal: Journal | None) -> list[Source]:
    """Return the files of a journal: its own, those of SQLite beside it, and the lock."""
    if journal is None:
        return []
    return [Source(f"{journal.path}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")]
