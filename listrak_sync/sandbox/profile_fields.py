"""The body of `POST /List/{listId}/Contact/SegmentationField`: read, checked, turned into rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from listrak_sync.sandbox.contacts import Row, is_address, takes
from listrak_sync.sandbox.wire import invalid, malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sync.sandbox.account import Field


class FieldValue(msgspec.Struct, rename="camel", gc=False):
    """A value as posted; anything but text is refused by name, not as a broken body."""

    segmentation_field_id: int
    value: object


class ContactValues(msgspec.Struct, rename="camel", gc=False):
    """An element of the posted array."""

    email_address: str
    segmentation_field_values: list[FieldValue]


_DECODER = msgspec.json.Decoder(list[ContactValues])


def read_rows(fields: Mapping[int, Field], body: bytes) -> list[Row]:
    """Return a row for each element; raise Refusal at the first that the contract refuses.

    `fields` are the list's, by id.
    """
    try:
        contacts = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
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
