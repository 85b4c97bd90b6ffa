"""Recognises by its first bytes how a file is compressed, and decompresses it."""

from __future__ import annotations

import bz2
import gzip
import sys
import zlib
from collections.abc import Callable
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, Final, Protocol, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNREADABLE: Final = (OSError, EOFError, zlib.error, zstd.ZstdError)
"""The exceptions where a file cannot be read on."""

_BUFFER_BYTES: Final = 256 << 10
"""How much of a pipe is read at a time."""


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


def _decompressor(head: bytes) -> Callable[[IO[bytes]], object] | None:
    """Return a decompressor for a file with these first four bytes, None where it is plain."""
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


def problem(error: BaseException) -> str:
    """Return why a file cannot be read on, for a message."""
    if isinstance(error, EOFError):
        return "the compressed data is cut off"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the compressed data is damaged: {error}"
