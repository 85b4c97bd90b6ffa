"""Files and pipes as blocks of numbered lines."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Final, TypeAlias

from listrak_sync.input.compression import UNREADABLE, decompressed, problem
from listrak_sync.input.sources import STANDARD_INPUT, Source

BLOCK_BYTES: Final = 1 << 19
"""About how much is read at a time: what is done once for a block is then hardly felt.

More would not stay in a processor's cache, and be slower where others use the same memory.
"""

PIPE_BYTES: Final = 1 << 20
"""How much a pipe holds, at best: both its ends then take fewer turns."""

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is passed over: Segment's events are 32 KB at most."""

BOM: Final = b"\xef\xbb\xbf"
"""The byte-order mark, taken off a file's start."""

_NEWLINE: Final = ord("\n")

_SHOWN_BYTES: Final = 1000
"""How much is shown of a line that is too long, or not whole."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one file, each but the file's last with its newline.

    `first_line` is the first one's number; `position` says how far the file is read, in bytes.
    """

    file: str
    first_line: int
    lines: list[bytes]
    position: int = 0
    source: int = 0

    @property
    def last_line(self) -> int:
        """Return the number of the last line."""
        return self.first_line + len(self.lines) - 1

    @property
    def size(self) -> int:
        """Return how many bytes the lines are."""
        return sum(map(len, self.lines))


def lines_of(data: bytes) -> list[bytes]:
    """Return data line by line."""
    return BytesIO(data).readlines()


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line over MAX_LINE_BYTES: its beginning, and its length in bytes."""

    file: str
    line: int
    beginning: bytes
    length: int
    position: int = 0
    source: int = 0


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """The line at which a file cannot be read on, with what was read of that line."""

    file: str
    line: int
    beginning: bytes
    problem: str
    position: int = 0
    source: int = 0


ReadUnit: TypeAlias = Block | LongLine | BrokenFile


Fill: TypeAlias = Callable[[memoryview], int]
"""Reads into a buffer what is there already, and says how much: nothing at the end."""


def read(
    sources: Iterable[Source], block_bytes: int = BLOCK_BYTES, first_source: int = 0
) -> Iterator[ReadUnit]:
    """Yield the lines of the sources in order, block by block; number the sources.

    A byte-order mark at a file's start is taken off. A block ends with a newline unless the
    file does not; a file that cannot be read on ends in a BrokenFile, and the next follows.
    """
    for index, source in enumerate(sources, first_source):
        yield from _read_one(source, index, block_bytes)


def _read_one(source: Source, index: int, block_bytes: int) -> Iterator[ReadUnit]:
    if source.size:  # a small file needs no large buffer, though it may be compressed
        block_bytes = min(block_bytes, 16 * source.size)
    lines = LineCutter(source.name, index, block_bytes=block_bytes)
    try:
        with _open(source.file) as raw:
            reader = decompressed(raw)
            yield from lines.cut(_without_bom(reader.readinto1), lambda: _position(raw))
    except UNREADABLE as error:
        yield lines.broken(error)


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
        self._block_bytes = max(block_bytes, len(BOM))  # which is looked for in the first block
        self._buffer = BytesIO(bytes(2 * self._block_bytes))
        self._rest = b""
        self._passed_over = 0
        self._position = 0

    def cut(self, fill: Fill, position: Callable[[], int]) -> Iterator[ReadUnit]:
        """Yield the lines of what is read, each piece with a position that says how far."""
        while end := self._fill(fill):
            self._position = position()
            yield from self._whole_lines(end)
        if self._passed_over:
            yield self._long_line()
        elif self._rest:
            yield self._block([self._rest])

    def broken(self, error: BaseException) -> BrokenFile:
        """Return why nothing more can be read, with what was read of the line."""
        beginning, what = self._rest[:_SHOWN_BYTES], problem(error)
        return BrokenFile(self._file, self._number, beginning, what, self._position, self._source)

    def _fill(self, fill: Fill) -> int:
        """Put what is read behind the rest, and a newline behind that; return where it ends."""
        start = 0 if self._passed_over else len(self._rest)
        room = start + self._block_bytes + 1
        size = self._buffer.getbuffer().nbytes
        if not room <= size <= 4 * room:
            self._buffer = BytesIO(bytes(2 * room))
        with self._buffer.getbuffer() as view:
            view[:start] = self._rest[:start]
            filled = fill(view[start : start + self._block_bytes])
            view[start + filled] = _NEWLINE
        return start + filled if filled else 0

    def _whole_lines(self, end: int) -> Iterator[ReadUnit]:
        """Yield the lines that the buffer holds up to an end; keep what is not whole yet."""
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

    def _long_line(self) -> LongLine:
        line = LongLine(
            self._file,
            self._number,
            self._rest,
            self._passed_over,
            self._position,
            self._source,
        )
        self._number, self._passed_over, self._rest = self._number + 1, 0, b""
        return line


def _without_bom(fill: Fill) -> Fill:
    """Return what reads the same but for a byte-order mark at its start."""
    begun = False

    def fill_without(buffer: memoryview) -> int:
        nonlocal begun
        filled = fill(buffer)
        if begun:
            return filled
        begun = True
        while 0 < filled < len(BOM) and (more := fill(buffer[filled:])):
            filled += more
        if filled < len(BOM) or bytes(buffer[: len(BOM)]) != BOM:
            return filled
        filled -= len(BOM)
        buffer[:filled] = bytes(buffer[len(BOM) : len(BOM) + filled])
        return filled or fill(buffer)

    return fill_without


def _open(name: str) -> IO[bytes]:
    if name == STANDARD_INPUT:
        descriptor = os.dup(sys.stdin.fileno())
        with suppress(AttributeError, OSError):  # only a pipe of Linux can be widened
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return os.fdopen(descriptor, "rb")
    return Path(name).open("rb")


def _position(raw: IO[bytes]) -> int:
    try:
        return raw.tell()
    except OSError:
        return 0
