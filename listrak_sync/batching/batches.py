"""Contacts as request bodies within limits, for either of Listrak's two routes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

from listrak_sync.batching import list_files
from listrak_sync.batching.window import Contact
from listrak_sync.evaluation.updates import FieldValues

Route: TypeAlias = Literal["profile-fields", "list-import"]
PROFILE_FIELDS: Final = "profile-fields"
LIST_IMPORT: Final = "list-import"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many contacts one request may hold, and how many bytes its body, or the file in it."""

    contacts: int
    bytes: int


DEFAULT_LIMITS: Final[dict[Route, Limits]] = {
    PROFILE_FIELDS: Limits(10_000, 1_000_000),
    LIST_IMPORT: Limits(500_000, 100_000_000),
}
"""The limits by route. Source for the file's: `POST /List/{listId}/ListImport`."""


_HELD_CONTACTS: Final = 250_000
"""How many contacts are held at a time to be sorted by the fields they set."""

_MOST_KNOWN: Final = 4096
_LONGEST_KNOWN: Final = 1000
"""How many encoded values are kept for the contacts that share them, and up to which length."""

_Kind: TypeAlias = tuple[int, list_files.Columns]
"""What the contacts of one file share: their list and the fields they set."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Contacts of one list in one request, encoded once: these bytes are measured, shown and sent.

    `number` is the batch's row in the journal, 0 where there is none.
    """

    list_id: int
    route: Route
    body: bytes
    contacts: Sequence[Contact]
    number: int = 0

    @property
    def id(self) -> str:
        """Return an id that depends only on the content."""
        return content_id(self.list_id, self.body)


def content_id(list_id: int, content: bytes) -> str:
    """Return an id that depends only on a list and a content."""
    return hashlib.sha256(b"%d\n%b" % (list_id, content)).hexdigest()[:16]


def batches(
    contacts: Callable[[], Iterable[Contact]], route: Route, limits: Limits
) -> Iterator[Batch]:
    """Yield batches of contacts, which come list by list, each contact once.

    `contacts` is called once for profile fields. For list imports it is called once more for
    about every quarter of a million, however many sets of fields there are.
    """
    if route == PROFILE_FIELDS:
        yield from _gathered(contacts(), route, limits)
        return
    counts = _count_kinds(contacts())
    for kinds in _kinds_at_a_time(counts):
        alike: dict[_Kind, list[Contact]] = {kind: [] for kind in kinds}
        of_these = (each for each in contacts() if _kind(each) in alike)
        if len(kinds) == 1:  # perhaps very many: no more of them is held than a file's
            yield from _gathered(of_these, route, limits)
            continue
        for each in of_these:
            alike[_kind(each)].append(each)
        for group in alike.values():
            yield from _gathered(group, route, limits)


def field_sets(contacts: Iterable[Contact]) -> int:
    """Return how many different sets of fields the contacts of each list set: a file for each."""
    return len(_count_kinds(contacts))


def _kind(contact: Contact) -> _Kind:
    return contact.list_id, list_files.columns(contact)


def _count_kinds(contacts: Iterable[Contact]) -> Counter[_Kind]:
    """Return how many contacts may share a file, by the list and the fields they set."""
    return Counter(map(_kind, contacts))


def _kinds_at_a_time(counts: Mapping[_Kind, int]) -> Iterator[list[_Kind]]:
    """Yield the kinds in order, as many at a time as have few enough contacts to be held."""
    together: list[_Kind] = []
    size = 0
    for kind, count in counts.items():
        if together and size + count > _HELD_CONTACTS:
            yield together
            together, size = [], 0
        together.append(kind)
        size += count
    if together:
        yield together


def single(contacts: Iterable[Contact], route: Route) -> Iterator[Batch]:
    """Yield a batch for each contact, for mappings with `enable_batching: false`."""
    encode = _encoder(route)
    for contact in contacts:
        yield _batch_of(route, (contact,), (encode(contact),))


def rebatch(batch: Batch, limits: Limits, route: Route | None = None) -> Iterator[Batch]:
    """Yield the contacts of a batch in smaller batches, or for the other route."""
    yield from batches(lambda: batch.contacts, route or batch.route, limits)


def _gathered(contacts: Iterable[Contact], route: Route, limits: Limits) -> Iterator[Batch]:
    encode, end = _encoder(route), 2 if route == LIST_IMPORT else 1
    held: list[Contact] = []
    encoded: list[bytes] = []
    size = room = list_id = 0
    for contact in contacts:
        part = encode(contact)
        size += len(part) + end
        if size > limits.bytes or not room or contact.list_id != list_id:
            if held:
                yield _batch_of(route, held, encoded)
                held, encoded = [], []
            room, list_id = limits.contacts, contact.list_id
            size = (1 if route == PROFILE_FIELDS else list_files.empty_bytes(contact)) + (
                len(part) + end
            )
        room -= 1
        held.append(contact)
        encoded.append(part)
    if held:
        yield _batch_of(route, held, encoded)


def _batch_of(route: Route, contacts: Iterable[Contact], encoded: Iterable[bytes]) -> Batch:
    held = tuple(contacts)
    list_id = held[0].list_id
    if route == PROFILE_FIELDS:
        return Batch(list_id, route, b"[%b]" % b",".join(encoded), held)
    columns = list_files.columns(held[0])
    content = list_files.content(columns, encoded)
    name = f"listrak-sync-{content_id(list_id, content)}.csv"
    return Batch(list_id, route, list_files.body(name, columns, content), held)


def _encode_row(contact: Contact) -> bytes:
    return list_files.row((contact.email_address, *(value for _, value in contact.fields)))


def _encoder(route: Route) -> Callable[[Contact], bytes]:
    """Return a function that encodes a contact: as a row of a file, or as an element of a body.

    The body is that of `POST …/Contact/SegmentationField`.
    """
    if route == LIST_IMPORT:
        return _encode_row
    known: dict[FieldValues, bytes] = {}  # most contacts share their values with many others

    def encode(contact: Contact) -> bytes:
        fields = contact.fields
        values = known.get(fields)
        if values is None:
            values = _encode_values(fields)
            if len(values) < _LONGEST_KNOWN and len(known) < _MOST_KNOWN:
                known[fields] = values
        return b'{"emailAddress":' + _json(contact.email_address) + values

    return encode


_json: Final = msgspec.json.Encoder().encode


def _encode_values(fields: FieldValues) -> bytes:
    values = [{"segmentationFieldId": field, "value": value} for field, value in fields]
    return b',"segmentationFieldValues":%b}' % _json(values)
