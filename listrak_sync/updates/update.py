"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.paths import Event, Path
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


class Change(msgspec.Struct, frozen=True, eq=False, gc=False, array_like=True):
    """Values to set for a contact of a list, by the mapping with this index.

    It equals itself alone: those that recur are made once.
    """

    mapping: int
    list_id: int
    fields: FieldValues


Update: TypeAlias = tuple[int, str, Change, int]
"""A line, an e-mail address, what is to change for it, and when the event happened.

The instant is in nanoseconds since 1970, or NEVER. There is an update for each match, and many
share a change: so it is a bare tuple.
"""

change_of: Final[Callable[[Update], Change]] = itemgetter(2)


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: str
    detail: str


def mapping_of(made: Update | Rejected) -> int:
    """Return the index of the mapping that made an update or made none."""
    return made.mapping if isinstance(made, Rejected) else made[2].mapping


MakeUpdate: TypeAlias = Callable[[Event, int], Update | Rejected]
"""Makes an update of an event and its line."""

_KEPT: Final = 1024


def update_maker(index: int, mapping: Mapping, *, by_timestamp: bool) -> MakeUpdate:
    """Return the function that makes a mapping's update of an event that it takes."""
    change = _change(index, mapping)
    email_address = _address(mapping)
    happened = _happened if by_timestamp else _never

    def make(event: Event, line: int) -> Update | Rejected:
        try:
            return line, email_address(event), change(event), happened(event)
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


def _happened(event: Any) -> int:  # noqa: ANN401 - a Part has a slot for each path that is read
    """Return when an event happened."""
    if isinstance(event, dict):
        return instant(event.get("timestamp"))
    return instant(event.timestamp_)


def _never(_: Event) -> int:
    """Return that nobody asks when an event happened."""
    return NEVER


def _address(mapping: Mapping) -> Callable[[Event], str]:
    """Return what finds the contact's address; it raises RejectedError."""
    email_address = address_finder(mapping.email_address)
    if mapping.list_id.is_constant:
        return email_address
    list_id = _list_id(mapping.list_id)

    def find(event: Event) -> str:
        list_id(event)  # what is wrong with the list is told first
        return email_address(event)

    return find


def _change(index: int, mapping: Mapping) -> Callable[[Event], Change]:
    """Return what finds the change that an event asks for; it raises RejectedError."""
    list_id = _list_id(mapping.list_id)
    if len(mapping.fields) == 1 and mapping.list_id.is_constant:
        return _one_text(
            index, list_id({}), mapping.fields[0].id, _field(mapping, mapping.fields[0])
        )
    resolvers = tuple((field.id, _field(mapping, field)) for field in mapping.fields)

    def change(event: Event) -> Change:
        fields = tuple(
            (field_id, text)
            for field_id, resolve in resolvers
            if (text := resolve(event)) is not None
        )
        if not fields:
            raise _nothing_to_set()
        return Change(index, list_id(event), fields)

    return change


def _one_text(
    index: int, list_id: int, field_id: int, resolve: Callable[[Event], str | None]
) -> Callable[[Event], Change]:
    """Return what finds the change of one field's text: most of them recur, and are kept."""
    kept: dict[str, Change] = {}

    def change(event: Event) -> Change:
        text = resolve(event)
        if text is None:
            raise _nothing_to_set()
        if text in kept:
            return kept[text]
        made = Change(index, list_id, ((field_id, text),))
        if len(kept) < _KEPT:
            kept[text] = made
        return made

    return change


def _nothing_to_set() -> RejectedError:
    return RejectedError("no_profile_fields", "every field's value is missing")


def _list_id(value: Value) -> Callable[[Event], int]:
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
