"""A window's contacts become request bodies within limits, each contact once."""

from __future__ import annotations

import base64
import csv
import io
import json
from itertools import groupby, pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.batching import batches as batches_module
from listrak_sync.batching.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    PROFILE_FIELDS,
    Batch,
    Limits,
    Route,
    _encoder,
    batches,
    field_sets,
    rebatch,
    single,
)
from listrak_sync.batching.window import Contact

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _contact(list_id: int, email: str, fields: dict[int, str], line: int = 1) -> Contact:
    return Contact(list_id, email, tuple(fields.items()), (0,), 0, line)


CONTACTS = st.lists(
    st.builds(
        _contact,
        list_id=st.integers(1, 3),
        email=st.from_regex(r"\A[a-zA-Z'+]{1,8}@example\.com\Z"),
        fields=st.dictionaries(st.integers(1, 2**31 - 1), TEXTS, min_size=1, max_size=3),
        line=st.integers(1, 9),
    ),
    max_size=20,
).map(lambda contacts: sorted(contacts, key=lambda contact: contact.list_id))
LIMITS = st.builds(Limits, contacts=st.integers(1, 6), bytes=st.integers(1, 600))


def _as_json(contact: Contact) -> dict[str, Any]:
    return {
        "emailAddress": contact.email_address,
        "segmentationFieldValues": [
            {"segmentationFieldId": field, "value": value} for field, value in contact.fields
        ],
    }


ROUTES: tuple[Route, ...] = (PROFILE_FIELDS, LIST_IMPORT)
LIMIT: Limits = DEFAULT_LIMITS[PROFILE_FIELDS]


def _batches(
    contacts: list[Contact], limits: Limits = LIMIT, route: Route = PROFILE_FIELDS
) -> list[Batch]:
    return list(batches(lambda: contacts, route, limits))


def _measured(batch: Batch) -> int:
    """Return how many bytes of a request its limit counts: its body's, or its file's rows'."""
    if batch.route == PROFILE_FIELDS:
        return len(batch.body)
    file = base64.b64decode(json.loads(batch.body)["fileStream"])
    return len(file) - len(file.split(b"\r\n")[0])


@pytest.mark.parametrize("route", ROUTES)
@given(contacts=CONTACTS, limits=LIMITS)
def test_batches(route: Route, contacts: list[Contact], limits: Limits) -> None:
    """Batches keep the limits and hold one list each, and every contact is in exactly one."""
    made = _batches(contacts, limits, route)
    held = [contact for batch in made for contact in batch.contacts]
    assert sorted(held, key=repr) == sorted(contacts, key=repr)
    for batch in made:
        assert batch.route == route
        assert {contact.list_id for contact in batch.contacts} == {batch.list_id}
        assert len(batch.contacts) <= limits.contacts
        row_ends = 2 * len(batch.contacts) if route == LIST_IMPORT else 0
        assert _measured(batch) <= limits.bytes + row_ends or len(batch.contacts) == 1


@given(contacts=CONTACTS, limits=LIMITS)
def test_order(contacts: list[Contact], limits: Limits) -> None:
    """Batches of profile fields keep the order of contacts."""
    made = _batches(contacts, limits)
    assert [contact for batch in made for contact in batch.contacts] == contacts


@given(contacts=CONTACTS, limits=LIMITS)
def test_file(contacts: list[Contact], limits: Limits) -> None:
    """A list import's file has a row for each contact, all of which set the same fields."""
    for batch in _batches(contacts, limits, LIST_IMPORT):
        body = json.loads(batch.body)
        text = base64.b64decode(body["fileStream"]).decode()
        names, *rows = csv.reader(io.StringIO(text, newline=""))
        assert rows == [
            [one.email_address, *(value for _, value in one.fields)] for one in batch.contacts
        ]
        for one in batch.contacts:
            assert names == ["Email", *(str(field) for field, _ in one.fields)]
        fields = [column.get("segmentationFieldId") for column in body["fileMappings"]]
        assert fields == [None, *map(int, names[1:])]


FIELD_SETS = st.lists(
    st.builds(
        _contact,
        list_id=st.integers(1, 2),
        email=st.integers(1, 999).map(lambda number: f"c{number}@example.com"),
        fields=st.dictionaries(st.integers(1, 3), st.just("on"), min_size=1),
    ),
    max_size=20,
).map(lambda contacts: sorted(contacts, key=lambda contact: contact.list_id))


@given(contacts=FIELD_SETS, limits=LIMITS, held=st.integers(1, 20))
def test_file_by_file(contacts: list[Contact], limits: Limits, held: int) -> None:
    """However many contacts are held at a time, files come set by set, contacts in their order."""
    with patch.object(batches_module, "_HELD_CONTACTS", held):
        made = _batches(contacts, limits, LIST_IMPORT)
    kinds = dict.fromkeys((one.list_id, *(field for field, _ in one.fields)) for one in contacts)
    expected = [
        one
        for kind in kinds
        for one in contacts
        if (one.list_id, *(field for field, _ in one.fields)) == kind
    ]
    assert [one for batch in made for one in batch.contacts] == expected
    assert field_sets(contacts) == len(kinds)


