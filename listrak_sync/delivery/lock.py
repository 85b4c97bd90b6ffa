"""One run at a time for each journal."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from listrak_sync.errors import BusyError


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
