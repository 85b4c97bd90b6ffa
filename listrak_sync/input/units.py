"""What one step of reading hands on: a block of lines, or a line that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from listrak_sync.input.columns import Columns
from listrak_sync.reasons import Reason


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one file, each but the file's last with its newline.

    `first_line` is the first one's number; `position` says how far the file is read, in bytes.
    With `columns`, the lines are whole rows of CSV. `retries` says how often something of them was
    asked for again.
    """

    file: str
    first_line: int
    lines: list[bytes]
    position: int = 0
    source: int = 0
    columns: Columns | None = None
    retries: int = 0

    @property
    def last_line(self) -> int:
        """Return the number of the last line."""
        return self.first_line + len(self.lines) - 1

    @property
    def size(self) -> int:
        """Return how many bytes the lines are."""
        return sum(map(len, self.lines))


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line that is too long, or the line at which a file cannot be read on.

    `beginning` is what was read of it, or the first part of that.
    """

    file: str
    line: int
    beginning: bytes
    reason: Reason
    detail: str
    position: int = 0
    source: int = 0


ReadUnit: TypeAlias = Block | UnreadableLine
"""What one step of reading hands on: lines, or one that cannot be read."""
