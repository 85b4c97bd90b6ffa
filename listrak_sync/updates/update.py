"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.paths import Event, Found, Part, Path, find, finder, slot
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.mapping.compiler import DirectiveError, Value
from listrak_sync.mapping.conditions import Condition, paths_of, pins
from listrak_sync.mapping.file import USE_AUDIENCE_KEY, Field, Mapping
from listrak_sync.mapping.values import field_text, is_email_address, parse_id

FieldValues: TypeAlias = tuple[tuple[int, str], ...]
"""Profile field ids, each with the value to set."""

TIMESTAMP: Final = ("timestamp",)
COMPUTATION_KEY: Final = ("context", "personas", "computation_key")
AUDIENCE_KEY: Final = ("properties", "audience_key")
EMAIL_PATHS: Final = (("context", "traits", "email"), ("traits", "email"), ("properties", "email"))
EXTERNAL_IDS: Final = ("context", "externalIds")


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


class _RejectedError(Exception):
    """Carries a reason out of the steps of an update."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


MakeUpdate: TypeAlias = Callable[[Event], Update | Rejected]


def update_maker(index: int, mapping: Mapping, *, by_timestamp: bool) -> MakeUpdate:
    """Return the function that makes a mapping's update of an event that it takes."""
    constant = parse_id(mapping.list_id.constant)
    list_id = _list_id(mapping.list_id)
    email_address = _email_address(mapping.email_address)
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
        except _RejectedError as rejected:
            return Rejected(index, rejected.reason, rejected.detail)
        except DirectiveError as error:
            return Rejected(index, "directive_failed", str(error))

    return make


def read_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield every path of an event that decides a mapping's update."""
    yield TIMESTAMP
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)
    yield from mapping.list_id.paths
    if mapping.email_address is None:
        yield from (*EMAIL_PATHS, EXTERNAL_IDS)
    else:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths
    if any(field.may_use_audience for field in mapping.fields):
        yield from _audience_paths(mapping)


def _audience_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield what decides membership; with a key known beforehand, little of an event."""
    key: Found = UNSET
    if mapping.audience_key is not None:
        key = mapping.audience_key.constant
        yield from mapping.audience_key.paths
    else:
        yield from (COMPUTATION_KEY, AUDIENCE_KEY)
        key = pinned(mapping.trigger, COMPUTATION_KEY)
    for root in ("properties", "traits"):
        yield (root, key) if isinstance(key, str) and key else (root,)


def pinned(trigger: Condition | None, path: Path) -> str | None:
    """Return the text that a trigger demands at a path, None where it leaves it open."""
    texts = pins(trigger).get(path, ()) if trigger is not None else ()
    return next(iter(texts)) if len(texts) == 1 else None


def _list_id(value: Value) -> Callable[[Event], int]:
    def resolve(event: Event) -> int:
        found = value.resolve(event)
        list_id = parse_id(found)
        if list_id is None:
            raise _RejectedError("invalid_list_id", f"{_shown(found)} is no list id")
        return list_id

    return resolve


def _email_address(value: Value | None) -> Callable[[Event], str]:
    if value is None:
        return _default_address
    resolve = value.resolve

    def given(event: Event) -> str:
        found = resolve(event)
        if isinstance(found, str) or found is None or found is UNSET:
            return _first_address((found,))
        raise _RejectedError("invalid_email", f"{_shown(found)} is no e-mail address")

    return given


def _default_address(event: Event) -> str:
    """Return the contact's address where the mapping does not say where to find it."""
    first = _first_choice(event)
    if type(first) is str and is_email_address(first):
        return first
    return _first_address(_default_addresses(event))


def _first_address(candidates: Iterable[Found]) -> str:
    """Return the first text that is not blank, if it is an address."""
    for candidate in candidates:
        if isinstance(candidate, str) and (address := candidate.strip()):
            if is_email_address(address):
                return address
            raise _RejectedError("invalid_email", f"{_shown(address)} is no e-mail address")
    raise _RejectedError("missing_email", "no e-mail address where the mapping looks for one")


