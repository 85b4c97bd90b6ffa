"""Files and pipes as blocks of numbered lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from io import BufferedReader, BytesIO
from typing import IO, Final

from listrak_sync.input.compression import UNREADABLE, Fill, decompressed, problem, shorter
from listrak_sync.input.formats import BOM, columns_of, read_head
from listrak_sync.input.opening import open_source
from listrak_sync.input.row_blocks import whole_rows
from listrak_sync.input.sources import Source
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.reasons import Reason
from listrak_sync.stores.reader import ObjectReader

BLOCK_BYTES: Final = 1 << 19
"""About how much is read at a time: the work for each block is then hardly felt.

Larger blocks would not stay in a processor's cache.
"""

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is rejected: Segment's events are 32 KB at most."""

_NEWLINE: Final = ord("\n")

_LONGEST_STEP: Final = 4 << 20
"""How much of a long line is read at once, at most."""

_SHOWN_BYTES: Final = 1000
"""How much a reject holds of a line that is too long or not whole."""


def read(
    sources: Iterable[Source], block_bytes: int = BLOCK_BYTES, first_source: int = 0
) -> Iterator[ReadUnit]:
    """Yield the lines of the sources in order, block by block; number the sources.

    A byte-order mark at a file's start is taken off. A block ends with a newline unless the
    file does not; a file that cannot be read on ends in an UnreadableLine, and the next follows.
    """
    for index, source in enumerate(sources, first_source):
        yield from _read_one(source, index, block_bytes)


def _read_one(source: Source, index: int, block_bytes: int) -> Iterator[ReadUnit]:
    block_bytes = _block_bytes(source.size, block_bytes)
    lines = LineCutter(source.name, index, block_bytes=block_bytes)
    try:
        with open_source(source) as raw:
            units = _cut(source, raw, lines)
            if isinstance(raw, BufferedReader) and isinstance(raw.raw, ObjectReader):
                yield from with_retries(units, raw.raw)
                return  # an object of this tag cannot become shorter
            yield from units
            if os.fstat(raw.fileno()).st_size < (source.size or 0):
                raise shorter()
    except UNREADABLE as error:
        yield lines.broken(error)


def with_retries(units: Iterator[ReadUnit], reader: ObjectReader) -> Iterator[ReadUnit]:
    """Yield units, blocks with how often something of them was asked for again."""
    told = 0
    for unit in units:
        if isinstance(unit, Block) and reader.retries > told:
            yield replace(unit, retries=reader.retries - told)
            told = reader.retries
        else:
            yield unit


def read_content(source: Source, content: bytes) -> Iterator[ReadUnit]:
    """Yield the lines of a file that is in memory, as `read` does."""
    lines = LineCutter(source.name, 0, block_bytes=_block_bytes(len(content), BLOCK_BYTES))
    try:
        yield from _cut(source, BytesIO(content), lines)
    except UNREADABLE as error:
        yield lines.broken(error)


def _block_bytes(size: int | None, block_bytes: int) -> int:
    """Return how much of a file is read at a time: of a small one, not much is needed."""
    return min(block_bytes, 16 * size) if size else block_bytes  # it may be compressed


def _cut(source: Source, raw: IO[bytes], lines: LineCutter) -> Iterator[ReadUnit]:
    """Decompress a file and yield its lines or rows. Raises one of UNREADABLE."""
    reader = decompressed(raw)
    head = read_head(reader.readinto1)
    columns = columns_of(source.name, head, source.rows)
    fill = _rejoined(head.removeprefix(BOM), reader.readinto1)
    units = lines.cut(fill, lambda: _position(raw))
    yield from units if columns is None else whole_rows(units, columns)


class LineCutter:
    """Cuts what is read of a file into whole lines, and numbers them.

    All is read into one buffer, behind the beginning of a line that is not whole yet.
    """

    def __init__(
        self, file: str, source: int, lines_before: int = 0, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._file = file
        self._source = source
        self._number = lines_before + 1
        self._block_bytes = block_bytes
        self._buffer = BytesIO(bytes(2 * self._block_bytes))
        self._rest = b""
        self._passed_over = 0
        self._position = 0

    def cut(self, fill: Fill, position: Callable[[], int]) -> Iterator[ReadUnit]:
        """Yield the lines of a file as it is read; `position` tells how far that is, in bytes."""
        while end := self._fill(fill):
            self._position = position()
            yield from self._whole_lines(end)
        if self._passed_over:
            yield self._long_line()
        elif self._rest:
            rest, self._rest = self._rest, b""
            yield self._block([rest])

    def broken(self, error: BaseException) -> UnreadableLine:
        """Return the line at which the file cannot be read on."""
        return self._unreadable(Reason.UNREADABLE_FILE, problem(error))

    def _fill(self, fill: Fill) -> int:
        """Read behind the rest and end that with a newline; return its offset, 0 at the end."""
        start = 0 if self._passed_over else len(self._rest)
        # The longer the line so far, the more is read at once: it is copied at each step.
        wanted = max(self._block_bytes, min(start, _LONGEST_STEP))
        room = start + wanted + 1
        size = self._buffer.getbuffer().nbytes
        if not room <= size <= 4 * room:
            self._buffer = BytesIO(bytes(2 * room))
        with self._buffer.getbuffer() as view:
            view[:start] = self._rest[:start]
            filled = fill(view[start : start + wanted])
            view[start + filled] = _NEWLINE
        return start + filled if filled else 0

    def _whole_lines(self, end: int) -> Iterator[ReadUnit]:
        """Yield the whole lines in the buffer up to `end`; keep the beginning of the next."""
        self._buffer.seek(0)
        lines = self._buffer.readlines(end)
        rest = b"" if self._buffer.tell() == end else lines.pop()[:-1]
        first = (lines[0] if lines else rest).removesuffix(b"\n")
        if self._passed_over or len(first) > MAX_LINE_BYTES:
            if not self._passed_over:
                self._rest = first[:_SHOWN_BYTES]
            self._passed_over += len(first)
            if not lines:
                return
            yield self._long_line()
            del lines[0]
        if lines:
            yield self._block(lines)
        self._rest = rest

    def _block(self, lines: list[bytes]) -> Block:
        block = Block(self._file, self._number, lines, self._position, self._source)
        self._number = block.last_line + 1
        return block

    def _long_line(self) -> UnreadableLine:
        detail = f"{self._passed_over} bytes, more than {MAX_LINE_BYTES}; raw is its beginning"
        line = self._unreadable(Reason.LINE_TOO_LONG, detail)
        self._number, self._passed_over, self._rest = self._number + 1, 0, b""
        return line

    def _unreadable(self, reason: Reason, detail: str) -> UnreadableLine:
        beginning = self._rest[:_SHOWN_BYTES]
        return UnreadableLine(
            self._file, self._number, beginning, reason, detail, self._position, self._source
        )


def _rejoined(head: bytes, fill: Fill) -> Fill:
    """Return a reader that begins with what was read already."""
    left = memoryview(head)

    def fill_from_head(buffer: memoryview) -> int:
        nonlocal left
        if not left:
            return fill(buffer)
        taken, left = left[: len(buffer)], left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    return fill_from_head


def _position(raw: IO[bytes]) -> int:
    try:
        return raw.tell()
    except OSError:
        return 0
