"""The body of `POST /List/{listId}/ListImport`: a delimited file turned into rows."""

from __future__ import annotations

import binascii
import csv
import io
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.sandbox.contacts import (
    FieldStrategy,
    ImportKind,
    ImportType,
    Row,
    is_address,
    takes,
)
from listrak_sync.sandbox.wire import invalid, malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listrak_sync.sandbox.account import AccountField


# What msgspec raises for a body that is not JSON, not UTF-8, too deep or of another shape; which of
# them depends on its version.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class PostedValue(msgspec.Struct, rename="camel", gc=False):
    """A value as posted; one that is not text is refused by its name, not as a broken body."""

    segmentation_field_id: int
    value: object


class PostedContact(msgspec.Struct, rename="camel", gc=False):
    """An element of the posted array."""

    email_address: str
    segmentation_field_values: list[PostedValue]


_CONTACTS_DECODER = msgspec.json.Decoder(list[PostedContact])


def read_rows(fields: Mapping[int, AccountField], body: bytes) -> list[Row]:
    """Return a row for each element. Raises Refusal at the first that the contract refuses.

    `fields` are the list's, by id.
    """
    try:
        contacts = _CONTACTS_DECODER.decode(body)
    except UNREADABLE as error:
        raise malformed(str(error)) from error
    if not contacts:
        raise invalid("contactSegmentationFieldValues")
    rows = []
    for contact in contacts:
        if not is_address(contact.email_address):
            raise invalid("emailAddress")
        values = {}
        for one in contact.segmentation_field_values:
            field = fields.get(one.segmentation_field_id)
            if field is None:
                raise invalid("segmentationFieldId")
            if not isinstance(one.value, str) or not takes(field, one.value):
                raise invalid("value")
            values[field.id] = one.value
        rows.append(Row(contact.email_address, values))
    return rows


_COLUMN_TYPES = ("Email", "SegmentationField", "Event", "ExternalContactID")
_IMPORT_TYPES: dict[str, ImportType] = {
    "AddSubscribers": "AddSubscribers",
    "AddSubscribersAndSegmentationData": "AddSubscribersAndSegmentationData",
    "RemoveSubscribers": "RemoveSubscribers",
    "UpdateSubscribers": "UpdateSubscribers",
}
_STRATEGIES: dict[str, FieldStrategy] = {
    "Update": "Update",
    "Append": "Append",
    "Overwrite": "Overwrite",
}


class FileMapping(msgspec.Struct, rename="camel"):
    """What a column of the file, counted from 0, holds."""

    file_column: int
    file_column_type: str
    segmentation_field_id: int | None = None
    default_value: str = ""


class ImportFile(msgspec.Struct, rename="camel"):
    """The posted object; the contract requires every key that has no default here."""

    file_delimiter: str
    file_mappings: list[FileMapping]
    file_name: str
    file_stream: str
    import_type: str
    segmentation_import_type: str
    has_column_names: bool = False
    suppress_email_notifications: bool = False
    text_qualifier: str = '"'
    trigger_journey: bool = False
    include_unsubscribed: bool = False


_FILE_DECODER = msgspec.json.Decoder(ImportFile)


def read_file(fields: Mapping[int, AccountField], body: bytes) -> tuple[str, ImportKind, list[Row]]:
    """Return the file's name, what the import does, and a row for each line of the file.

    `fields` are the list's, by id. With `Update` and `Append` a blank cell sets nothing, with
    `Overwrite` it empties the field: nothing is published, so this is the sandbox's reading. A
    cell that its field cannot take spoils only its row. Raises Refusal.
    """
    try:
        posted = _FILE_DECODER.decode(body)
    except UNREADABLE as error:
        raise malformed(str(error)) from error
    import_type = _IMPORT_TYPES.get(posted.import_type)
    strategy = _STRATEGIES.get(posted.segmentation_import_type)
    if not posted.file_name.strip():
        raise invalid("fileName")
    if import_type is None:
        raise invalid("importType")
    if strategy is None:
        raise invalid("segmentationImportType")
    email, columns = _columns(posted.file_mappings, fields)
    rows = [
        _row(cells, email, columns, keep_blank=strategy == "Overwrite") for cells in _lines(posted)
    ]
    if not rows:
        raise invalid("fileStream")
    kind = ImportKind(import_type, strategy, posted.include_unsubscribed)
    return posted.file_name, kind, rows


def _columns(
    mappings: list[FileMapping], fields: Mapping[int, AccountField]
) -> tuple[FileMapping, list[tuple[FileMapping, AccountField]]]:
    places = [mapping.file_column for mapping in mappings]
    if len(set(places)) < len(places) or any(place < 0 for place in places):
        raise invalid("fileColumn")
    if any(mapping.file_column_type not in _COLUMN_TYPES for mapping in mappings):
        raise invalid("fileColumnType")
    emails = [mapping for mapping in mappings if mapping.file_column_type == "Email"]
    if len(emails) != 1:
        raise invalid("fileMappings")
    columns = []
    for mapping in mappings:
        if mapping.file_column_type == "SegmentationField":
            field = fields.get(mapping.segmentation_field_id or 0)
            if field is None:
                raise invalid("segmentationFieldId")
            columns.append((mapping, field))
    return emails[0], columns


def _lines(posted: ImportFile) -> Iterator[list[str]]:
    if len(posted.file_delimiter) != 1 or posted.file_delimiter in "\r\n":
        raise invalid("fileDelimiter")
    if len(posted.text_qualifier) > 1 or posted.text_qualifier in (
        "\r",
        "\n",
        posted.file_delimiter,
    ):
        raise invalid("textQualifier")
    try:
        text = binascii.a2b_base64(posted.file_stream, strict_mode=True).decode("utf-8-sig")
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=posted.file_delimiter,
            quotechar=posted.text_qualifier or None,
            quoting=csv.QUOTE_MINIMAL if posted.text_qualifier else csv.QUOTE_NONE,
            strict=True,
        )
        if posted.has_column_names:
            next(reader, None)
        yield from (cells for cells in reader if cells)
    except (ValueError, csv.Error) as error:
        raise invalid("fileStream") from error


def _row(
    cells: list[str],
    email: FileMapping,
    columns: list[tuple[FileMapping, AccountField]],
    *,
    keep_blank: bool,
) -> Row:
    values = {}
    for mapping, field in columns:
        value = _cell(cells, mapping)
        if value and not takes(field, value):
            return Row(_cell(cells, email), {}, spoilt=True)
        if value or keep_blank:
            values[field.id] = value
    return Row(_cell(cells, email), values)


def _cell(cells: list[str], mapping: FileMapping) -> str:
    held = cells[mapping.file_column] if mapping.file_column < len(cells) else ""
    return held or mapping.default_value
