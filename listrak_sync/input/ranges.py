"""Files and objects as unread units, byte ranges or wholes, which workers read themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from listrak_sync.input.blocks import BLOCK_BYTES, LineCutter, read, with_retries
from listrak_sync.input.compression import is_compressed, shorter
from listrak_sync.input.formats import BOM, HEAD_BYTES, columns_of
from listrak_sync.input.sources import RowOptions, Source
from listrak_sync.input.units import ReadUnit
from listrak_sync.stores import objects as stores
from listrak_sync.stores.objects import ObjectVersion, read_range
from listrak_sync.stores.reader import ObjectReader

RANGE_BYTES: Final = 4 << 20
"""The most bytes in a byte range, not counting the rest of the line at its end."""

_SHARES: Final = 8
"""A byte range is at most one of so many equal shares of what is left, but at least a block.

So the last ranges of a file are short, and their readers end at about the same time.
"""

LARGE_BYTES: Final = 2 << 20
"""The size from which a plain file is read in byte ranges."""

LARGE_COMPRESSED_BYTES: Final = 32 << 10
"""The size from which a compressed file, one of several, is left to its evaluator to read."""

LARGE_OBJECT_BYTES: Final = 2 * stores.RANGE_BYTES
"""The size from which an object, one of several, is looked at whether it can be cut."""

_PACKED: Final = (".gz", ".gzip", ".zst", ".bz2")
"""How the names of objects end that cannot be cut."""

_LOOK_BYTES: Final = 4096
"""How much is read at a time to find the end of a line."""

Identity: TypeAlias = tuple[int, int]
"""Device and inode: they tell a file from all others, whatever its name."""


class OpenFile:
    """A file that stays open as long as one of its byte ranges is in use.

    Pickled, it is opened again by its path: OSError is raised if another file is there by then.
    """

    def __init__(self, path: str) -> None:
        """Open it. Raises OSError."""
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._descriptor)
        self._path = path
        self.identity: Identity = status.st_dev, status.st_ino
        self.size = status.st_size
        """How many bytes are in it when it is opened."""
        self.beginning = os.pread(self._descriptor, 4, 0)
        """Its first bytes, which tell how it is compressed."""

    @classmethod
    def reopened(cls, path: str, identity: Identity) -> OpenFile:
        """Open a file again. Raises OSError if it is gone or replaced."""
        file = cls(path)
        if file.identity != identity:
            raise OSError(f"{path} is another file now")
        return file

    def __reduce__(self) -> tuple[Callable[[str, Identity], OpenFile], tuple[str, Identity]]:
        """Return how to open it again."""
        return OpenFile.reopened, (self._path, self.identity)

    def __del__(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def range_bytes(self) -> int:
        """Return the most bytes that a byte range of it has."""
        return RANGE_BYTES

    def head(self) -> bytes:
        """Return the beginning, which tells what it holds."""
        return os.pread(self._descriptor, HEAD_BYTES, 0)

    def reader(self, _: int) -> OpenFile:
        """Return what reads it up to an end: itself."""
        return self

    def read_at(self, buffer: memoryview, position: int) -> int:
        """Read from a position into a buffer; return how many bytes there were. Raises OSError."""
        return os.preadv(self._descriptor, [buffer], position)

    def end_of_line(self, position: int) -> int:
        """Return where the line at a position ends, after its newline. Raises OSError."""
        while block := os.pread(self._descriptor, _LOOK_BYTES, position):
            if (newline := block.find(b"\n")) >= 0:
                return position + newline + 1
            position += len(block)
        return position


class StoredFile:
    """An object, for whoever cuts it into byte ranges."""

    range_bytes = stores.RANGE_BYTES

    def __init__(self, version: ObjectVersion) -> None:
        """Look at it. Raises OSError, and where the store cannot be used ListrakSyncError."""
        self.version = version
        self.size = version.size
        self.beginning = self._range(0, 4)
        """Its first bytes, which tell how it is compressed."""

    def reader(self, end: int) -> ObjectReader:
        """Return what reads it up to an end."""
        return ObjectReader(self.version, end)

    def head(self) -> bytes:
        """Return the beginning, which tells what it holds."""
        return self._range(0, HEAD_BYTES)

    def end_of_line(self, position: int) -> int:
        """Return where the line at a position ends, after its newline. Raises OSError."""
        while position < self.size:
            block = self._range(position, position + _LOOK_BYTES)
            if (newline := block.find(b"\n")) >= 0:
                return position + newline + 1
            position += len(block)
        return position

    def _range(self, start: int, end: int) -> bytes:
        return read_range(self.version, start, min(end, self.size))


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Whole lines of a plain file, from one byte to before another.

    `lines_before` says how many lines the file has before it: None until they are counted.
    """

    file: str
    open_file: OpenFile | StoredFile
    start: int
    end: int
    lines_before: int | None = None
    source: int = 0

    def read(self) -> Iterator[ReadUnit]:
        """Read the lines, numbered from 1 if it is not known how many are before them."""
        position, reader = self.start, self.open_file.reader(self.end)

        def fill(buffer: memoryview) -> int:
            nonlocal position
            read = reader.read_at(buffer[: self.end - position], position)
            position += read
            return read

        # Blocks of one size: a short last one would cost as much as a long one.
        blocks = max(1, (self.end - self.start) // BLOCK_BYTES)
        block_bytes = -(-(self.end - self.start) // blocks)
        lines = LineCutter(self.file, self.source, self.lines_before or 0, block_bytes)
        try:
            units = lines.cut(fill, lambda: position)
            yield from with_retries(units, reader) if isinstance(reader, ObjectReader) else units
            if position < self.end:
                raise shorter()
        except OSError as error:
            yield lines.broken(error)


@dataclass(frozen=True, slots=True)
class CompressedFile:
    """A compressed file as a whole, one of several."""

    file: str
    path: str
    identity: Identity
    source: int = 0
    rows: RowOptions = field(default_factory=RowOptions)

    def read(self) -> Iterator[ReadUnit]:
        """Read the lines."""
        return read((Source(self.path, rows=self.rows),), first_source=self.source)


@dataclass(frozen=True, slots=True)
class WholeObject:
    """An object of a store as a whole, one of several."""

    origin: Source
    source: int = 0

    @property
    def file(self) -> str:
        """Return its URL."""
        return self.origin.name

    def read(self) -> Iterator[ReadUnit]:
        """Read the lines."""
        return read((self.origin,), first_source=self.source)


UnreadUnit: TypeAlias = ByteRange | CompressedFile | WholeObject

InputUnit: TypeAlias = ReadUnit | UnreadUnit
"""What one step of reading hands on: lines that are read, or where to read them."""


def read_units(sources: Sequence[Source], first_source: int = 0) -> Iterator[InputUnit]:
    """Yield the lines of the sources in order as `read` does, large files as unread units."""
    for index, source in enumerate(sources, first_source):
        if source.version is not None and len(sources) > 1 and not _may_be_cut(source):
            # Not looked at: a request for each would hold everybody up.
            yield WholeObject(source, index)
            continue
        file = _large_file(source)
        compressed = file is not None and is_compressed(file.beginning)
        if file is None or (compressed and len(sources) == 1):
            # A single compressed file is read here, so that all workers evaluate its blocks.
            yield from read((source,), first_source=index)
        elif isinstance(file, StoredFile) and compressed:
            yield WholeObject(source, index)
        elif isinstance(file, OpenFile) and compressed:
            yield CompressedFile(source.name, source.file, file.identity, index, source.rows)
        elif file.size >= LARGE_BYTES and not _holds_rows(source, file):
            yield from _byte_ranges(source, index, file)
        else:
            yield from read((source,), first_source=index)


def _may_be_cut(source: Source) -> bool:
    """Say whether an object may be a plain one that is worth several ranges."""
    is_packed = source.file.lower().endswith(_PACKED)
    return (source.size or 0) >= LARGE_OBJECT_BYTES and not is_packed


def _holds_rows(source: Source, file: OpenFile | StoredFile) -> bool:
    """Say whether a file is CSV, whose rows may go over several lines. Raises UsageError."""
    return columns_of(source.name, file.head(), source.rows) is not None


def _large_file(source: Source) -> OpenFile | StoredFile | None:
    """Return a file that may be large enough for unread units, None if it is not or fails."""
    if (source.size or 0) >= LARGE_COMPRESSED_BYTES and source.can_be_read_again:
        with suppress(OSError):  # `read` says what is wrong
            return OpenFile(source.file) if source.version is None else StoredFile(source.version)
    return None


def _byte_ranges(source: Source, index: int, file: OpenFile | StoredFile) -> Iterator[ByteRange]:
    """Cut a file as it was when opened; a last line without a newline is the last range's."""
    lines_before: int | None = 0
    start = len(BOM) if file.beginning.startswith(BOM) else 0
    while start < file.size:
        length = min(file.range_bytes, max(BLOCK_BYTES, (file.size - start) // _SHARES))
        last_byte = min(start + length, file.size) - 1
        try:
            end = max(file.end_of_line(last_byte), last_byte + 1)
        except OSError:  # whoever reads this range meets it as well
            end = file.size
        yield ByteRange(source.name, file, start, end, lines_before, index)
        start, lines_before = end, None
