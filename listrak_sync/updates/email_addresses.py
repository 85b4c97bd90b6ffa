"""Where an event has its contact's e-mail address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import UNSET, Raw

from listrak_sync.events.event import UNDECODABLE
from listrak_sync.events.paths import Event, Found, finder, part_decoder, slots_reader
from listrak_sync.mapping.compiler import Value
from listrak_sync.mapping.values import are_email_addresses, is_email_address
from listrak_sync.updates.rejected import RejectedError, shown

_IN_OBJECTS: Final = (("context", "traits", "email"), ("traits", "email"), ("properties", "email"))
_EXTERNAL_IDS: Final = ("context", "externalIds")
EMAIL_PATHS: Final = (*_IN_OBJECTS, _EXTERNAL_IDS)
"""Where addresses are, unless the mapping says where."""

_in_context: Final = slots_reader(_IN_OBJECTS[0])
_look: Final = part_decoder("email")
_in_objects: Final = tuple(map(finder, _IN_OBJECTS))
_external_ids: Final = finder(_EXTERNAL_IDS)


def address_finder(value: Value | None) -> Callable[[Event], str]:
    """Return what finds a contact's address: where the mapping says, or where Segment looks.

    It raises RejectedError. Source: the destination's default of `email_address`.
    """
    if value is None:
        return default_address
    resolve = value.resolve

    def given(event: Event) -> str:
        found = resolve(event)
        if isinstance(found, str) or found is None or found is UNSET:
            return _first_address((found,))
        raise RejectedError("invalid_email", f"{shown(found)} is no e-mail address")

    return given


def default_addresses(events: Sequence[Event]) -> list[str]:
    """Return the addresses of many events where no mapping says where to find them.

    The usual ones are found and checked all at once. Raises RejectedError where one has none.
    """
    for read in (_in_context, _usual_addresses):
        with suppress(AttributeError, TypeError, *UNDECODABLE):  # what is odd is read one by one
            found = read(events)
            if are_email_addresses(found):
                return found
    return list(map(default_address, events))


def default_address(event: Event) -> str:
    """Return the contact's address where the mapping does not say where to find it."""
    try:
        first = _usual_address(event)
    except (AttributeError, *UNDECODABLE):
        return _first_address(_default_addresses(event))
    if type(first) is str and is_email_address(first):
        return first
    rest = _in_external_ids if first is UNSET else _default_addresses
    return _first_address(rest(event))


def _usual_addresses(events: Iterable[Any]) -> list[Any]:
    """Return `_usual_address` of many events, its first step without a call for each."""
    return [
        found if (found := event.context_.traits_.email_) is not UNSET else _usual_address(event)
        for event in events
    ]


def _usual_address(event: Any) -> Any:  # noqa: ANN401 - a Part has a slot for each name
    """Return the first of EMAIL_PATHS that is there, external ids aside; UNSET where none is.

    Raises AttributeError or one of UNDECODABLE where something odd is in the way.
    """
    found = event.context_.traits_.email_
    if found is UNSET:
        found = _email(event.traits_)
    return _email(event.properties_) if found is UNSET else found


def _email(part: Any) -> Any:  # noqa: ANN401 - an object as any of its types, or nothing
    """Return what is under `email`; where this cannot tell, it raises as `_usual_address` does."""
    if type(part) is Raw:
        return _look(part).email_
    if type(part) is dict:
        return part.get("email", UNSET)
    return part if part is UNSET else part.email_


def _first_address(candidates: Iterable[Found]) -> str:
    """Return the first text that is not blank, if it is an address."""
    for candidate in candidates:
        if isinstance(candidate, str) and (address := candidate.strip()):
            if is_email_address(address):
                return address
            raise RejectedError("invalid_email", f"{shown(address)} is no e-mail address")
    raise RejectedError("missing_email", "no e-mail address where the mapping looks for one")


def _default_addresses(event: Event) -> Iterator[Found]:
    """Yield what may be the contact's address, the first choice first."""
    for found in _in_objects:
        yield found(event)
    yield from _in_external_ids(event)


def _in_external_ids(event: Event) -> Iterator[Found]:
    external_ids = _external_ids(event)
    if isinstance(external_ids, list):
        for entry in external_ids:
            if isinstance(entry, dict) and entry.get("type") == "email":
                yield entry.get("id")
