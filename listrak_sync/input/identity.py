"""What tells whether a file is the one that an earlier run has read."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listrak_sync.input.sources import Source

_END_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """A file's path, size in bytes, and time of modification in nanoseconds since 1970.

    `checksum` is the CRC-32 of its first and last bytes. An object is told by its URL, size and
    entity tag, of which `checksum` is made.
    """

    path: str
    size: int
    modified: int
    checksum: int


def identity_of(source: Source) -> FileIdentity | None:
    """Return the identity of a file or an object, None of anything else. Raises OSError."""
    if source.etag is not None:
        digest = hashlib.sha256(source.etag.encode()).digest()
        return FileIdentity(source.file, source.size or 0, 0, int.from_bytes(digest[:7]))
    path = Path(source.file)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(_END_BYTES))
        status = path.stat()
        file.seek(max(0, status.st_size - _END_BYTES))
        checksum = zlib.crc32(file.read(_END_BYTES), checksum)
    # A name that is not UTF-8 cannot be written down otherwise.
    name = str(path.absolute()).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return FileIdentity(name, status.st_size, status.st_mtime_ns, checksum)
