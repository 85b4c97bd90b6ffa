"""A SQLite file of ours, readable by its owner alone and written in transactions."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.errors import BusyError, SettingsError


class Lock:
    """An exclusive lock on a file, which the system lets go of when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock on a journal. Raises BusyError where another process has it, OSError."""
        beside = path.with_name(f"{path.name}.lock")
        self._descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
            os.write(self._descriptor, f"process {os.getpid()} since {since}".encode())
        except BlockingIOError:
            holder = os.read(self._descriptor, 100).decode(errors="replace")
            os.close(self._descriptor)
            hint = "Wait until it has ended, or use another journal with --journal PATH."
            raise BusyError(f"{path}: held by {holder or 'another process'}", hint) from None
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let others have the lock."""
        os.close(self._descriptor)


PAGE_BYTES: Final = 32_768
"""The size of a page: bodies are about a megabyte, and large pages halve what they cost."""

CHECKPOINT_PAGES: Final = 4096
"""How much is written beside the file before it goes into it; what is deleted by then does not."""

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MEND: Final = "Mend that, name another journal with --journal PATH, or do without: --no-journal."
_ROOM: Final = """\
Make room and carry on with: listrak-sync push --resume
Or name another journal with --journal PATH, or do without: --no-journal."""
_MOVE: Final = """\
Is it another file? Then name the journal with --journal PATH. Else move it away, with the files
-wal and -shm beside it, and push the same input again: values converge, so sending twice does no
harm."""


class Database:
    """An open database; its methods may be called by any thread, and one at a time goes on."""

    def __init__(self, path: Path, schema: str, application: int, version: int) -> None:
        """Open or create a database that only its owner can read.

        The file is of an application (a 32-bit number) and a version of the schema, and refused
        with SettingsError where it is not. Raises it, too, where it cannot be used at all.
        """
        self.path = path
        self._lock = threading.RLock()
        with guarded(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._prepare(schema, application, version)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Give back the room of what is deleted, and let go of the file."""
        with self._lock:
            with suppress(sqlite3.Error):
                self._connection.executescript("PRAGMA incremental_vacuum")  # execute stops early
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read, undisturbed by other threads. Raises SettingsError for what is damaged."""
        with self._lock, guarded(self.path):
            yield self._connection

    @contextmanager
    def writing(self, *, durably: bool = False) -> Iterator[sqlite3.Connection]:
        """Write several things or none of them. Raises SettingsError.

        What is written survives the end of the process; if durably, a loss of power, too.
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
                self._connection.rollback()  # nothing to do where a full disk has done it
                raise

    def _prepare(self, schema: str, application: int, version: int) -> None:
        """Set a new file up; check that another one is ours before anything in it is changed."""
        execute = self._connection.execute
        (found,) = execute("PRAGMA application_id").fetchone()
        (written,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        is_new = not (found or written or tables)
        if not is_new and found != application:
            raise SettingsError(
                f"{self.path}: not a journal, but a database of another kind", _MOVE
            )
        if not is_new and written != version:
            hint = "Use the version of listrak-sync that wrote it, or name another with --journal."
            raise SettingsError(f"{self.path}: a journal of another version: {written}", hint)
        execute("PRAGMA foreign_keys = ON")
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


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn what SQLite, the disk or a damaged row says into what the user can do about it.

    Raises SettingsError.
    """
    try:
        yield
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{path}: the journal is damaged: {error}", _MOVE) from error
    except sqlite3.DatabaseError as error:
        hint = _hint(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        raise SettingsError(f"{path}: the journal cannot be used: {error}", hint) from error
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}", _MEND) from error


def _hint(code: int) -> str:
    if code in _DAMAGED:
        return _MOVE
    return _ROOM if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR} else _MEND
