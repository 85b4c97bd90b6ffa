"""The exceptions a run can end with, each branch with its exit status.

ListrakSyncError            1  a bug, where nothing below fits
├── UsageError              2  an option or an input that cannot be used
├── SettingsError           3  credentials, addresses or limits that cannot be used
│   └── MappingFileError    3  the mapping file, with every fault in it
├── OutputError             3  standard output or a file that cannot be written
├── ExhaustedError          3  the machine has no memory, descriptor, process or thread left
├── AccessRefusedError      4  Listrak does not let this integration in
├── UnreachableError        5  Listrak or a bucket does not answer, or keeps failing
├── StoppedError            7  a guard, or Listrak for a whole list, said no
├── BusyError              75  another run holds the journal
└── InterruptedRunError   130  a signal ended the run; 143 for SIGTERM
"""

from __future__ import annotations

import errno
import threading
from typing import Final

DONE: Final = 0
SOME_REJECTED: Final = 6
"""The exit statuses of a run that no exception ended."""

_FREE_SOME: Final = "Free some of it, or raise the limits (ulimit -a); then run it again."
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})


class ListrakSyncError(Exception):
    """An error that the user is told instead of a traceback.

    `message` says where and what, `hint` what to do next; either may have several lines.
    """

    exit_status: int = 1
    label: str = "error: "
    """What the message begins with; empty where each of its lines begins with a place."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ListrakSyncError):
    """An option or an input cannot be used as given."""

    exit_status = 2


class SettingsError(ListrakSyncError):
    """Credentials, an address, a limit or the journal cannot be used."""

    exit_status = 3


class OutputError(ListrakSyncError):
    """Standard output or the rejects file cannot be written: a disk is full, for example."""

    exit_status = 3


class ExhaustedError(ListrakSyncError):
    """The machine has no memory, file descriptor, process or thread left for us."""

    exit_status = 3


class AccessRefusedError(ListrakSyncError):
    """Listrak does not let this integration in."""

    exit_status = 4


class UnreachableError(ListrakSyncError):
    """Listrak or a bucket does not answer, or kept failing after every retry."""

    exit_status = 5


class StoppedError(ListrakSyncError):
    """A guard, or Listrak for a whole list, said no."""

    exit_status = 7


class BusyError(ListrakSyncError):
    """Another run holds the journal."""

    exit_status = 75


class InterruptedRunError(ListrakSyncError):
    """A signal ended the run; the exit status is 128 and the signal's number."""

    def __init__(
        self, signal: int, hint: str = "What was in flight is finished, nothing more was sent."
    ) -> None:
        super().__init__("interrupted", hint)
        self.exit_status = 128 + signal


def told(error: Exception) -> ListrakSyncError | None:
    """Return the error that the user is told, None for a bug.

    It is the error itself, or that the machine has no more of something.
    """
    match error:
        case ListrakSyncError():
            return error
        case MemoryError():
            what = "there is no memory left"
        case OSError() if error.errno in _EXHAUSTED:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        case _:
            return None
    return ExhaustedError(f"this machine: {what}", _FREE_SOME)


def start_thread(thread: threading.Thread) -> None:
    """Start a thread. Raises ExhaustedError where the system gives no more of them."""
    try:
        thread.start()
    except RuntimeError as error:
        message = "this machine: the system gives us no more threads"
        raise ExhaustedError(message, _FREE_SOME) from error
