"""Large inputs in portions that are read by whoever evaluates them, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from listrak_sync.input.blocks import BLOCK_BYTES, BOM, LineCutter, ReadUnit, read
from listrak_sync.input.compression import is_compressed, shorter
from listrak_sync.input.sources import Source

SPAN_BYTES: Final = 4 << 20
"""How long a span is, at most, but for the line at its end, which is taken in."""

_OF_THE_REST: Final = 8
"""A span is one of so many of what is left of its file at most, but a block at least.

So those who read the last spans end at about the same time.
"""

LARGE_BYTES: Final = 2 << 20
"""The size from which on a plain file is worth more than one reader."""

LARGE_COMPRESSED_BYTES: Final = 32 << 10
"""The size from which on a compressed file is worth a reader of its own, one of several."""

_LOOK_BYTES: Final = 4096
"""How much is read at a time to find the end of a line."""


class OpenFile:
    """A file that is open as long as a span of it is there."""

    def __init__(self, path: str | bytes) -> None:
        """Open it. Raises OSError."""
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._descriptor)
        self.identity = status.st_dev, status.st_ino
        """What tells it from all others, whatever its name."""
        self.size = status.st_size
        """How many bytes are in it when it is opened."""
        self.beginning = os.pread(self._descriptor, 4, 0)
        """Its first bytes, which tell how it is compressed."""

    def __del__(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def read_into(self, buffer: memoryview, position: int) -> int:
        """Fill a buffer from a position on; return how much there was. Raises OSError."""
        return os.preadv(self._descriptor, [buffer], position)

    def end_of_line(self, position: int) -> int:
        """Return where the line at a position ends, its newline taken in. Raises OSError."""
        while block := os.pread(self._descriptor, _LOOK_BYTES, position):
            if (newline := block.find(b"\n")) >= 0:
                return position + newline + 1
            position += len(block)
        return position


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Whole lines of a plain file, from one byte to before another, and how many stand before.

    That is not known until what stands before is read.
    """

    file: str
    path: str
    open_file: OpenFile
    start: int
    end: int
    lines_before: int | None = None
    source: int = 0

    def pieces(self) -> Iterator[ReadUnit]:
        """Read the lines, which are numbered from 1 where none are known to stand before."""
        position = self.start

        def fill(buffer: memoryview) -> int:
            nonlocal position
            read = self.open_file.read_into(buffer[: self.end - position], position)
            position += read
            return read

        blocks = max(1, (self.end - self.start) // BLOCK_BYTES)  # all as large, none left over
        block_bytes = -(-(self.end - self.start) // blocks)
        lines = LineCutter(self.file, self.source, self.lines_before or 0, block_bytes)
        try:
            yield from lines.cut(fill, lambda: position)
            if position < self.end:
                raise shorter()
        except OSError as error:
            yield lines.broken(error)


@dataclass(frozen=True, slots=True)
class CompressedFile:
    """A compressed file as a whole, and what tells it from others of its name."""

    file: str
    path: str
    identity: tuple[int, int]
    source: int = 0

    def pieces(self) -> Iterator[ReadUnit]:
        """Read the lines."""
        return read((Source(self.path),), first_source=self.source)


UnreadUnit: TypeAlias = ByteRange | CompressedFile

InputUnit: TypeAlias = ReadUnit | UnreadUnit
"""A part of the input, read already or not yet."""


def read_units(sources: Sequence[Source], first_source: int = 0) -> Iterator[InputUnit]:
    """Yield the lines of the sources in order as `read` does, what is large in portions."""
    for index, source in enumerate(sources, first_source):
        file = _large_file(source)
        compressed = file is not None and is_compressed(file.beginning)
        if file is None or (compressed and len(sources) == 1):
            yield from read((source,), first_source=index)
        elif compressed:
            yield CompressedFile(source.name, source.file, file.identity, index)
        elif file.size >= LARGE_BYTES:
            yield from _spans(source, index, file)
        else:
            yield from read((source,), first_source=index)


def _large_file(source: Source) -> OpenFile | None:
    """Return a file that may be worth portions and can be read, None for all else."""
    if source.size >= LARGE_COMPRESSED_BYTES and Path(source.file).is_file():
        with suppress(OSError):  # `read` tells what is wrong
            return OpenFile(source.file)
    return None


def _spans(source: Source, index: int, file: OpenFile) -> Iterator[ByteRange]:
    """Cut a file into spans, as large as it is by now; what is no line yet is the last one's."""
    lines_before: int | None = 0
    start = len(BOM) if file.beginning.startswith(BOM) else 0
    while start < file.size:
        length = min(SPAN_BYTES, max(BLOCK_BYTES, (file.size - start) // _OF_THE_REST))
        last_byte = min(start + length, file.size) - 1
        try:
            end = max(file.end_of_line(last_byte), last_byte + 1)
        except OSError:  # the reader of this span finds that, too
            end = file.size
        yield ByteRange(source.name, source.file, file, start, end, lines_before, index)
        start, lines_before = end, None
