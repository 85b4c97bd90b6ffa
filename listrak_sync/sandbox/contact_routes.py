"""The routes that read contacts with their values."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import unquote

from listrak_sync.sandbox.contacts import is_address
from listrak_sync.sandbox.wire import document, invalid, not_found, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listrak_sync.sandbox.behaviour import Behaviour
    from listrak_sync.sandbox.contacts import HeldContact
    from listrak_sync.sandbox.wire import Answer, Known, RoutedRequest

MOST_FIELDS = 30


def get_contacts(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/Contact?subscriptionState=&segmentationFieldIds=&cursor=&count=`.

    The other filters of this route are not read.
    """
    known, asked = _asked(call)
    if call.account.open_lists:
        message = "Every address is a contact of this list: it can only be asked for one by one."
        raise refusal(400, "ERROR_INVALID_PARAMETER", message)
    state = call.query("subscriptionState") or "Subscribed"
    if state not in ("Subscribed", "Unsubscribed"):
        raise invalid("subscriptionState")
    place = call.page()
    held, more = call.imports.page(known.list.id, place, subscribed=state == "Subscribed")
    contacts = [_contact(one, known, asked, call.behaviour) for one in held]
    following = call.following(place) if more else None
    return document(200, {"nextPageCursor": following, "data": contacts})


def get_contact(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/Contact/{email}?segmentationFieldIds=…`.

    Contacts are found by address only, not by Listrak's email key.
    """
    known, asked = _asked(call)
    email = unquote(call.path["contactIdentifier"])
    if not is_address(email):
        raise invalid("contactIdentifier")
    held = call.imports.contact(known.list.id, email)
    if held is None:
        raise not_found(f"contact with this address on list {known.list.id}")
    return document(200, {"data": _contact(held, known, asked, call.behaviour)})


def _asked(call: RoutedRequest) -> tuple[Known, list[int]]:
    """Return the list, and the fields asked for, at most 30. Raises Refusal."""
    known = call.known()
    asked = call.ids("segmentationFieldIds", MOST_FIELDS)
    if any(field_id not in known.fields for field_id in asked):
        raise invalid("segmentationFieldIds")
    return known, asked


def _contact(
    held: HeldContact, known: Known, asked: Sequence[int], behaviour: Behaviour
) -> dict[str, object]:
    key = hashlib.sha256(held.email.encode()).hexdigest()
    return {
        "emailAddress": held.email,
        "emailKey": key[:32],
        "universalEmailKey": key,
        "subscriptionState": "Subscribed" if held.is_subscribed else "Unsubscribed",
        "subscribeMethod": "List Import",
        "segmentationFieldValues": [
            {
                "segmentationFieldGroupId": known.groups[field_id].id,
                "segmentationFieldId": field_id,
                "value": value,
            }
            for field_id, value in _values(held, known, asked, behaviour)
        ],
    }


def _values(
    held: HeldContact, known: Known, asked: Sequence[int], behaviour: Behaviour
) -> Iterator[tuple[int, str]]:
    """Yield the values that are told: check boxes as the behaviour wants them."""
    for field_id in asked:
        value = held.values.get(field_id)
        if known.fields[field_id].data_type == "CheckBox":
            told = {"on": behaviour.box_on, "off": behaviour.box_off, None: behaviour.box_unset}
            value = told.get(value, value)
        if value is not None:
            yield field_id, value
