"""The journal as others see it, who only read: also while a push holds it."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Self

from listrak_sync.delivery import rows, run_parts
from listrak_sync.delivery.database import Database, guarded
from listrak_sync.delivery.receipts import ImportKey
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.delivery.run_parts import RunPart


class JournalReader:
    """The runs in a journal, read only."""

    def __init__(self, path: Path) -> None:
        """Open a journal. Raises SettingsError where there is none, or it cannot be read."""
        self.path = path
        with guarded(path):
            if not path.name or path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        self._database = self._open()

    def _open(self) -> Database:
        return Database(self.path, rows.APPLICATION, rows.VERSION)

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the journal."""
        self._database.close()

    def runs(self) -> list[RunInfo]:
        """Return every run, the newest first."""
        with self._database.reading() as db:
            return rows.runs(db) if _has(db, "runs") else []

    def parts(self, run: str) -> list[RunPart]:
        """Return the parts of a run in their order; a run of an earlier version has none."""
        with self._database.reading() as db:
            return run_parts.of_run(db, run) if _has(db, "parts") else []

    def begun_last(self) -> str | None:
        """Return the run that a process goes on with, if one holds the journal."""
        with self._database.reading() as db:
            return run_parts.begun_last(db) if _has(db, "parts") else None

    def imports_of(self, run: str) -> list[ImportKey]:
        """Return the imports that a run has started, in the order of its batches."""
        with self._database.reading() as db:
            return rows.imports_of(db, run)


def _has(db: sqlite3.Connection, table: str) -> bool:
    """Say whether a table is there: an empty journal has none, an earlier one has no parts."""
    query = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)"
    return bool(db.execute(query, (table,)).fetchone()[0])
