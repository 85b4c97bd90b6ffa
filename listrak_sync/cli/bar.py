"""Lines at the bottom of a terminal that are painted anew until they are taken away."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final

from listrak_sync.cli.progress_line import Line
from listrak_sync.cli.terminal import own_width, takes_colours, width

EVERY: Final = 0.2
"""Seconds between two paintings."""

_MARGIN: Final = 3
"""Columns that stay free: where a terminal echoes ^C, it must not begin another line."""

_DONE: Final = "\x1b[38;5;71m"
_TO_DO: Final = "\x1b[38;5;240m"
_PLAIN: Final = "\x1b[0m"
_CLEAR: Final = "\x1b[J"


class Bar:
    """Paints what `lines` returns for a width, on standard error, until it is removed.

    The cursor stays visible: a process that is killed leaves a terminal that can be used.
    """

    def __init__(self, lines: Callable[[int], Sequence[Line]]) -> None:
        self._lines = lines
        self._lock = threading.Lock()
        self._shown: list[str] = []
        self._is_removed = threading.Event()
        self._has_colours = takes_colours(sys.stderr)
        self._thread = threading.Thread(target=self._paint_on, daemon=True)

    def show(self) -> None:
        """Begin to paint."""
        self._thread.start()

    def write(self, text: str) -> None:
        """Write lines above the bar."""
        with self._lock:
            self._clear()
            sys.stderr.write(text)
            sys.stderr.flush()

    @property
    def is_shown(self) -> bool:
        """Say whether the bar is not removed yet."""
        return not self._is_removed.is_set()

    def remove(self) -> None:
        """Take the lines away; nothing is painted any more."""
        self._is_removed.set()
        with self._lock:
            self._clear()
            sys.stderr.flush()

    def _paint_on(self) -> None:
        while not self._is_removed.is_set():
            self._paint()
            self._is_removed.wait(EVERY)

    def _paint(self) -> None:
        columns = own_width(sys.stderr) or width(sys.stderr)
        lines = self._lines(max(1, columns - _MARGIN))
        painted = [self._coloured(line) for line in lines]
        with self._lock:
            if self._is_removed.is_set() or painted == self._shown:
                return
            self._clear()
            sys.stderr.write("\n".join(painted))
            sys.stderr.flush()
            self._shown = painted

    def _clear(self) -> None:
        """Take away what is painted. With the lock."""
        if self._shown:
            up = len(self._shown) - 1
            sys.stderr.write("\r" + (f"\x1b[{up}A" if up else "") + _CLEAR)
            self._shown = []

    def _coloured(self, line: Line) -> str:
        if not self._has_colours or not (line.done or line.to_do):
            return str(line)
        return f"{line.before}{_DONE}{line.done}{_TO_DO}{line.to_do}{_PLAIN}{line.after}"