_roots: Final = (finder(("properties",)), finder(("traits",)))
_timestamp: Final = finder(TIMESTAMP)
_first_choice: Final = finder(EMAIL_PATHS[0])


def _default_addresses(event: Event) -> Iterator[Found]:
    """Yield what may be the contact's address, the first choice first."""
    for path in EMAIL_PATHS:
        yield find(event, path)
    external_ids = find(event, EXTERNAL_IDS)
    if isinstance(external_ids, list):
        for entry in external_ids:
            if isinstance(entry, dict) and entry.get("type") == "email":
                yield entry.get("id")


def _fields(mapping: Mapping) -> Callable[[Event], FieldValues]:
    resolvers = tuple((field.id, _field(mapping, field)) for field in mapping.fields)
    if len(resolvers) == 1:
        ((only, resolve_only),) = resolvers

        def resolve_one(event: Event) -> FieldValues:
            text = resolve_only(event)
            if text is None:
                raise _RejectedError("no_profile_fields", "every field's value is missing")
            return ((only, text),)

        return resolve_one

    def resolve(event: Event) -> FieldValues:
        values = tuple(
            (field_id, text)
            for field_id, resolver in resolvers
            if (text := resolver(event)) is not None
        )
        if not values:
            raise _RejectedError("no_profile_fields", "every field's value is missing")
        return values

    return resolve


def _field(mapping: Mapping, field: Field) -> Callable[[Event], str | None]:
    """Return what sets one field; None leaves it out."""
    value = field.value
    if value.constant == USE_AUDIENCE_KEY:
        key = pinned(mapping.trigger, COMPUTATION_KEY)
        if key and mapping.audience_key is None:
            return _member_of(key)
        return lambda event: _membership(mapping, event)
    if value.is_constant:
        constant = field_text(value.constant)
        return lambda event: constant  # noqa: ARG005 - the same for every event

    words = [node.value for node in value.written if node.value == USE_AUDIENCE_KEY]

    def resolve(event: Event) -> str | None:
        found = value.resolve(event)
        if found is None or found is UNSET:
            return None
        if any(found is word for word in words):  # equal text of an event is but a text
            return _membership(mapping, event)
        text = field_text(found)
        if text is None:
            detail = f"field {field.id}: {_shown(found)} is no text, number or boolean"
            raise _RejectedError("invalid_field_value", detail)
        return text

    return resolve


def _membership(mapping: Mapping, event: Event) -> str:
    """Return `on` for an event that says its contact is in the audience, `off` for out."""
    if mapping.audience_key is not None:
        key = mapping.audience_key.resolve(event)
    else:
        key = find(event, COMPUTATION_KEY)
        if not isinstance(key, str) or not key:
            key = find(event, AUDIENCE_KEY)
    if not isinstance(key, str) or not key:
        raise _RejectedError("unknown_membership", "the event names no audience")
    return _member_of(key)(event)


def _member_of(key: str) -> Callable[[Event], str]:
    """Return what says `on` for an event whose contact is in this audience, `off` for out."""
    attribute = slot(key)

    def member(event: Event) -> str:
        found: Found = None
        for root in _roots:
            below: object = root(event)
            if isinstance(below, dict):
                found = below.get(key)
            elif isinstance(below, Part):
                found = getattr(below, attribute)
            if found is True or found == "true":
                return "on"
            if found is False or found == "false":
                return "off"
            if found is not None and found is not UNSET:
                detail = f"{key} is {_shown(found)}, neither true nor false"
                raise _RejectedError("unknown_membership", detail)
        detail = f"neither properties nor traits say whether the contact is in {key}"
        raise _RejectedError("unknown_membership", detail)

    return member


def _shown(value: Found) -> str:
    """Return a value for a message, shortened."""
    if value is UNSET:
        return "nothing"
    text = msgspec.json.encode(value, enc_hook=lambda _: None).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
