"""The file that rejects are written to, readable by its owner alone."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.events.sources import Source


class RejectFile(AbstractContextManager["RejectFile"]):
    """Writes rejects as JSON lines from any thread; without a path, nowhere.

    Raises UsageError where the file cannot be written or is one of the inputs.
    """

    def __init__(
        self, path: Path | None, sources: Sequence[Source], *, append: bool = False
    ) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        if path is None:
            return
        if any(_same(path, source.file) for source in sources):
            hint = "Name another file; the input would be lost."
            raise UsageError(f"{path}: rejects would overwrite this input", hint)
        try:
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), 0o600
            )
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fchmod(descriptor, 0o600)
        except OSError as error:
            hint = "Name a file that can be written with --rejects."
            raise UsageError(f"{path}: {error.strerror or error}", hint) from error
        self._stream = os.fdopen(descriptor, "wb")

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it. Raises SettingsError where the last lines cannot be written."""
        if self._stream is not None:
            try:
                self._stream.close()
            except OSError as problem:
                raise self._unwritable(problem) from problem

    def write(self, reject: Reject | RefusedContact) -> None:
        """Write a reject. Raises SettingsError where that fails."""
        if self._stream is not None:
            line = encode(reject)
            try:
                with self._lock:
                    self._stream.write(line + b"\n")
            except OSError as problem:
                raise self._unwritable(problem) from problem

    def _unwritable(self, problem: OSError) -> SettingsError:
        hint = "Make room, or name another file with --rejects; then run it again."
        return SettingsError(f"{self._path}: {problem.strerror or problem}", hint)


def _same(path: Path, file: str) -> bool:
    try:
        return path.samefile(file)
    except OSError:
        return False
