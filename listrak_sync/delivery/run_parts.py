"""The journal's table of the parts of runs: what each process did of one, and its report."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

TABLE: Final = """
CREATE TABLE IF NOT EXISTS parts (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    started REAL NOT NULL,
    ended REAL,
    report BLOB     -- what push --json prints; without one, the part runs or was killed
)
"""


class RunPart(msgspec.Struct, frozen=True):
    """What one process did of a run: times in seconds since 1970, and its report as JSON.

    A run has another part each time it is resumed. A part without a report runs, or was killed.
    """

    started: float
    ended: float | None
    report: bytes | None


def begin(db: sqlite3.Connection, run: str, started: float) -> int:
    """Write down that a part of a run begins; return its number."""
    insert = "INSERT INTO parts (run, started) VALUES (?, ?)"
    return db.execute(insert, (run, started)).lastrowid or 0


def end(db: sqlite3.Connection, number: int, ended: float, report: bytes) -> None:
    """Write down how a part ended."""
    db.execute("UPDATE parts SET ended = ?, report = ? WHERE number = ?", (ended, report, number))


def of_run(db: sqlite3.Connection, run: str) -> list[RunPart]:
    """Return the parts of a run in their order; runs of earlier versions have none."""
    query = "SELECT started, ended, report FROM parts WHERE run = ? ORDER BY number"
    return [RunPart(*row) for row in db.execute(query, (run,))]


def begun_last(db: sqlite3.Connection) -> str | None:
    """Return the run whose part began last, if that part has no report yet."""
    query = "SELECT run, report IS NULL FROM parts ORDER BY number DESC LIMIT 1"
    run, is_open = db.execute(query).fetchone() or (None, False)
    return run if is_open else None
