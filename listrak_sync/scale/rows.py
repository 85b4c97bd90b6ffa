"""The rows of Arrow tables between the two functions, and those that come out at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Final, TypeAlias

import msgspec
import pyarrow as pa

from listrak_sync.evaluation.updates import Changes, FieldValues, Origin, given, origin_of, shared
from listrak_sync.evaluation.updates import field_values as values_of


class Kind(IntEnum):
    """What a row holds."""

    UPDATE = 0
    """Between the functions: one update. At the end: a contact's final values."""
    REJECT = 1
    COUNTS = 2
    """What became of a file's lines."""
    FAULT = 3
    """Why a file cannot be evaluated: the message, a newline, and what to do."""
    SUMS = 4
    """At the end: the counts of all rows of a partition."""


EVALUATED: Final = pa.schema(
    [
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("list_id", pa.int64(), nullable=False),
        pa.field("contact", pa.string(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("address", pa.string()),
        pa.field("instant", pa.int64(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
    ]
)
"""A row for each update, reject and file.

`contact` is the address in lower case; of other rows, their file's place. `place` is the path with
NUL in place of `/`: so paths sort by their parts. `number` counts the updates, or the rejects, of a
file. `address` is null where it is in lower case.
"""

TOGETHER: Final = ("list_id", "contact")
"""The columns by which rows come together: those of a contact have to be in one partition."""

ORDER: Final = ("kind", *TOGETHER, "place", "number")
"""The columns by which the rows of a partition are sorted: a contact's are in input order."""

FINAL: Final = pa.schema(
    [
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("list_id", pa.int64(), nullable=False),
        pa.field("line", pa.string()),
        pa.field("sums", pa.binary()),
    ]
)
"""A row for each line of output, and one for the counts of a partition."""

Encoded: TypeAlias = tuple[int, FieldValues, Origin | None]

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Encoded).decode


def encode_changes(changes: Changes) -> bytes:
    """Return the changes of an update without their list, which has a column of its own."""
    return _encode((changes[0].mapping, values_of(changes), origin_of(changes)))


def decode_changes(list_id: int, content: bytes) -> Changes:
    """Return changes that were encoded."""
    mapping, fields, origin = _decode(content)
    if origin is not None:
        return given(mapping, list_id, fields, origin)
    return shared(mapping, list_id, fields)


def batch_of(schema: pa.Schema, columns: Sequence[Iterable[Any]]) -> pa.RecordBatch:
    """Return a batch of rows, given column by column."""
    arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
