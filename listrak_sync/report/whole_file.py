"""Files that appear whole: written beside their place, then renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from listrak_sync.errors import OutputError


def write_whole(path: Path, content: bytes, option: str, mode: int = 0o600) -> None:
    """Write a file in place of what was there, so that nobody reads half of it.

    `option` named the file. Raises OutputError.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(partial, flags, mode), "wb") as file:
            file.write(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        hint = f"Name a file that can be written with {option}."
        raise OutputError(f"{path}: {error.strerror or error}", hint) from error
