"""The names of the runs in a journal, read without touching it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Final
from urllib.parse import quote

MOST: Final = 100


def run_names(path: str) -> list[tuple[str, str]]:
    """Return the newest runs of a journal with what is known of each; none if it cannot be read."""
    rows = "SELECT id, ended IS NULL FROM runs ORDER BY rowid DESC LIMIT ?"
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)) as db:
            found = db.execute(rows, (MOST,)).fetchall()
    except sqlite3.Error:
        return []
    return [(run, "unfinished" if is_open else "finished") for run, is_open in found]
