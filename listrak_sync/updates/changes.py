"""What a mapping changes for a contact: of which list, and which fields to which values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.paths import Event
from listrak_sync.mapping.compiler import Value
from listrak_sync.mapping.model import USE_AUDIENCE_KEY, Field, Mapping
from listrak_sync.mapping.values import field_text, parse_id
from listrak_sync.updates.membership import membership
from listrak_sync.updates.rejected import RejectedError, shown

FieldValue: TypeAlias = tuple[int, str]
"""A profile field's id, and the value to set."""

FieldValues: TypeAlias = tuple[FieldValue, ...]


class Change(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A value to set for a contact of a list, by the mapping with this index.

    It equals itself alone, whatever others say: that is fast, and most are shared.
    """

    mapping: int
    list_id: int
    field: int
    value: str


Changes: TypeAlias = tuple[Change, ...]
"""All that an event asks of one mapping: the same list's, and at least one."""


@lru_cache(maxsize=4096)
def shared(mapping: int, list_id: int, fields: FieldValues) -> Changes:
    """Return changes that are made only once, as many as there are updates that want them."""
    return tuple([Change(mapping, list_id, field, value) for field, value in fields])


def field_values(changes: Iterable[Change]) -> FieldValues:
    """Return what changes set."""
    return tuple([(change.field, change.value) for change in changes])


def changes_maker(
    index: int, mapping: Mapping, find_list: Callable[[Event], int]
) -> Callable[[Event], Changes]:
    """Return what finds the changes that an event asks for; it raises RejectedError."""
    list_id = parse_id(mapping.list_id.constant)
    if list_id is not None and len(mapping.fields) == 1:
        (field,) = mapping.fields
        if field.value.constant == USE_AUDIENCE_KEY:
            inside, outside = (shared(index, list_id, ((field.id, it),)) for it in ("on", "off"))
            return membership(mapping, inside, outside)
    resolvers = tuple((field.id, _field(mapping, field)) for field in mapping.fields)

    def changes(event: Event) -> Changes:
        list_id = find_list(event)
        fields = tuple(
            [
                (field_id, text)
                for field_id, resolve in resolvers
                if (text := resolve(event)) is not None
            ]
        )
        if not fields:
            raise RejectedError("no_profile_fields", "every field's value is missing")
        return shared(index, list_id, fields)

    return changes


def list_finder(value: Value) -> Callable[[Event], int]:
    """Return what finds the id of the list that an event is for; it raises RejectedError."""
    constant = parse_id(value.constant)
    if constant is not None:
        return lambda event: constant  # noqa: ARG005 - the same for every event

    def resolve(event: Event) -> int:
        found = value.resolve(event)
        list_id = parse_id(found)
        if list_id is None:
            raise RejectedError("invalid_list_id", f"{shown(found)} is no list id")
        return list_id

    return resolve


def _field(mapping: Mapping, field: Field) -> Callable[[Event], str | None]:
    """Return what sets one field; None leaves it out."""
    value = field.value
    switched = membership(mapping, "on", "off")
    if value.constant == USE_AUDIENCE_KEY:
        return switched
    if value.is_constant:
        constant = field_text(value.constant)
        return lambda event: constant  # noqa: ARG005 - the same for every event

    words = [node.value for node in value.written if node.value == USE_AUDIENCE_KEY]

    def resolve(event: Event) -> str | None:
        found = value.resolve(event)
        if found is None or found is UNSET:
            return None
        if any(found is word for word in words):  # equal text of an event is but a text
            return switched(event)
        text = field_text(found)
        if text is None:
            detail = f"field {field.id}: {shown(found)} is no text, number or boolean"
            raise RejectedError("invalid_field_value", detail)
        return text

    return resolve
