"""What a stream can show."""

from __future__ import annotations

import os
import stat
from typing import IO, Final

BOLD: Final = "1"
RED: Final = "1;31"
YELLOW: Final = "1;33"
CYAN: Final = "36"

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


def width(stream: IO[str]) -> int:
    """Return how many columns a stream has: those of COLUMNS, of its terminal, or 80."""
    named = os.environ.get("COLUMNS", "")
    return int(named) if named.isdigit() and int(named) else own_width(stream) or 80


def own_width(stream: IO[str]) -> int:
    """Return how many columns the terminal of a stream has, 0 where that is not known."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0


def bold(stream: IO[str]) -> tuple[str, str]:
    """Return what stands around a text to show it bold, nothing where that cannot be shown."""
    return around(stream, BOLD)


def around(stream: IO[str], style: str) -> tuple[str, str]:
    """Return what stands around a text to show it in a style, nothing where none is shown."""
    return (f"\x1b[{style}m", "\x1b[0m") if takes_colours(stream) else ("", "")
