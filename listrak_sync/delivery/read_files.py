"""The journal's table of files that finished runs have read, for `--once`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from listrak_sync.input.identity import FileIdentity

TABLE: Final = """
CREATE TABLE IF NOT EXISTS read_files (
    destination TEXT NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,  -- nanoseconds since 1970
    checksum INTEGER NOT NULL,  -- of the first and last bytes
    run TEXT NOT NULL,
    done INTEGER NOT NULL,      -- 1: the run is finished
    PRIMARY KEY (destination, path)
)
"""


def note(db: sqlite3.Connection, run: str, destination: str, files: Iterable[FileIdentity]) -> None:
    """Write down the files that a run reads."""
    db.executemany(
        "INSERT OR REPLACE INTO read_files VALUES (?, ?, ?, ?, ?, ?, 0)",
        [(destination, each.path, each.size, each.modified, each.checksum, run) for each in files],
    )


def confirm(db: sqlite3.Connection) -> None:
    """Mark the files of finished runs."""
    db.execute(
        "UPDATE read_files SET done = 1 "
        "WHERE NOT done AND run IN (SELECT id FROM runs WHERE ended IS NOT NULL)"
    )


def known(db: sqlite3.Connection, destination: str) -> set[FileIdentity]:
    """Return the files that finished runs have read for a destination."""
    rows = db.execute(
        "SELECT path, size, modified, checksum FROM read_files WHERE destination = ? AND done",
        (destination,),
    )
    return {FileIdentity(*row) for row in rows}


def forget(db: sqlite3.Connection) -> int:
    """Delete all of them; return how many there were."""
    return db.execute("DELETE FROM read_files").rowcount
