"""Files that a run writes in place of those that an earlier run wrote, and of nothing else."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from listrak_sync.errors import OutputError, UsageError


def check_own_file(path: Path, mark: bytes, what: str, option: str) -> None:
    """Check that a file may be written: none is there, or one that begins with ours.

    `mark` is in the beginning of each of ours; `what` says what they are. Raises UsageError.
    """
    hint = f"Name another file with {option}."
    try:
        if not path.name or path.is_dir():
            raise UsageError(f"{str(path)!r}: this is a folder", hint)
        if path.exists() and not _is_ours(path, mark):
            hint = f"Name another file with {option}; it would be lost."
            raise UsageError(f"{path}: this is not {what}", hint)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", hint) from error


def write_own_file(path: Path, data: bytes, mark: bytes, option: str, *, mode: int) -> None:
    """Write a file, renamed into place so that nobody reads half of it. Raises OutputError.

    What is not ours, a device or a pipe among it, is not replaced, whoever runs this.
    """
    hint = f"Name a file that can be written with {option}."
    partial = path.parent / f".{path.name}.{os.getpid()}.partial"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        if not path.name or (path.exists() and not _is_ours(path, mark)):
            raise OutputError(f"{str(path)!r}: this is not a file of ours", hint)
        with os.fdopen(os.open(partial, flags, mode), "wb") as file:
            file.write(data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(f"{path}: {error.strerror or error}", hint) from error


def _is_ours(path: Path, mark: bytes) -> bool:
    """Say so of a file that is empty or begins as ours do; raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        return False  # reading a pipe would wait for who writes it
    with path.open("rb") as file:
        beginning = file.read(200)
    return not beginning or mark in beginning
