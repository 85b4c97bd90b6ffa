"""Recognises by its first bytes how a file is compressed, and decompresses it."""

from __future__ import annotations

import bz2
import errno
import gzip
import sys
import zlib
from collections.abc import Callable
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, Final, Protocol, TypeAlias, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNREADABLE: Final = (OSError, EOFError, zlib.error, zstd.ZstdError)
"""The exceptions where a file cannot be read on."""

_BUFFER_BYTES: Final = 256 << 10
"""How much of a pipe is read at a time."""

_PACKED_BYTES: Final = 64 << 10
"""How much of a bzip2 or zstd file is unpacked at a time."""


Fill: TypeAlias = Callable[[memoryview], int]
"""Read what is available into a buffer; return its length, 0 at the end."""


class Reader(Protocol):
    """A stream that fills a buffer with what is available, and with nothing at the end."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill the buffer with what is available; return the length."""


def decompressed(raw: IO[bytes]) -> Reader:
    """Return a reader of the plain data, whatever the file's name says."""
    head, ended = b"", False
    while len(head) < 4 and not ended:
        more = cast(BufferedReader, raw).read1(4 - len(head))
        head, ended = head + more, not more
    if raw.seekable():
        raw.seek(0)
        whole = cast(BufferedReader, raw)
    else:
        rest = BytesIO() if ended else raw  # so that whoever types at a terminal ends it only once
        whole = BufferedReader(_Rejoined(head, cast(BufferedReader, rest)), _BUFFER_BYTES)
    decompress = _decompressor(head)
    return whole if decompress is None else cast(Reader, decompress(whole))


class _Stream(Protocol):
    """A decompressor of one stream."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing left of what it was given."""

    @property
    def unused_data(self) -> bytes:
        """What it was given beyond the stream's end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most so much of the plain data."""


class _Streams:
    """The plain data of streams that follow one another; zeros after one are padding."""

    # BZ2File takes whatever follows a stream for its end, even the next stream, if it is damaged.

    def __init__(self, file: BufferedReader, new: Callable[[], _Stream]) -> None:
        self._file = file
        self._new = new
        self._stream = new()

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill the buffer with what is available; return the length, 0 at the end.

        Raises EOFError where a stream is cut off, and what the decompressor raises.
        """
        while True:
            packed = b""
            if self._stream.eof:
                packed = self._stream.unused_data.lstrip(b"\0") or self._beyond_padding()
                if not packed:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input:
                packed = self._file.read1(_PACKED_BYTES)
                if not packed:
                    raise EOFError
            if plain := self._stream.decompress(packed, len(buffer)):
                buffer[: len(plain)] = plain
                return len(plain)

    def _beyond_padding(self) -> bytes:
        while packed := self._file.read1(_PACKED_BYTES):
            if following := packed.lstrip(b"\0"):
                return following
        return b""


class _Gzip:
    """The plain data of a gzip file: by ISA-L, which is fast, as far as that finds no fault.

    ISA-L tells of a fault before it hands on all that precedes it. So a file with one is read once
    more by the standard library, whose data goes on from there. A pipe is left to it altogether.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._fast = _isal_streams(file) if file.seekable() else None
        self._taken = 0
        self._left = b""
        self._whole: gzip.GzipFile | None = None

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fill the buffer with what is available; return the length, 0 at the end.

        Raises what the standard library raises.
        """
        if self._fast is not None:
            try:
                length = self._fast.readinto1(buffer)
            except Exception:  # noqa: BLE001 - ISA-L's errors have no class before it is loaded
                self._fast = None
                self._file.seek(0)
            else:
                self._taken += length
                return length
        if self._whole is None:
            self._whole = gzip.GzipFile(fileobj=self._file)
            # Read as it would have been from the start: what precedes a fault depends on that.
            while self._taken and (again := self._whole.read1(len(buffer))):
                self._left = again[self._taken :]
                self._taken = max(0, self._taken - len(again))
        plain = self._left or self._whole.read1(len(buffer))
        self._left = b""
        buffer[: len(plain)] = plain
        return len(plain)


def _isal_streams(file: BufferedReader) -> _Streams | None:
    """Return a reader by ISA-L, None where that is missing: not every machine has wheels of it."""
    try:
        from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor  # noqa: PLC0415 - only for gzip
    except ImportError:
        return None
    return _Streams(file, lambda: IgzipDecompressor(DECOMP_GZIP))


def _decompressor(head: bytes) -> Callable[[BufferedReader], object] | None:
    """Return a decompressor for a file with these first four bytes, None where it is plain."""
    if head.startswith(b"\x1f\x8b"):
        return _Gzip
    if head.startswith(b"BZh"):
        return lambda file: _Streams(file, bz2.BZ2Decompressor)
    if head == b"\x28\xb5\x2f\xfd" or (head[1:] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return lambda file: _Streams(file, zstd.ZstdDecompressor)
    return None


def is_compressed(head: bytes) -> bool:
    """Say whether a file with these first four bytes is compressed."""
    return _decompressor(head) is not None


class _Rejoined(RawIOBase):
    """A stream that begins with the bytes that were taken from it to look at."""

    def __init__(self, head: bytes, rest: BufferedReader) -> None:
        self.head = head
        self.rest = rest

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # only ever given one
        """Fill the buffer with what is available."""
        if self.head:
            taken, self.head = self.head[: len(buffer)], self.head[len(buffer) :]
        else:
            taken = self.rest.read1(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)


def shorter() -> OSError:
    """Return the error of a file that ends before where it ended when it was named or opened."""
    return OSError(errno.EIO, "it became shorter while it was read")


def problem(error: BaseException) -> str:
    """Return why a file cannot be read on, for a message."""
    if isinstance(error, EOFError):
        return "the compressed data is cut off"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the compressed data is damaged: {error}"
