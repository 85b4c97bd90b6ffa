"""The delimited file of a list import, and the request that carries it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from listrak_sync.batching.window import Contact

MAX_FILE_BYTES: Final = 195_000_000
"""The largest file Listrak takes. Source: `POST /List/{listId}/ListImport`."""

Columns: TypeAlias = tuple[int, ...]
"""The profile field ids of a file's columns after the e-mail address."""


class _Column(msgspec.Struct, rename="camel", omit_defaults=True):
    """What a column of the file holds."""

    file_column: int
    file_column_type: str
    segmentation_field_id: int | None = None


class _Request(msgspec.Struct, rename="camel"):
    """The body of `POST /List/{listId}/ListImport`."""

    file_name: str
    file_stream: bytes  # in base64, as msgspec writes bytes
    file_mappings: list[_Column]
    file_delimiter: str = ","
    text_qualifier: str = '"'
    has_column_names: bool = True
    import_type: str = "UpdateSubscribers"
    segmentation_import_type: str = "Update"
    suppress_email_notifications: bool = True
    trigger_journey: bool = False
    include_unsubscribed: bool = False


def columns(contact: Contact) -> Columns:
    """Return the fields that a contact sets; all rows of a file set the same ones."""
    return tuple(field_id for field_id, _ in contact.fields)


def row(cells: Iterable[str]) -> bytes:
    """Return a line of the file without its ending; every cell is quoted, quotes are doubled."""
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells).encode()


def empty_bytes(contact: Contact) -> int:
    """Return the size in bytes of a file for contacts like this one, before the first row."""
    return len(content(columns(contact), ()))


def content(fields: Columns, rows: Iterable[bytes]) -> bytes:
    """Return the file: a line of column names, then the rows."""
    names = row(("Email", *map(str, fields)))
    return b"\r\n".join((names, *rows, b""))


def body(name: str, fields: Columns, file: bytes) -> bytes:
    """Return the request that starts the import of a file."""
    mappings = [_Column(0, "Email")]
    mappings += [
        _Column(index, "SegmentationField", field_id) for index, field_id in enumerate(fields, 1)
    ]
    return msgspec.json.encode(_Request(name, file, mappings))
