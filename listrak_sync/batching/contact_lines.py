"""A contact's final state as a line of JSON, which is input as well."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from listrak_sync.batching.window import Contact
from listrak_sync.text import json_line


class _ContactLine(msgspec.Struct, frozen=True):
    """A contact's final state as dry-run shows it."""

    list_id: int
    email_address: str
    fields: dict[int, str]
    mappings: Sequence[str]
    line: int
    file: str


def contact_line(contact: Contact, names: Sequence[str], file: str, line: int) -> bytes:
    """Return a contact's final values as `dry-run --format updates` prints them.

    `names` are those of the mappings that gave the values; the last value is of this file and line.
    """
    fields = dict(contact.fields)
    state = _ContactLine(contact.list_id, contact.email_address, fields, names, line, file)
    return json_line(state)
