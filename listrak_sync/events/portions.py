"""Large inputs in portions that are read by whoever evaluates them, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from listrak_sync.events.blocks import BOM, Lines, Piece, is_compressed, read
from listrak_sync.events.sources import STANDARD_INPUT, Source

SPAN_BYTES: Final = 2 << 20
"""How long a span is, the line at its end taken in."""

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

    def __del__(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Return how many bytes are in it by now. Raises OSError."""
        return os.fstat(self._descriptor).st_size

    def beginning(self, length: int) -> bytes:
        """Return its first bytes. Raises OSError."""
        return os.pread(self._descriptor, length, 0)

    def read_into(self, buffer: memoryview, position: int) -> int:
        """Fill a buffer from a position on; return how much there was. Raises OSError."""
        return os.preadv(self._descriptor, [buffer], position)

    def end_of_line(self, position: int) -> int:
        """Return where the line at a position ends, its newline taken in. Raises OSError."""
        while block := os.pread(self._descriptor, _LOOK_BYTES, position):
            if (newline := block.find(b"\n")) >= 0:
                return position + newline + 1
            position += len(block)
        return self.size


@dataclass(frozen=True, slots=True)
class Span:
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

    def pieces(self) -> Iterator[Piece]:
        """Read the lines, which are numbered from 1 where none are known to stand before."""
        position = self.start

        def fill(buffer: memoryview) -> int:
            nonlocal position
            read = self.open_file.read_into(buffer[: self.end - position], position)
            position += read
            return read

        lines = Lines(self.file, self.source, self.lines_before or 0)
        try:
            yield from lines.cut(fill, lambda: position)
        except OSError as error:
            yield lines.broken(error)


@dataclass(frozen=True, slots=True)
class CompressedFile:
    """A compressed file as a whole."""

    file: str
    path: str
    source: int = 0

    def pieces(self) -> Iterator[Piece]:
        """Read the lines."""
        return read((Source(self.path),), first_source=self.source)


Portion: TypeAlias = Span | CompressedFile


def read_in_portions(sources: Sequence[Source], first_source: int = 0) -> Iterator[Piece | Portion]:
    """Yield the lines of the sources in order as `read` does, what is large in portions."""
    for index, source in enumerate(sources, first_source):
        file = _regular_file(source)
        compressed = file is not None and is_compressed(file.beginning(4))
        if file is None or file.size < (LARGE_COMPRESSED_BYTES if compressed else LARGE_BYTES):
            yield from read((source,), first_source=index)
        elif not compressed:
            yield from _spans(source, index, file)
        elif len(sources) > 1:
            yield CompressedFile(source.name, source.file, index)
        else:
            yield from read((source,), first_source=index)


def _regular_file(source: Source) -> OpenFile | None:
    """Return a file whose size is known and that can be read, None for all else."""
    with suppress(OSError):  # `read` tells what is wrong
        if source.file != STANDARD_INPUT and Path(source.file).is_file():
            file = OpenFile(source.file)
            file.beginning(1)
            return file
    return None


def _spans(source: Source, index: int, file: OpenFile) -> Iterator[Span]:
    """Cut a file into spans; where it cannot be read, the last one's reader will find that."""
    lines_before: int | None = 0
    start = len(BOM) if file.beginning(len(BOM)) == BOM else 0
    with suppress(OSError):
        while (end := file.end_of_line(start + SPAN_BYTES - 1)) > start:
            yield Span(source.name, source.file, file, start, end, lines_before, index)
            start, lines_before = end, None
        return
    yield Span(source.name, source.file, file, start, file.size, lines_before, index)
