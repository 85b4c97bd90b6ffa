"""A window's contacts as request bodies within limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from listrak_sync.updates.update import FieldValues
from listrak_sync.updates.window import Contact

DEFAULT_CONTACTS: Final = 10_000
DEFAULT_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold: contacts, and bytes of its body."""

    contacts: int = DEFAULT_CONTACTS
    bytes: int = DEFAULT_BYTES


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Contacts of one list in one request: the very bytes that are sent."""

    list_id: int
    body: bytes
    contacts: tuple[Contact, ...]

    @property
    def id(self) -> str:
        """Return an id that depends on the content alone."""
        return hashlib.sha256(b"%d\n%b" % (self.list_id, self.body)).hexdigest()[:16]

    @property
    def values(self) -> int:
        """Return how many field values the batch sets."""
        return sum(len(contact.fields) for contact in self.contacts)


def batches(contacts: Iterable[Contact], limits: Limits) -> Iterator[Batch]:
    """Yield batches of contacts, which come list by list and each only once.

    A contact that is larger than a whole batch may be goes alone.
    """
    held: list[Contact] = []
    encoded: list[bytes] = []
    size = 2
    for contact in contacts:
        body = encode_contact(contact.email_address, contact.fields)
        full = len(held) >= limits.contacts or size + len(body) > limits.bytes
        if held and (full or held[0].list_id != contact.list_id):
            yield batch_of(held, encoded)
            held, encoded, size = [], [], 2
        held.append(contact)
        encoded.append(body)
        size += len(body) + 1
    if held:
        yield batch_of(held, encoded)


def single(contacts: Iterable[Contact]) -> Iterator[Batch]:
    """Yield a batch for each contact, for mappings that do not batch."""
    for contact in contacts:
        yield batch_of((contact,), (encode_contact(contact.email_address, contact.fields),))


def batch_of(contacts: Iterable[Contact], encoded: Iterable[bytes]) -> Batch:
    """Return the batch of contacts of one list that are encoded already."""
    held = tuple(contacts)
    return Batch(held[0].list_id, b"[%b]" % b",".join(encoded), held)


def encode_contact(email_address: str, fields: FieldValues) -> bytes:
    """Return a contact as an element of the body of `POST …/Contact/SegmentationField`."""
    values = b",".join(_encode_value(field, value) for field, value in fields)
    address = msgspec.json.encode(email_address)
    return b'{"emailAddress":%b,"segmentationFieldValues":[%b]}' % (address, values)


@lru_cache(maxsize=4096)
def _encode_value(field: int, value: str) -> bytes:
    return msgspec.json.encode({"segmentationFieldId": field, "value": value})
