"""What a mapping changes for a contact: of which list, and which fields to which values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET

from listrak_sync.events.paths import Event
from listrak_sync.mapping.compiler import Value
from listrak_sync.mapping.model import USE_AUDIENCE_KEY, Field, Mapping
from listrak_sync.mapping.values import field_text, parse_id
from listrak_sync.updates.membership import COMPUTATION_KEY, member_of, membership, pinned
from listrak_sync.updates.rejected import RejectedError, shown

FieldValues: TypeAlias = tuple[tuple[int, str], ...]
"""Profile field ids, each with the value to set."""

_KEPT: Final = 1024
_Key = TypeVar("_Key")


class Change(msgspec.Struct, frozen=True, eq=False, gc=False, array_like=True):
    """Values to set for a contact of a list, by the mapping with this index.

    It equals itself alone: those that recur are made once.
    """

    mapping: int
    list_id: int
    fields: FieldValues


MakeChange: TypeAlias = Callable[[Event, int], Change]
"""Makes the change that an event asks for on a list."""


def change_maker(index: int, mapping: Mapping) -> MakeChange:
    """Return what finds the change that an event asks for; it raises RejectedError.

    Changes that recur are made once.
    """
    resolvers = tuple((field.id, _field(mapping, field)) for field in mapping.fields)
    if len(resolvers) == 1 and mapping.list_id.is_constant:
        ((field_id, resolve_only),) = resolvers
        return _one_text(index, field_id, resolve_only)
    kept: dict[tuple[int, FieldValues], Change] = {}

    def change(event: Event, list_id: int) -> Change:
        fields = tuple(
            (field_id, text)
            for field_id, resolve in resolvers
            if (text := resolve(event)) is not None
        )
        if not fields:
            raise _nothing_to_set()
        key = list_id, fields
        return kept.get(key) or _keep(kept, key, Change(index, list_id, fields))

    return change


def _one_text(index: int, field_id: int, resolve: Callable[[Event], str | None]) -> MakeChange:
    """Return what finds the change of one field of one list, told by the text alone."""
    kept: dict[str, Change] = {}

    def change(event: Event, list_id: int) -> Change:
        text = resolve(event)
        if text is None:
            raise _nothing_to_set()
        return kept.get(text) or _keep(kept, text, Change(index, list_id, ((field_id, text),)))

    return change


def _keep(kept: dict[_Key, Change], key: _Key, change: Change) -> Change:
    if len(kept) < _KEPT:
        kept[key] = change
    return change


def _nothing_to_set() -> RejectedError:
    return RejectedError("no_profile_fields", "every field's value is missing")


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
    if value.constant == USE_AUDIENCE_KEY:
        key = pinned(mapping.trigger, COMPUTATION_KEY)
        if key and mapping.audience_key is None:
            return member_of(key)
        return lambda event: membership(mapping, event)
    if value.is_constant:
        constant = field_text(value.constant)
        return lambda event: constant  # noqa: ARG005 - the same for every event

    words = [node.value for node in value.written if node.value == USE_AUDIENCE_KEY]

    def resolve(event: Event) -> str | None:
        found = value.resolve(event)
        if found is None or found is UNSET:
            return None
        if any(found is word for word in words):  # equal text of an event is but a text
            return membership(mapping, event)
        text = field_text(found)
        if text is None:
            detail = f"field {field.id}: {shown(found)} is no text, number or boolean"
            raise RejectedError("invalid_field_value", detail)
        return text

    return resolve
