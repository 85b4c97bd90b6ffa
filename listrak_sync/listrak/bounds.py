"""Bounds for an exchange: its time, and the size and the encoding of the reply's body."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

import httpx

LARGEST: Final = 32 << 20
"""The largest body of a reply, in bytes, once it is unpacked."""

LONGEST: Final = 120.0
"""How many seconds an exchange may take, from the connection to the end of the reply."""

PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})


def bound(response: httpx.Response) -> None:
    """Make a response unpack its body itself, and break off beyond the bounds.

    A hook for httpx.Client, called before the body is read. Raises httpx.DecodingError for an
    encoding that we did not ask for; reading raises that or httpx.ReadError.
    """
    # httpx would unpack a whole chunk at once, however large a small packed body becomes.
    packing = response.headers.pop("Content-Encoding", "identity").strip().lower()
    if packing not in PACKED | {"", "identity"}:
        raise httpx.DecodingError(f"a body packed as {packing[:40]!r}, which was not asked for")
    assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - from a Client
    response.stream = _Bounded(response.stream, packed=packing in PACKED)


class _Bounded(httpx.SyncByteStream):
    def __init__(
        self,
        stream: httpx.SyncByteStream,
        *,
        packed: bool,
    ) -> None:
        self._stream = stream
        self._has_begun = False
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None

    def __iter__(self) -> Iterator[bytes]:
        left = LARGEST
        for received in self._stream:
            piece = self._unpacked(received, left + 1)
            left -= len(piece)
            if left < 0:
                raise httpx.ReadError(f"the reply is larger than {LARGEST:,} bytes")
            yield piece
        if self._is_cut_off:
            raise httpx.DecodingError("the packed body is cut off")

    def close(self) -> None:
        self._stream.close()

    @property
    def _is_cut_off(self) -> bool:
        """Whether a packed body has begun and not ended."""
        return self._unpack is not None and self._has_begun and not self._unpack.eof

    def _unpacked(self, received: bytes, most: int) -> bytes:
        if self._unpack is None:
            return received
        self._has_begun = self._has_begun or bool(received)
        try:
            return self._unpack.decompress(received, most)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
