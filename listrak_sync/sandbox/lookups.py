"""The routes that look up lists and profile fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sync.sandbox.wire import document, not_found

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


def _list(mailing_list: MailingList) -> dict[str, object]:
    return {
        "listId": mailing_list.id,
        "listName": mailing_list.name,
        "bounceHandling": "None",
        "bounceUnsubscribeCount": 0,
    }
