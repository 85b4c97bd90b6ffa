"""Where an event has its contact's e-mail address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import UNSET, Raw

from listrak_sync.evaluation.rejected import RejectedError, shown
from listrak_sync.events.decoding import UNDECODABLE
from listrak_sync.events.key_paths import Event, Found, KeyPath, finder, projection_decoder
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.values import are_email_addresses, is_email_address

EMAIL_PATHS: Final[tuple[KeyPath, ...]] = (
    ("context", "traits", "email"),
    ("traits", "email"),
    ("properties", "email"),
    ("context", "externalIds"),
)
"""Where addresses are, unless the mapping says where."""

_with_email: Final = projection_decoder("email")
_in_context, _in_traits, _in_properties, _external_ids = map(finder, EMAIL_PATHS)


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
    with suppress(AttributeError, TypeError, *UNDECODABLE):  # what is odd is read one by one
        found = _usual(events)
        if are_email_addresses(found):
            return found
    return list(map(default_address, events))


def default_address(event: Event) -> str:
    """Return the contact's address where the mapping does not say where to find it."""
    usual = _in_context(event)
    if usual is UNSET:
        usual = _in_traits(event)
    if type(usual) is str and is_email_address(usual):
        return usual
    return _first_address(_default_addresses(event))


def _usual(events: Iterable[Any]) -> list[Any]:
    """Return what stands where addresses are but in external ids, the first that is there.

    A track has it in its context, an identify in its traits: both are written out, for a call for
    each would cost more. Raises AttributeError or one of UNDECODABLE where something is no object.
    """
    found = []
    for event in events:
        address = event.context_.traits_.email_
        if address is UNSET:
            traits = event.traits_
            address = _with_email(traits).email_ if type(traits) is Raw else _in_traits(event)
            if address is UNSET:
                address = _in_properties(event)
        found.append(address)
    return found


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
    yield _in_context(event)
    yield _in_traits(event)
    yield _in_properties(event)
    external_ids = _external_ids(event)
    if isinstance(external_ids, list):
        for entry in external_ids:
            if isinstance(entry, dict) and entry.get("type") == "email":
                yield entry.get("id")
