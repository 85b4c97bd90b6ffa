"""Files and pipes, compressed or not, as blocks of numbered lines."""

from __future__ import annotations

import bz2
import fcntl
import gzip
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias, cast

from listrak_sync.events.sources import STANDARD_INPUT, Source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES: Final = 256 << 10
"""How much is read at a time, at most: it stays in a processor's own memory while it is parsed."""

PIPE_BYTES: Final = 1 << 20
"""How much a pipe holds, at best: both its ends then take fewer turns."""

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is passed over: Segment's events are 32 KB at most."""

BOM: Final = b"\xef\xbb\xbf"
"""The byte-order mark, taken off a file's start."""

_SHOWN_BYTES: Final = 1000
"""How much is shown of a line that is too long, or not whole."""

_UNREADABLE: Final = (OSError, EOFError, zlib.error, zstd.ZstdError)


@dataclass(frozen=True)
class Block:
    """Whole lines of one file: the first one's number, and how far the file is read, in bytes."""

    file: str
    first_line: int
    data: bytes
    position: int = 0
    source: int = 0

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines, each but the last with its newline."""
        return BytesIO(self.data).readlines()

    @property
    def last_line(self) -> int:
        """Return the number of the last line."""
        if "lines" in self.__dict__:
            return self.first_line + len(self.lines) - 1
        newlines = len(self.data) - len(self.data.replace(b"\n", b""))  # faster than to count
        return self.first_line + newlines - self.data.endswith(b"\n")


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


Piece: TypeAlias = Block | LongLine | BrokenFile


Fill: TypeAlias = Callable[[memoryview], int]
"""Reads into a buffer what is there already, and says how much: nothing at the end."""


class _Reader(Protocol):
    """What is read: fills a buffer with what is there already, with nothing at the end."""

    def readinto1(self, buffer: memoryview, /) -> int: ...


def read(
    sources: Iterable[Source], block_bytes: int = BLOCK_BYTES, first_source: int = 0
) -> Iterator[Piece]:
    """Yield the lines of the sources in order, block by block; number the sources.

    A byte-order mark at a file's start is taken off. A block ends with a newline unless the
    file does not; a file that cannot be read on ends in a BrokenFile, and the next follows.
    """
    for index, source in enumerate(sources, first_source):
        yield from _read_one(source, index, block_bytes)


def _read_one(source: Source, index: int, block_bytes: int) -> Iterator[Piece]:
    lines = Lines(source.name, index, block_bytes=block_bytes)
    try:
        with _open(source.file) as raw:
            reader = _decompressed(raw)
            yield from lines.cut(_without_bom(reader.readinto1), lambda: _position(raw))
    except _UNREADABLE as error:
        yield lines.broken(error)


class Lines:
    """Cuts what is read of a file into whole lines, and numbers them.

    All is read into one buffer, to whose start a line that is not whole yet is moved.
    """

    def __init__(
        self, file: str, source: int, lines_before: int = 0, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._file = file
        self._source = source
        self._number = lines_before + 1
        self._block_bytes = max(block_bytes, len(BOM))  # which is looked for in the first block
        self._buffer = bytearray(self._block_bytes)
        self._kept = 0
        self._passed_over = 0
        self._beginning = b""
        self._position = 0

    def cut(self, fill: Fill, position: Callable[[], int]) -> Iterator[Piece]:
        """Yield the lines of what is read, each piece with a position that says how far."""
        while filled := fill(memoryview(self._buffer)[self._kept :][: self._block_bytes]):
            self._position = position()
            yield from self._whole_lines(self._kept + filled)
        if self._passed_over:
            yield self._long_line()
        elif self._kept:
            yield from self._block(0, self._kept)

    def broken(self, error: BaseException) -> BrokenFile:
        """Return why nothing more can be read, with what was read of the line."""
        beginning = self._beginning if self._passed_over else bytes(self._buffer[: self._kept])
        return BrokenFile(
            self._file,
            self._number,
            beginning[:_SHOWN_BYTES],
            _problem(error),
            self._position,
            self._source,
        )

    def _whole_lines(self, end: int) -> Iterator[Piece]:
        """Yield the lines that the buffer holds up to an end; keep what is not whole yet."""
        start = 0
        newline = self._buffer.find(b"\n", self._kept, end)
        first = end if newline < 0 else newline
        if self._passed_over or first > MAX_LINE_BYTES:
            if not self._passed_over:
                self._beginning = bytes(self._buffer[: min(first, _SHOWN_BYTES)])
            self._passed_over += first
            if newline < 0:
                self._kept = 0
                return
            yield self._long_line()
            start = newline + 1
        last = self._buffer.rfind(b"\n", start, end) + 1
        if last:
            yield from self._block(start, last)
        self._keep(last or start, end)

    def _block(self, start: int, end: int) -> Iterator[Block]:
        data = bytes(memoryview(self._buffer)[start:end])
        block = Block(self._file, self._number, data, self._position, self._source)
        yield block
        self._number = block.last_line + 1  # known by now to whoever has evaluated it

    def _long_line(self) -> LongLine:
        line = LongLine(
            self._file,
            self._number,
            self._beginning,
            self._passed_over,
            self._position,
            self._source,
        )
        self._number, self._passed_over = self._number + 1, 0
        return line

    def _keep(self, start: int, end: int) -> None:
        """Move what follows the last whole line to the start of a buffer that has room."""
        kept, buffer = self._buffer[start:end], self._buffer
        if len(kept) * 2 > len(buffer):
            self._buffer = bytearray(len(kept) * 4)
        elif len(buffer) > self._block_bytes > len(kept) * 2:
            self._buffer = bytearray(self._block_bytes)
        self._buffer[: len(kept)] = kept
        self._kept = len(kept)


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


def _decompressed(raw: IO[bytes]) -> _Reader:
    """Recognise compression by the first bytes, whatever the name says."""
    head, ended = b"", False
    while len(head) < 4 and not ended:
        more = cast(BufferedReader, raw).read1(4 - len(head))
        head, ended = head + more, not more
    if raw.seekable():
        raw.seek(0)
        whole = cast(BufferedReader, raw)
    else:
        rest = BytesIO() if ended else raw  # nobody has to end what is typed twice
        whole = BufferedReader(_Rejoined(head, cast(BufferedReader, rest)), BLOCK_BYTES)
    decompress = _decompressor(head)
    return whole if decompress is None else cast(_Reader, decompress(whole))


def _decompressor(head: bytes) -> Callable[[IO[bytes]], object] | None:
    """Return what decompresses a file with these first four bytes, None where it is plain."""
    if head.startswith(b"\x1f\x8b"):
        return lambda file: gzip.GzipFile(fileobj=file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File
    if head == b"\x28\xb5\x2f\xfd" or (head[1:] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return zstd.ZstdFile
    return None


def is_compressed(head: bytes) -> bool:
    """Say whether a file with these first four bytes is compressed."""
    return _decompressor(head) is not None


class _Rejoined(RawIOBase):
    """A stream whose first bytes were looked at, whole again."""

    def __init__(self, head: bytes, rest: BufferedReader) -> None:
        self.head = head
        self.rest = rest

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # only ever given one
        """Fill the buffer with what there is."""
        if self.head:
            taken, self.head = self.head[: len(buffer)], self.head[len(buffer) :]
        else:
            taken = self.rest.read1(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)


def _problem(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "the compressed data is cut off"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the compressed data is damaged: {error}"
