"""The rejects file, which only its owner can read."""

from __future__ import annotations

import os
import re
import stat
import sys
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from listrak_sync.errors import OutputError, UsageError
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.input.sources import STANDARD_INPUT, Source

STANDARD_OUTPUT: Final = "-"
_KEPT: Final = "Feed them back first, add to them with --append, or replace them with --force."
_LOST: Final = "Name another file; what is in this one would be lost."
_REJECT: Final = re.compile(rb'\s*\{\s*"reason"')


class ExistingRejects(StrEnum):
    """What becomes of rejects that the file already holds."""

    REFUSE = "refuse"
    APPEND = "append"
    REPLACE = "replace"


class RejectsFile(AbstractContextManager["RejectsFile"]):
    """Writes rejects as JSON lines, from any thread; without a path it writes nothing.

    `-` is standard output. Raises UsageError where the file cannot be opened, is one that the run
    needs, holds something else, or holds rejects that `existing` does not let go. `note` says what
    was found at its end when appending.
    """

    def __init__(
        self,
        path: Path | None,
        needed: Iterable[Source],
        existing: ExistingRejects = ExistingRejects.REFUSE,
    ) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        self._is_regular = False
        self.note: str | None = None
        if path is None:
            return
        try:
            if str(path) == STANDARD_OUTPUT:
                self._stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
                return
            append = existing is ExistingRejects.APPEND
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | append * os.O_APPEND, 0o600)
            self._stream = os.fdopen(descriptor, "wb")
            status = os.fstat(descriptor)
            # A pipe or a device is not ours: neither its mode nor its length is changed.
            self._is_regular = stat.S_ISREG(status.st_mode)
            if self._is_regular:
                # Before it is emptied: a link may give an input, the mapping or the journal
                # another name.
                if any(_is_same(status, each) for each in needed):
                    self._stream.close()
                    raise UsageError(f"{path}: rejects would overwrite what the run needs", _LOST)
                if not append and not _holds_rejects(path):
                    self._stream.close()
                    raise UsageError(f"{path}: this is not a file of rejects", _LOST)
                if status.st_size and existing is ExistingRejects.REFUSE:
                    self._stream.close()
                    raise UsageError(f"{path}: holds rejects already", _KEPT)
                os.fchmod(descriptor, 0o600)
                if not append:
                    self._stream.truncate(0)
                elif _is_cut_off(path):
                    self._stream.write(b"\n")
                    self._stream.flush()
                    self.note = f"{path}: its last line was cut off; what follows is on a new line"
        except OSError as error:
            hint = "Name a file that can be written with --rejects."
            raise UsageError(f"{path}: {error.strerror or error}", hint) from error

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file unless it is closed; another error is already on its way."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()

    def write(self, reject: Reject | RefusedContact) -> None:
        """Write a reject, which is in the file on return. Raises OutputError."""
        if self._stream is not None:
            line = encode(reject)
            try:
                with self._lock:
                    self._stream.write(line + b"\n")
                    # A kill must not lose it: with the answer the journal forgets the contact.
                    self._stream.flush()
            except OSError as problem:
                raise self._unwritable(problem) from problem

    def sync(self) -> None:
        """Have what is written survive a loss of power. Raises OutputError."""
        if self._stream is not None and self._is_regular:
            try:
                os.fsync(self._stream.fileno())
            except OSError as problem:
                raise self._unwritable(problem) from problem

    def close(self) -> OutputError | None:
        """Close the file; return the error where the last of it cannot be written."""
        try:
            if self._stream is not None:
                self._stream.close()
        except OSError as problem:
            return self._unwritable(problem)
        return None

    def _unwritable(self, problem: OSError) -> OutputError:
        hint = "Make room, or name another file with --rejects; then run it again."
        return OutputError(f"{self._path}: {problem.strerror or problem}", hint)


def _holds_rejects(path: Path) -> bool:
    """Say whether a file is empty or begins like rejects. Raises OSError."""
    with path.open("rb") as file:
        beginning = file.read(1000)
    return not beginning or _REJECT.match(beginning) is not None


def _is_cut_off(path: Path) -> bool:
    """Say whether a file ends within a line. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read() not in {b"", b"\n"}


def _is_same(status: os.stat_result, source: Source) -> bool:
    try:
        if source.file == STANDARD_INPUT:
            return os.path.samestat(status, os.fstat(sys.stdin.fileno()))
        return os.path.samestat(status, Path(source.file).stat())
    except OSError:
        return False
