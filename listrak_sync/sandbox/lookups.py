"""The routes that look up lists, profile fields and contacts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import unquote

from listrak_sync.sandbox.contacts import is_address
from listrak_sync.sandbox.wire import document, invalid, not_found

if TYPE_CHECKING:
    from listrak_sync.sandbox.account import MailingList
    from listrak_sync.sandbox.wire import Answer, RoutedRequest


def get_lists(call: RoutedRequest) -> Answer:
    """Answer `GET /List`."""
    return document(200, {"data": [_list(known.list) for known in call.lists.values()]})


def get_list(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}`."""
    return document(200, {"data": _list(call.known().list)})


def get_groups(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/SegmentationFieldGroup`."""
    groups = [
        {
            "segmentationFieldGroupId": group.id,
            "segmentationFieldGroupName": group.name,
            "position": position,
        }
        for position, group in enumerate(call.known().list.groups)
    ]
    return document(200, {"data": groups})


def get_fields(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/SegmentationFieldGroup/{groupId}/SegmentationField`."""
    known, group_id = call.known(), call.id("segmentationFieldGroupId")
    group = next((one for one in known.list.groups if one.id == group_id), None)
    if group is None:
        raise not_found(f"profile field group {group_id} on list {known.list.id}")
    fields = [
        {
            "segmentationFieldId": field.id,
            "segmentationFieldName": field.name,
            "segmentationFieldGroupId": group.id,
            "dataType": field.data_type,
            "maxLength": field.max_length,
            "position": position,
        }
        for position, field in enumerate(group.fields)
    ]
    return document(200, {"data": fields})


def get_contact(call: RoutedRequest) -> Answer:
    """Answer `GET /List/{listId}/Contact/{email}?segmentationFieldIds=…`, at most 30 ids.

    Contacts are found by address only, not by Listrak's email key.
    """
    known = call.known()
    email = unquote(call.path["contactIdentifier"])
    asked = call.ids("segmentationFieldIds", 30)
    if not is_address(email):
        raise invalid("contactIdentifier")
    if any(field_id not in known.fields for field_id in asked):
        raise invalid("segmentationFieldIds")
    held = call.imports.contact(known.list.id, email)
    if held is None:
        raise not_found(f"contact with this address on list {known.list.id}")
    key = hashlib.sha256(email.lower().encode()).hexdigest()
    contact = {
        "emailAddress": email.lower(),
        "emailKey": key[:32],
        "universalEmailKey": key,
        "subscriptionState": "Subscribed",
        "subscribeMethod": "List Import",
        "segmentationFieldValues": [
            {
                "segmentationFieldGroupId": known.groups[field_id].id,
                "segmentationFieldId": field_id,
                "value": held[field_id],
            }
            for field_id in asked
            if field_id in held
        ],
    }
    return document(200, {"data": contact})


def _list(mailing_list: MailingList) -> dict[str, object]:
    return {
        "listId": mailing_list.id,
        "listName": mailing_list.name,
        "bounceHandling": "None",
        "bounceUnsubscribeCount": 0,
    }
