"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.paths import Event, Path, finder
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.mapping.compiler import DirectiveError, Value
from listrak_sync.mapping.conditions import paths_of
from listrak_sync.mapping.file import USE_AUDIENCE_KEY, Field, Mapping
from listrak_sync.mapping.values import field_text, parse_id
from listrak_sync.updates.email_addresses import EMAIL_PATHS, address_finder
from listrak_sync.updates.membership import (
    COMPUTATION_KEY,
    audience_paths,
    member_of,
    membership,
    pinned,
)
from listrak_sync.updates.rejected import RejectedError, shown

FieldValues: TypeAlias = tuple[tuple[int, str], ...]
"""Profile field ids, each with the value to set."""

TIMESTAMP: Final = ("timestamp",)


class Update(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Values to set for one contact of one list, by the mapping with this index.

    `instant` is when the event happened, in nanoseconds since 1970, or NEVER.
    """

    mapping: int
    list_id: int
    email_address: str
    fields: FieldValues
    instant: int


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: str
    detail: str


MakeUpdate: TypeAlias = Callable[[Event], Update | Rejected]


def update_maker(index: int, mapping: Mapping, *, by_timestamp: bool) -> MakeUpdate:
    """Return the function that makes a mapping's update of an event that it takes."""
    constant = parse_id(mapping.list_id.constant)
    list_id = _list_id(mapping.list_id)
    email_address = address_finder(mapping.email_address)
    fields = _fields(mapping)

    def make(event: Event) -> Update | Rejected:
        try:
            return Update(
                index,
                constant or list_id(event),
                email_address(event),
                fields(event),
                instant(_timestamp(event)) if by_timestamp else NEVER,
            )
        except RejectedError as rejected:
            return Rejected(index, rejected.reason, rejected.detail)
        except DirectiveError as error:
            return Rejected(index, "directive_failed", str(error))
        except RecursionError:
            return Rejected(index, "directive_failed", "a value nests too deep")

    return make


def read_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield every path of an event that decides a mapping's update."""
    yield TIMESTAMP
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)
    yield from mapping.list_id.paths
    if mapping.email_address is None:
        yield from EMAIL_PATHS
    else:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths
    if any(field.may_use_audience for field in mapping.fields):
        yield from audience_paths(mapping)


def _list_id(value: Value) -> Callable[[Event], int]:
    def resolve(event: Event) -> int:
        found = value.resolve(event)
        list_id = parse_id(found)
        if list_id is None:
            raise RejectedError("invalid_list_id", f"{shown(found)} is no list id")
        return list_id

    return resolve


_timestamp: Final = finder(TIMESTAMP)


def _fields(mapping: Mapping) -> Callable[[Event], FieldValues]:
    resolvers = tuple((field.id, _field(mapping, field)) for field in mapping.fields)
    if len(resolvers) == 1:
        ((only, resolve_only),) = resolvers

        def resolve_one(event: Event) -> FieldValues:
            text = resolve_only(event)
            if text is None:
                raise RejectedError("no_profile_fields", "every field's value is missing")
            return ((only, text),)

        return resolve_one

    def resolve(event: Event) -> FieldValues:
        values = tuple(
            (field_id, text)
            for field_id, resolver in resolvers
            if (text := resolver(event)) is not None
        )
        if not values:
            raise RejectedError("no_profile_fields", "every field's value is missing")
        return values

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
