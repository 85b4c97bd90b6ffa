"""The routes that make profile fields and their groups."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar, get_args

import msgspec

from listrak_sync.sandbox.account import AccountField, AccountFieldGroup, DataType
from listrak_sync.sandbox.bodies import UNREADABLE
from listrak_sync.sandbox.wire import Known, document, invalid, malformed, not_found, refusal

if TYPE_CHECKING:
    from listrak_sync.sandbox.wire import Answer, RoutedRequest

_T = TypeVar("_T")
_MAKING = threading.Lock()  # two requests at a time would make a name twice


class NewGroup(msgspec.Struct, rename="camel"):
    """The posted group; the contract requires both keys."""

    segmentation_field_group_name: str
    position: int


class NewField(msgspec.Struct, rename="camel"):
    """The posted field; the contract requires all four keys."""

    segmentation_field_name: str
    data_type: str
    max_length: int
    position: int


def post_group(call: RoutedRequest) -> Answer:
    """Answer `POST /List/{listId}/SegmentationFieldGroup`."""
    posted = _read(call, NewGroup)
    with _MAKING:
        known = call.known()
        groups = known.list.groups
        name = posted.segmentation_field_group_name.strip()
        if not name or any(group.name.casefold() == name.casefold() for group in groups):
            raise invalid("segmentationFieldGroupName")
        if len(groups) >= call.behaviour.group_limit:
            code = "ERROR_SEGMENTATION_FIELD_GROUP_LIMIT_MET"
            raise refusal(400, code, "The list has as many profile field groups as it may have.")
        taken = [group.id for each in call.lists.values() for group in each.list.groups]
        group_id = max(taken, default=0) + 1
        _replace(call, known, (*groups, AccountFieldGroup(id=group_id, name=name)))
    return document(201, {"resourceId": str(group_id)})


def post_field(call: RoutedRequest) -> Answer:
    """Answer `POST …/SegmentationFieldGroup/{groupId}/SegmentationField`.

    A name may be on a list once, whatever its case; of which fields it may not be the name is not
    published.
    """
    group_id = call.id("segmentationFieldGroupId")
    posted = _read(call, NewField)
    if posted.data_type not in get_args(DataType):
        raise invalid("dataType")
    if posted.max_length < 0:
        raise invalid("maxLength")
    with _MAKING:
        known = call.known()
        groups = {group.id: group for group in known.list.groups}
        if group_id not in groups:
            raise not_found(f"profile field group {group_id} on list {known.list.id}")
        name = posted.segmentation_field_name.strip()
        names = {field.name.casefold() for field in known.fields.values()}
        if not name or name.casefold() in names:
            raise invalid("segmentationFieldName")
        field_id = 1 + max((id_ for each in call.lists.values() for id_ in each.fields), default=0)
        made = msgspec.convert(
            {
                "id": field_id,
                "name": name,
                "data_type": posted.data_type,
                "max_length": posted.max_length,
            },
            AccountField,
        )
        group = groups[group_id]
        groups[group_id] = msgspec.structs.replace(group, fields=(*group.fields, made))
        _replace(call, known, tuple(groups.values()))
    return document(201, {"resourceId": str(field_id)})


def _read(call: RoutedRequest, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(call.request.body, type=shape)
    except UNREADABLE as error:
        raise malformed(str(error)) from error


def _replace(call: RoutedRequest, known: Known, groups: tuple[AccountFieldGroup, ...]) -> None:
    changed = msgspec.structs.replace(known.list, groups=groups)
    call.lists[changed.id] = Known.of(changed)
