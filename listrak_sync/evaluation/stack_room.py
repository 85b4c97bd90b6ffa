"""The same room on the stack for whatever is evaluated, wherever it is called from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ROOM: Final = 900
"""Calls, and values inside each other, below the caller."""


@contextmanager
def stack_room() -> Iterator[None]:
    """Let a block call as deep as ROOM, not deeper for a process with a shorter stack.

    Parsers count how deep values nest on the same stack. Without this, whether a line nests too
    deep would depend on the number of jobs.
    """
    before, depth = sys.getrecursionlimit(), 0
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - there is no other way
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + ROOM)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
