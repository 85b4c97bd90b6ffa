"""A SQLite file that only its owner can read, written in transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.errors import SettingsError

PAGE_BYTES: Final = 32_768
"""The size of a page: a body is about a megabyte, and large pages halve the time it takes."""

CHECKPOINT_PAGES: Final = 4096
"""How many pages are written beside the file before they are copied into it.

A body that is answered, and so deleted, by then is never copied.
"""

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a row raises; msgspec below 0.23 raises UnicodeDecodeError for other encodings."""

_WRONG: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What a value of another type, or out of range, leads to where a row is read."""

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FIX: Final = "Fix that, name another journal with --journal PATH, or do without: --no-journal."
_ROOM: Final = """\
Make room and carry on with: listrak-sync push --resume
Or name another journal with --journal PATH, or do without: --no-journal."""
_MOVE: Final = """\
If this is another file, name the journal with --journal PATH. Otherwise move it away, with the
files -wal and -shm beside it, and push the same input again: values converge, so sending twice
does no harm."""


class Database:
    """An open database; any thread may call its methods, and one at a time goes on."""

    def __init__(
        self, path: Path, application: int, version: int, schema: str | None = None
    ) -> None:
        """Open or create a database that only its owner can read; without a schema, only read it.

        `application` (a 32-bit number) and `version` (of the schema) are written in the file.
        Raises SettingsError where those of a file differ, and where it cannot be used at all.
        """
        self.path = path
        self._lock = threading.RLock()
        self._is_written = schema is not None
        with guarded(path):
            if self._is_written:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            mode = "mode=rwc" if self._is_written else _to_read(path)
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?{mode}",
                uri=True,
                check_same_thread=False,
                isolation_level=None,
            )
            try:
                is_new = self._check(application, version)
                if schema is not None:
                    self._prepare(schema, application, version, is_new=is_new)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Give deleted pages back to the file system, and close the file."""
        with self._lock:
            if self._is_written:
                with suppress(sqlite3.Error):  # not execute, which stops early
                    self._connection.executescript("PRAGMA incremental_vacuum")
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read while no other thread writes. Raises SettingsError where the file is damaged."""
        with self._lock, guarded(self.path, reads_rows=True):
            yield self._connection

    @contextmanager
    def writing(self, *, durably: bool = False) -> Iterator[sqlite3.Connection]:
        """Write several things, or none of them. Raises SettingsError.

        What is written survives the end of the process; with `durably`, also a loss of power.
        """
        with self._lock, guarded(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durably else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                self._connection.rollback()  # does nothing where a full disk already has
                raise

    def _check(self, application: int, version: int) -> bool:
        """Check that an existing file is a journal; say whether it is new. Raises SettingsError."""
        execute = self._connection.execute
        (found,) = execute("PRAGMA application_id").fetchone()
        (written,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        is_new = not (found or written or tables)
        if not is_new and found != application:
            raise SettingsError(
                f"{self.path}: this is another kind of database, not a journal", _MOVE
            )
        if not is_new and written != version:
            hint = "Use the version of listrak-sync that wrote it, or name another with --journal."
            raise SettingsError(f"{self.path}: this journal has another version: {written}", hint)
        return is_new

    def _prepare(self, schema: str, application: int, version: int, *, is_new: bool) -> None:
        """Make a file private, and fit to be written."""
        execute = self._connection.execute
        for suffix in ("", "-wal", "-shm"):  # of a journal that others could read so far
            with suppress(FileNotFoundError, PermissionError):
                self.path.with_name(f"{self.path.name}{suffix}").chmod(0o600)
        execute("PRAGMA foreign_keys = ON")
        # What is deleted held addresses of contacts: they must not stay in free pages.
        execute("PRAGMA secure_delete = FAST")
        execute(f"PRAGMA page_size = {PAGE_BYTES}")
        execute("PRAGMA auto_vacuum = INCREMENTAL")
        execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        execute("PRAGMA journal_mode = WAL")
        if is_new:
            self._connection.executescript(
                f"BEGIN; {schema} PRAGMA application_id = {application};"
                f"PRAGMA user_version = {version}; COMMIT;"
            )


def _to_read(path: Path) -> str:
    """Return how SQLite opens a file to be read only."""
    wal = path.with_name(f"{path.name}-wal")
    if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
        return "mode=ro"
    # SQLite cannot make the file there by which it sees others write; whoever does has a -wal.
    return "mode=ro&immutable=1"


@contextmanager
def guarded(path: Path, *, reads_rows: bool = False) -> Iterator[None]:
    """Turn errors of SQLite, of the disk and of damaged rows into a SettingsError with a hint.

    With `reads_rows`, nothing is done inside but reading rows, and any exception is their fault.
    """
    damaged = _UNREADABLE + _WRONG if reads_rows else _UNREADABLE
    try:
        yield
    except damaged as error:
        raise SettingsError(f"{path}: the journal is damaged: {error}", _MOVE) from error
    except sqlite3.DatabaseError as error:
        hint = _hint(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        raise SettingsError(f"{path}: the journal cannot be used: {error}", hint) from error
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}", _FIX) from error


def _hint(code: int) -> str:
    if code in _DAMAGED:
        return _MOVE
    return _ROOM if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} else _FIX
