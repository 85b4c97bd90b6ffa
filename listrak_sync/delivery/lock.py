"""The lock of a journal, which one process has at a time."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import BusyError, SettingsError

_POLL_SECONDS: Final = 0.05
_GLANCE_SECONDS: Final = 0.2
"""For how long a lock is waited for in any case: who only looks has it for a moment."""

_WAIT: Final = "Wait until it has ended (--lock-wait 1h), or name another with --journal PATH."
_HOLDER: Final = re.compile(r"process \d+ since [0-9: -]+ UTC")


class Lock:
    """An exclusive lock on a file, which the system releases when the process ends."""

    def __init__(
        self, path: Path, patience: float = 0.0, on_wait: Callable[[str], object] = ignore
    ) -> None:
        """Take the lock of a journal, in at most `patience` seconds.

        `on_wait` is called with who has it before the waiting begins. Raises BusyError where
        another process has it still, SettingsError where the file is not a lock of ours, or
        OSError.
        """
        # The target of a link is not ours, whatever is in it.
        self._descriptor = os.open(_beside(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._take(path, patience, on_wait)
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()} since {since}".encode(), 0)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take(self, path: Path, patience: float, on_wait: Callable[[str], object]) -> None:
        until = time.monotonic() + max(patience, _GLANCE_SECONDS)
        while True:
            held = f"{path}: held by {_holder(self._descriptor, _beside(path))}"
            if _locked(self._descriptor, fcntl.LOCK_EX):
                return
            if time.monotonic() > until:
                raise BusyError(held, _WAIT)
            if patience:
                on_wait(f"{held}; waiting for it")
                on_wait = ignore
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def holder_of(path: Path) -> str | None:
    """Return which process holds a journal, None where none does. Raises SettingsError."""
    beside = _beside(path)
    with guarded(path):
        try:
            descriptor = os.open(beside, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            if _locked(descriptor, fcntl.LOCK_SH):  # let go again with the file
                return None
            return _holder(descriptor, beside)
        finally:
            os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _locked(descriptor: int, kind: int) -> bool:
    """Take a lock, unless another process has it; say whether we have it now."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int, beside: Path) -> str:
    """Return who is written in a lock's file. Raises SettingsError where it is another kind."""
    written = os.pread(descriptor, 100, 0).decode(errors="replace")
    if written and _HOLDER.fullmatch(written) is None:
        message = f"{beside}: this is not the lock of a journal, and is left as it is"
        raise SettingsError(message, "Name another journal with --journal PATH.")
    return written or "another process"
