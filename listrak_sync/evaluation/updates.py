"""What a mapping makes of an event that it takes: an update, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.evaluation.email_addresses import EMAIL_PATHS, address_finder
from listrak_sync.evaluation.event_times import TIMESTAMP
from listrak_sync.evaluation.membership import audience_paths, membership
from listrak_sync.events.key_paths import Event, KeyPath, excerpt
from listrak_sync.mapping.conditions import paths_of
from listrak_sync.mapping.consent import CONSENT, consent_lacks
from listrak_sync.mapping.directives.compiler import DirectiveError, Value
from listrak_sync.mapping.field_types import STRICT_TYPES, Misfit, fitted
from listrak_sync.mapping.model import MappedField, Mapping
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, field_text, parse_id
from listrak_sync.reasons import Reason, RejectedError

FieldValue: TypeAlias = tuple[int, str]
"""A profile field's id, and the value to set."""

FieldValues: TypeAlias = tuple[FieldValue, ...]


class Change(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A value to set for a contact of a list, by the mapping with this index.

    It equals only itself: most are shared, and comparing identities is fast.
    """

    mapping: int
    list_id: int
    field: int
    value: str


class Origin(msgspec.Struct, frozen=True):
    """Where dry-run had the values of an update from that is given as input."""

    mappings: tuple[str, ...]
    file: str
    line: int


class GivenChange(Change, frozen=True, eq=False, gc=False):
    """A change of an update that is given as input, and says where it is from."""

    origin: Origin


Changes: TypeAlias = tuple[Change, ...]
"""The changes of one update: all of one list, and at least one."""

Update: TypeAlias = tuple[int, str, Changes, int]
"""A line, an e-mail address, the changes for it, and when the event happened.

The instant is in nanoseconds since 1970, or NEVER. There is an update for each match, and many
share their changes: so it is a bare tuple.
"""

changes_of: Final[Callable[[Update], Changes]] = itemgetter(2)


class RejectedUpdate(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: Reason
    detail: str


def made_by(made: Update | RejectedUpdate) -> int:
    """Return the index of the mapping that made an update, or failed to."""
    return made.mapping if isinstance(made, RejectedUpdate) else changes_of(made)[0].mapping


MOST_SHARED: Final = 256
"""How many characters values may have that are kept, to be used for several updates."""


def shared(mapping: int, list_id: int, fields: FieldValues) -> Changes:
    """Return changes that are made only once, however many updates want them.

    Those with long values are made for each update: kept, they would outlive their window.
    """
    if sum([len(value) for _, value in fields]) > MOST_SHARED:
        return _changes(mapping, list_id, fields)
    return _shared(mapping, list_id, fields)


def _changes(mapping: int, list_id: int, fields: FieldValues) -> Changes:
    return tuple([Change(mapping, list_id, field, value) for field, value in fields])


def given(mapping: int, list_id: int, fields: FieldValues, origin: Origin) -> Changes:
    """Return the changes of an update that is given as input."""
    return tuple([GivenChange(mapping, list_id, field, value, origin) for field, value in fields])


def origin_of(changes: Changes) -> Origin | None:
    """Return where an update that is given as input is from, None of any other."""
    return changes[0].origin if isinstance(changes[0], GivenChange) else None


_shared: Final = lru_cache(maxsize=4096)(_changes)


def field_values(changes: Iterable[Change]) -> FieldValues:
    """Return the fields that changes set, with their values."""
    return tuple([(change.field, change.value) for change in changes])


UNMAKEABLE: Final = (RejectedError, DirectiveError, RecursionError)
"""What is raised where an event lacks something that an update takes."""


@dataclass(frozen=True, slots=True)
class UpdateMaker:
    """Makes the updates of one mapping; `lacks_consent` finds what the contact did not agree to.

    `address` and `changes` find what an update is made of. They raise one of UNMAKEABLE, or
    msgspec.DecodeError where a text in the event holds a number that is out of range.
    """

    mapping: int
    find_list: Callable[[Event], int]
    address: Callable[[Event], str]
    changes: Callable[[Event], Changes]
    lacks_consent: Callable[[Event], str | None] | None = None

    @classmethod
    def of(cls, index: int, mapping: Mapping) -> UpdateMaker:
        """Return the maker for a mapping, which has this index in the file."""
        find_list = _list_finder(mapping.list_id)
        address = address_finder(mapping.email_address)
        changes = _changes_finder(index, mapping, find_list)
        lacks = consent_lacks(mapping.consent) if mapping.consent else None
        return cls(index, find_list, address, changes, lacks)

    def make(self, event: Event, line: int, instant: int) -> Update | RejectedUpdate:
        """Return the update of an event, or why there is none. Raises msgspec.DecodeError."""
        try:
            self.find_list(event)  # first: of several reasons, the list's is told
            return line, self.address(event), self.changes(event), instant
        except UNMAKEABLE as error:
            return RejectedUpdate(self.mapping, *_why(error))


def _why(error: Exception) -> tuple[Reason, str]:
    match error:
        case RejectedError(reason=reason, detail=detail):
            return reason, detail
        case RecursionError():
            return Reason.DIRECTIVE_FAILED, "a value nests too deep"
    return Reason.DIRECTIVE_FAILED, str(error)


def trigger_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield the key paths that decide whether a mapping takes an event."""
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)


