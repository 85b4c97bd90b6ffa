"""What a stream can show."""

from __future__ import annotations

import os
import stat
from typing import IO, Final

_DUMB: Final = frozenset({"", "dumb", "unknown"})


def is_terminal(stream: IO[str]) -> bool:
    """Say whether a stream is a terminal on which lines can be painted anew."""
    return stream.isatty() and os.environ.get("TERM", "").lower() not in _DUMB


def takes_colours(stream: IO[str]) -> bool:
    """Say whether a stream shows colours, and NO_COLOR does not forbid them."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_pipe(stream: IO[str]) -> bool:
    """Say whether a stream leads to another program, which may own the terminal."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
