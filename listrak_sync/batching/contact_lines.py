"""A contact's final state as a line of JSON, which is input as well."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from listrak_sync.batching.window import Contact


def contact_line(contact: Contact, names: Sequence[str], file: str, line: int) -> bytes:
    """Return a contact's final values as `dry-run --format updates` prints them.

    `names` are those of the mappings that gave the values; the last value is of this file and line.
    """
    encode = msgspec.json.encode
    fields = b", ".join(
        b"%b: %b" % (encode(str(field_id)), encode(value)) for field_id, value in contact.fields
    )
    return (
        b'{"list_id": %d, "email_address": %b, "fields": {%b}, "mappings": [%b], '
        b'"line": %d, "file": %b}'
    ) % (
        contact.list_id,
        encode(contact.email_address),
        fields,
        b", ".join(map(encode, names)),
        line,
        encode(file),
    )
