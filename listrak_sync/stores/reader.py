"""An object as a file that can be read from any place."""

from __future__ import annotations

import os
import time
from io import RawIOBase

from listrak_sync.stores.client import Ticket, client
from listrak_sync.stores.messages import ReadRange
from listrak_sync.stores.objects import (
    FIRST_BYTES,
    RANGE_BYTES,
    ObjectVersion,
    Pause,
    range_of,
    received,
)


class ObjectReader(RawIOBase):
    """An object as a file: read range by range, the next while the one before is used.

    With `end`, reading ends there. Raises as `read_range` does.
    """

    def __init__(
        self, version: ObjectVersion, end: int | None = None, pause: Pause = time.sleep
    ) -> None:
        self._version = version
        self._end = version.size if end is None else end
        self._pause = pause
        self._position = 0
        self._start = 0
        self._held = b""
        self._next: tuple[ReadRange, Ticket] | None = None
        self.retries = 0
        """How many requests were made again."""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return how far it is read, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on from another place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._version.size}
        self._position = base[whence] + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # only ever given one
        """Fill the buffer with what is there, which may be less."""
        length = self.read_at(buffer, self._position)
        self._position += length
        return length

    def read_at(self, buffer: memoryview, position: int) -> int:
        """Read from a position into a buffer; return how many bytes there were, 0 at the end."""
        if position >= self._end:
            return 0
        if not self._start <= position < self._start + len(self._held):
            self._fetch(position)
        offset = position - self._start
        found = self._held[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        return len(found)

    def _fetch(self, position: int) -> None:
        """Hold the range at a position, and ask for the one behind it."""
        wanted, ticket = self._next or (None, None)
        self._next = None
        if wanted is None or wanted.start != position:
            is_first = not position and self._end == self._version.size
            wanted, ticket = self._range(position, FIRST_BYTES if is_first else RANGE_BYTES), None
        self._held, tries = received(wanted, ticket, self._version.url, self._pause)
        self._start = position
        self.retries += tries - 1
        if position and wanted.end < self._end:  # who reads on from the first will want more
            following = self._range(wanted.end, RANGE_BYTES)
            self._next = following, client().send(following)

    def _range(self, start: int, length: int) -> ReadRange:
        return range_of(self._version, start, min(start + length, self._end))
