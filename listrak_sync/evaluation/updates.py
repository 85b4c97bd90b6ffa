"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.evaluation.email_addresses import EMAIL_PATHS, address_finder
from listrak_sync.evaluation.membership import audience_paths, membership
from listrak_sync.evaluation.rejected import RejectedError, shown
from listrak_sync.events.decoding import UNDECODABLE, unreadable
from listrak_sync.events.key_paths import Event, KeyPath
from listrak_sync.mapping.conditions import paths_of
from listrak_sync.mapping.directives.compiler import DirectiveError, Value
from listrak_sync.mapping.model import USE_AUDIENCE_KEY, MappedField, Mapping
from listrak_sync.mapping.values import field_text, parse_id

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


def _field(mapping: Mapping, field: MappedField) -> Callable[[Event], str | None]:
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


TIMESTAMP: Final = ("timestamp",)


Update: TypeAlias = tuple[int, str, Changes, int]
"""A line, an e-mail address, what is to change for it, and when the event happened.

The instant is in nanoseconds since 1970, or NEVER. There is an update for each match, and many
share their changes: so it is a bare tuple.
"""

changes_of: Final[Callable[[Update], Changes]] = itemgetter(2)


class RejectedUpdate(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: str
    detail: str


def made_by(made: Update | RejectedUpdate) -> int:
    """Return the index of the mapping that made an update or made none."""
    return made.mapping if isinstance(made, RejectedUpdate) else changes_of(made)[0].mapping


UNMAKEABLE: Final = (RejectedError, DirectiveError, *UNDECODABLE)
"""What is raised where an event lacks what an update takes."""


@dataclass(frozen=True, slots=True)
class UpdateMaker:
    """Makes a mapping's updates of events that it takes.

    `address` and `changes` find what an update is made of, or raise one of UNMAKEABLE.
    """

    mapping: int
    find_list: Callable[[Event], int]
    address: Callable[[Event], str]
    changes: Callable[[Event], Changes]

    def make(self, event: Event, line: int, instant: int) -> Update | RejectedUpdate:
        """Return the update of an event, or why there is none."""
        try:
            self.find_list(event)  # of several reasons, this is told
            return line, self.address(event), self.changes(event), instant
        except RejectedError as rejected:
            return RejectedUpdate(self.mapping, rejected.reason, rejected.detail)
        except DirectiveError as error:
            return RejectedUpdate(self.mapping, "directive_failed", str(error))
        except RecursionError:
            return RejectedUpdate(self.mapping, "directive_failed", "a value nests too deep")
        except UNDECODABLE as error:
            unread = unreadable(error)
            return RejectedUpdate(self.mapping, unread.reason, unread.detail)


def update_maker(index: int, mapping: Mapping) -> UpdateMaker:
    """Return what makes the updates of a mapping."""
    find_list = list_finder(mapping.list_id)
    address = address_finder(mapping.email_address)
    return UpdateMaker(index, find_list, address, changes_maker(index, mapping, find_list))


def read_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield every path of an event that decides a mapping's update, but those of `seldom_paths`."""
    yield TIMESTAMP
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)
    yield from mapping.list_id.paths
    if mapping.email_address is not None:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths


def seldom_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield the paths that decide it, too, but of which an event's readers ask for few."""
    if mapping.email_address is None:
        yield from EMAIL_PATHS
    if any(field.may_use_audience for field in mapping.fields):
        yield from audience_paths(mapping)
