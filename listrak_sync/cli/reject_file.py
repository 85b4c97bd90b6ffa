"""The file that rejects are written to, readable by its owner alone."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.input.sources import STANDARD_INPUT, Source
from listrak_sync.sync import RunResult


class RejectFile(AbstractContextManager["RejectFile"]):
    """Writes rejects as JSON lines from any thread; without a path, nowhere.

    Raises UsageError where the file cannot be written or is one of those that a run needs.
    """

    def __init__(
        self, path: Path | None, needed: Iterable[Source], *, append: bool = False
    ) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        if path is None:
            return
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | append * os.O_APPEND, 0o600)
            self._stream = os.fdopen(descriptor, "wb")
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                if any(_is_same(status, each) for each in needed):
                    self._stream.close()
                    hint = "Name another file; what is in this one would be lost."
                    raise UsageError(f"{path}: rejects would overwrite what the run needs", hint)
                os.fchmod(descriptor, 0o600)
                if not append:
                    self._stream.truncate(0)
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
        """Close it, if it is not closed; what went wrong is told already."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()

    def write(self, reject: Reject | RefusedContact) -> None:
        """Write a reject; it is in the file on return. Raises SettingsError where that fails."""
        if self._stream is not None:
            line = encode(reject)
            try:
                with self._lock:
                    self._stream.write(line + b"\n")
                    self._stream.flush()
            except OSError as problem:
                raise self._unwritable(problem) from problem

    def close(self, outcome: RunResult) -> RunResult:
        """Close it; return how the run ended, given how it ended so far."""
        try:
            if self._stream is not None:
                self._stream.close()
        except OSError as problem:
            if outcome.error is None:
                return replace(outcome, error=self._unwritable(problem))
        return outcome

    def _unwritable(self, problem: OSError) -> SettingsError:
        hint = "Make room, or name another file with --rejects; then run it again."
        return SettingsError(f"{self._path}: {problem.strerror or problem}", hint)


def _is_same(status: os.stat_result, source: Source) -> bool:
    try:
        if source.file == STANDARD_INPUT:
            return os.path.samestat(status, os.fstat(sys.stdin.fileno()))
        return os.path.samestat(status, Path(source.file).stat())
    except OSError:
        return False
