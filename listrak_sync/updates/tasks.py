"""What a process is given to evaluate, and what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import astuple

from listrak_sync.events.positions import Position
from listrak_sync.events.rejects import Reject
from listrak_sync.updates.columns import Packed, pack, unpack
from listrak_sync.updates.evaluated import Evaluated


class SharedBlock(msgspec.Struct, tag=True, array_like=True):
    """Lines that stand in shared memory from one place to before another."""

    file: str
    start: int
    end: int
    first_line: int
    position: int
    source: int


class NamedSpan(msgspec.Struct, tag=True, array_like=True):
    """Lines of a file, to be opened if it is still the same: by device and inode."""

    file: str
    path: bytes
    identity: tuple[int, int]
    start: int
    end: int
    source: int


class NamedFile(msgspec.Struct, tag=True, array_like=True):
    """A compressed file to be read if it is still the same."""

    file: str
    path: bytes
    identity: tuple[int, int]
    source: int


Task: TypeAlias = list[SharedBlock | NamedSpan | NamedFile]

Place: TypeAlias = tuple[int, int]
"""Where in shared memory a task stands: from one byte to before another."""

encode: Final = msgspec.msgpack.Encoder().encode
decode_task: Final = msgspec.msgpack.Decoder(Task).decode
decode_place: Final = msgspec.msgpack.Decoder(Place).decode

_Answer: TypeAlias = tuple[
    str,
    Position,
    int,
    list[Position],
    int,
    int,
    dict[str, int],
    list[Reject],
    dict[int, int],
    Packed,
]
"""The fields of Evaluated in their order, the updates packed."""

_decode: Final[Callable[[bytes], tuple[Any, ...]]] = msgspec.msgpack.Decoder(_Answer).decode

END: Final = b""
"""What follows the answers for a block or a portion."""

FAILED: Final = b"!"
"""What follows them where the parent has to find out the rest itself."""


def encode_answer(found: Evaluated) -> bytes:
    """Return what became of some lines as an answer."""
    *fields, updates = astuple(found)
    return encode((*fields, pack(updates)))


def read_answer(answer: bytes) -> Evaluated:
    """Return what became of some lines."""
    *fields, matched, packed = _decode(answer)
    fields += Counter(matched), unpack(packed)
    return Evaluated(*fields)
