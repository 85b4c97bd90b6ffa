"""Where the journal is, and which files it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listrak_sync.delivery.journal import Journal
from listrak_sync.input.sources import Source


@contextmanager
def opened(path: Path | None, *, wanted: bool) -> Iterator[Journal | None]:
    """Open the journal, if one is wanted: the user's own where no path is given."""
    if not wanted:
        yield None
        return
    with Journal(path or default_journal()) as journal:
        yield journal


def default_journal() -> Path:
    """Return where the user's journal is."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where a journal is used

    return user_state_path("listrak-sync") / "journal.sqlite3"


def files_of(journal: Journal | None) -> list[Source]:
    """Return the files that a journal keeps: its own, SQLite's beside it, and the lock."""
    if journal is None:
        return []
    return [Source(f"{journal.path}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")]
