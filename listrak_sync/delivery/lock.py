"""One run at a time for each journal."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from listrak_sync.errors import BusyError


class Lock:
    """An exclusive lock on a file, which the system lets go of when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises BusyError where another process has it, OSError."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 100).decode(errors="replace").strip()
            os.close(self._descriptor)
            who = f"process {holder}" if holder else "another process"
            hint = "Wait until it has ended, or use another journal with --journal PATH."
            raise BusyError(f"{path.with_suffix('')}: {who} holds this journal", hint) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others have the lock."""
        os.close(self._descriptor)