def update_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield the key paths that an update is made of, except those of `rare_paths`."""
    yield TIMESTAMP
    if mapping.consent:
        yield CONSENT
    yield from mapping.list_id.paths
    if mapping.email_address is not None:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths


def rare_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield the other paths of an update: of those of all mappings, each event needs few."""
    if mapping.email_address is None:
        yield from EMAIL_PATHS
    if any(field.may_use_audience for field in mapping.fields):
        yield from audience_paths(mapping)


def _list_finder(value: Value) -> Callable[[Event], int]:
    """Return a function that finds the id of an event's list; it raises RejectedError."""
    constant = parse_id(value.constant)
    if constant is not None:
        return lambda event: constant  # noqa: ARG005 - the same for every event

    def resolve(event: Event) -> int:
        found = value.resolve(event)
        list_id = parse_id(found)
        if list_id is None:
            raise RejectedError(Reason.INVALID_LIST_ID, f"{excerpt(found)} is not a valid list id")
        return list_id

    return resolve


def _changes_finder(
    index: int, mapping: Mapping, find_list: Callable[[Event], int]
) -> Callable[[Event], Changes]:
    """Return a function that finds the changes that an event asks for; it raises RejectedError."""
    list_id = parse_id(mapping.list_id.constant)
    if list_id is not None and len(mapping.fields) == 1:
        (field,) = mapping.fields
        if field.value.constant == USE_AUDIENCE_KEY:  # most mappings: there are two outcomes
            inside, outside = (shared(index, list_id, ((field.id, it),)) for it in ("on", "off"))
            return membership(mapping, inside, outside)
    resolvers = tuple(
        (field.id, _fitted(field, _text_finder(mapping, field))) for field in mapping.fields
    )

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
            raise RejectedError(Reason.NO_PROFILE_FIELDS, "every field's value is missing")
        return shared(index, list_id, fields)

    return changes


def _fitted(
    field: MappedField, resolve: Callable[[Event], str | None]
) -> Callable[[Event], str | None]:
    """Return a function that finds a field's value as its type needs it; it raises RejectedError.

    Only values from events of fields that the mapping file describes are looked at: constants
    were, when the file was read.
    """
    described = field.described
    if described is None or field.value.is_constant:
        return resolve
    fit_text: Callable[[str], str | Misfit] = partial(fitted, described)
    # These types take time to read, and repeat: there are few days and sums in many events.
    repeats = described.data_type in STRICT_TYPES
    fit_short = lru_cache(maxsize=1024)(fit_text) if repeats else fit_text

    def fit(event: Event) -> str | None:
        text = resolve(event)
        if text is None:
            return None
        found = (fit_short if len(text) <= MOST_SHARED else fit_text)(text)
        if isinstance(found, Misfit):
            raise RejectedError(Reason.INVALID_FIELD_VALUE, found.message)
        return found

    return fit


def _text_finder(mapping: Mapping, field: MappedField) -> Callable[[Event], str | None]:
    """Return a function that finds one field's value; None leaves the field out."""
    value = field.value
    switched = membership(mapping, "on", "off")
    if value.constant == USE_AUDIENCE_KEY:
        return switched
    if value.is_constant:
        constant = field_text(value.constant)
        return lambda event: constant  # noqa: ARG005 - the same for every event

    # Only the word that the mapping file holds asks for the audience: an equal text of an event
    # is an ordinary value. So the very object is compared.
    words = [node.value for node in value.written if node.value == USE_AUDIENCE_KEY]

    def resolve(event: Event) -> str | None:
        found = value.resolve(event)
        if found is None or found is UNSET:
            return None
        if any(found is word for word in words):
            return switched(event)
        text = field_text(found)
        if text is None:
            named = field.described or f"field {field.id}"
            detail = f"{named}: {excerpt(found)} is not a text, a number or a boolean"
            raise RejectedError(Reason.INVALID_FIELD_VALUE, detail)
        return text

    return resolve
