"""Files and pipes, compressed or not, as blocks of numbered lines."""

from __future__ import annotations

import bz2
import fcntl
import gzip
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias, cast

from listrak_sync.events.sources import STANDARD_INPUT, Source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES: Final = 120 << 10
"""How much is read at a time: just below 128 KB, from where on malloc asks the system anew."""

PIPE_BYTES: Final = 1 << 20
"""How much a pipe holds, at best: both its ends then take fewer turns."""

MAX_LINE_BYTES: Final = 16 << 20
"""A longer line is passed over: Segment's events are 32 KB at most."""

_BOM: Final = b"\xef\xbb\xbf"
_UNREADABLE: Final = (OSError, EOFError, zlib.error, zstd.ZstdError)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one file: the first one's number, and how far the file is read, in bytes."""

    file: str
    first_line: int
    data: bytes
    position: int = 0
    source: int = 0

    @property
    def last_line(self) -> int:
        """Return the number of the last line."""
        newlines = len(self.data) - len(self.data.replace(b"\n", b""))  # faster than to count
        return self.first_line + newlines - self.data.endswith(b"\n")

    def lines(self) -> list[bytes]:
        """Return the lines, each but the last with its newline."""
        return BytesIO(self.data).readlines()


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


class _Reader(Protocol):
    """What is read: at most `size` bytes that are there already, or empty at the end."""

    def read1(self, size: int = ..., /) -> bytes: ...


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
    lines = _Lines(source.name, index)
    position = 0
    try:
        with _open(source.file) as raw:
            reader = _decompressed(raw)
            block = _start(reader, block_bytes)
            while block:
                position = _position(raw)
                yield from lines.feed(block, position)
                block = reader.read1(block_bytes)
    except _UNREADABLE as error:
        yield BrokenFile(
            source.name, lines.number, lines.rest[:1000], _problem(error), position, index
        )
    else:
        yield from lines.finish(position)


class _Lines:
    """Cuts what is read of a file into whole lines, and numbers them from 1."""

    def __init__(self, file: str, source: int) -> None:
        self.file = file
        self.source = source
        self.number = 1
        self.rest = b""
        self.passed_over = 0

    def feed(self, block: bytes, position: int) -> Iterator[Piece]:
        """Yield the lines that a block completes; keep the beginning of the next one."""
        if self.rest and not self.passed_over:
            end = block.find(b"\n") if b"\n" in block else len(block)
            if len(self.rest) + end > MAX_LINE_BYTES:
                self.passed_over, self.rest = len(self.rest), (self.rest + block[:end])[:1000]
        if self.passed_over:
            end = block.find(b"\n")
            if end < 0:
                self.passed_over += len(block)
                return
            yield LongLine(
                self.file, self.number, self.rest, self.passed_over + end, position, self.source
            )
            self.number, self.rest, self.passed_over = self.number + 1, b"", 0
            block = block[end + 1 :]
        end = block.rfind(b"\n") + 1
        if end:
            data = b"".join((self.rest, memoryview(block)[:end]))
            complete = Block(self.file, self.number, data, position, self.source)
            yield complete
            self.number = complete.last_line + 1
            self.rest, block = b"", block[end:]
        self.rest += block

    def finish(self, position: int) -> Iterator[Piece]:
        """Yield the last line where it lacks its newline."""
        if self.passed_over:
            yield LongLine(
                self.file, self.number, self.rest, self.passed_over, position, self.source
            )
        elif self.rest:
            yield Block(self.file, self.number, self.rest, position, self.source)


def _start(reader: _Reader, block_bytes: int) -> bytes:
    """Return the first block without its byte-order mark."""
    block = reader.read1(block_bytes)
    while 0 < len(block) <= len(_BOM) and (more := reader.read1(block_bytes)):
        block += more
    return block.removeprefix(_BOM)


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
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=whole)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(whole)
    if head == b"\x28\xb5\x2f\xfd" or (head[1:] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return cast(_Reader, zstd.ZstdFile(whole))
    return whole


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