def test_many_field_sets() -> None:
    """Contacts are gone through a few times, however many sets of fields there are."""
    held = [
        _contact(
            1, f"c{number}@example.com", {bit + 1: "on" for bit in range(9) if number >> bit & 1}
        )
        for number in range(1, 512)
    ]
    passes = []

    def contacts() -> list[Contact]:
        passes.append(1)
        return held

    assert len(list(batches(contacts, LIST_IMPORT, LIMIT))) == 511
    assert len(passes) == 2


@given(contacts=CONTACTS, limits=LIMITS)
def test_no_smaller_than_need_be(contacts: list[Contact], limits: Limits) -> None:
    """A batch ends only where its next contact would break a limit or is of another list."""
    for batch, following in pairwise(_batches(contacts, limits)):
        next_one = following.contacts[0]
        size = len(batch.body) + 1 + len(_encoder(PROFILE_FIELDS)(next_one))
        assert (
            batch.list_id != following.list_id
            or len(batch.contacts) == limits.contacts
            or size > limits.bytes
        )


@given(contacts=CONTACTS, limits=LIMITS)
def test_body(contacts: list[Contact], limits: Limits) -> None:
    """A body is the JSON that Listrak documents, and as short as JSON can be written."""
    for batch in _batches(contacts, limits):
        expected = [_as_json(contact) for contact in batch.contacts]
        assert json.loads(batch.body) == expected
        assert list(map(list, json.loads(batch.body))) == list(map(list, expected))
        assert batch.body == b"[%b]" % b",".join(
            _encoder(PROFILE_FIELDS)(contact) for contact in batch.contacts
        )


def test_bytes() -> None:
    """The very bytes of a body."""
    contact = _contact(1, 'é"@example.com', {789: "on", 790: "a\\\n"})
    (batch,) = _batches([contact])
    assert batch.body.decode() == (
        '[{"emailAddress":"é\\"@example.com","segmentationFieldValues":['
        '{"segmentationFieldId":789,"value":"on"},'
        '{"segmentationFieldId":790,"value":"a\\\\\\n"}]}]'
    )


@given(contacts=CONTACTS.filter(bool))
def test_id(contacts: list[Contact]) -> None:
    """An id depends on the list and the body, not on where the contacts stood."""
    batch = _batches(contacts)[0]
    moved = tuple(
        Contact(one.list_id, one.email_address, one.fields, (5,), 3, 77) for one in batch.contacts
    )
    assert Batch(batch.list_id, batch.route, batch.body, moved).id == batch.id
    assert Batch(batch.list_id + 1, batch.route, batch.body, batch.contacts).id != batch.id
    assert Batch(batch.list_id, batch.route, batch.body + b" ", batch.contacts).id != batch.id


@pytest.mark.parametrize("route", ROUTES)
@given(contacts=CONTACTS)
def test_single(route: Route, contacts: list[Contact]) -> None:
    """What goes alone is a batch of its own, in order, with the body it has in any batch."""
    made = list(single(contacts, route))
    assert [batch.contacts for batch in made] == [(contact,) for contact in contacts]
    assert made == [batch for one in contacts for batch in _batches([one], LIMIT, route)]


@pytest.mark.parametrize("route", ROUTES)
@given(contacts=CONTACTS, limits=LIMITS)
def test_rebatch(route: Route, contacts: list[Contact], limits: Limits) -> None:
    """A batch can be made over, smaller or by the other route, and loses no contact."""
    for batch in _batches(contacts):
        made = list(rebatch(batch, limits, route))
        assert made == _batches(list(batch.contacts), limits, route)
        assert list(rebatch(batch, LIMIT)) == [batch]


@pytest.mark.parametrize(("contacts", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (9, [3])])
def test_contact_limit(contacts: int, sizes: list[int]) -> None:
    """A batch holds as many contacts as it may, and no more."""
    held = [_contact(1, f"{name}@example.com", {7: "on"}) for name in "abc"]
    made = _batches(held, Limits(contacts, LIMIT.bytes))
    assert [len(batch.contacts) for batch in made] == sizes


@pytest.mark.parametrize(("spare", "sizes"), [(0, [3]), (-1, [2, 1]), (-10_000, [1, 1, 1])])
def test_byte_limit(spare: int, sizes: list[int]) -> None:
    """A body may be exactly as long as the limit; a contact that is longer goes alone."""
    held = [_contact(1, f"{name}@example.com", {7: "on"}) for name in "abc"]
    (whole,) = _batches(held)
    limits = Limits(9, len(whole.body) + spare)
    assert [len(batch.contacts) for batch in _batches(held, limits)] == sizes


def test_lists() -> None:
    """Another list begins another batch."""
    held = [_contact(list_id, "a@example.com", {7: "on"}) for list_id in (2, 2, 1, 3)]
    made = _batches(held)
    assert [(batch.list_id, len(batch.contacts)) for batch in made] == [
        (list_id, len(list(group))) for list_id, group in groupby(one.list_id for one in held)
    ]


@pytest.mark.parametrize("route", ROUTES)
def test_nothing(route: Route) -> None:
    """Without contacts there is no batch."""
    assert _batches([], route=route) == []
