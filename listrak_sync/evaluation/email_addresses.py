"""Where an event has its contact's e-mail address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, FirstFinder, Found, KeyPath, excerpt, finder
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.values import are_email_addresses, is_email_address
from listrak_sync.reasons import Reason, RejectedError

_TEXT_PATHS: Final[tuple[KeyPath, ...]] = (
    ("context", "traits", "email"),
    ("traits", "email"),
    ("properties", "email"),
)
_EXTERNAL_IDS: Final[KeyPath] = ("context", "externalIds")
EMAIL_PATHS: Final = (*_TEXT_PATHS, _EXTERNAL_IDS)
"""Where addresses stand, unless the mapping names a place."""

_first: Final = FirstFinder(*_TEXT_PATHS)
_finders: Final = tuple(map(finder, _TEXT_PATHS))
_find_external_ids: Final = finder(_EXTERNAL_IDS)


def address_finder(value: Value | None) -> Callable[[Event], str]:
    """Return a function that finds a contact's address, where the mapping or Segment looks.

    It raises RejectedError. Source: the destination's default of `email_address`.
    """
    if value is None:
        return default_address
    resolve = value.resolve

    def given(event: Event) -> str:
        found = resolve(event)
        if isinstance(found, str) or found is None or found is UNSET:
            return _first_address((found,))
        raise RejectedError(Reason.INVALID_EMAIL, f"{excerpt(found)} is not a valid e-mail address")

    return given


def default_addresses(events: Sequence[Event]) -> list[str]:
    """Return the addresses of many events where no mapping names a place.

    The usual ones are checked all at once. Raises RejectedError where an event has none.
    """
    found = _first.of_all(events)
    with suppress(TypeError):  # a value that is not a text: see `default_address`
        if are_email_addresses(found):  # type: ignore[arg-type]  # it raises for other types
            return found  # type: ignore[return-value]  # all are texts
    return list(map(default_address, events))


def default_address(event: Event) -> str:
    """Return the contact's address where the mapping does not name a place. Raises RejectedError.

    The first value that is there is the address, as a rule. Where it is blank or no text at all,
    the others are tried in turn.
    """
    usual = _first.of(event)
    if type(usual) is str and is_email_address(usual):
        return usual
    return _first_address(_candidates(event))


def _candidates(event: Event) -> Iterator[Found]:
    """Yield the values that may be the contact's address, the first choice first."""
    for find_text in _finders:
        yield find_text(event)
    external_ids = _find_external_ids(event)
    if isinstance(external_ids, list):
        for entry in external_ids:
            if isinstance(entry, dict) and entry.get("type") == "email":
                yield entry.get("id")


def _first_address(candidates: Iterable[Found]) -> str:
    """Return the first text that is not blank, if it is an address. Raises RejectedError."""
    for candidate in candidates:
        if isinstance(candidate, str) and (address := candidate.strip()):
            if is_email_address(address):
                return address
            detail = f"{excerpt(address)} is not a valid e-mail address"
            raise RejectedError(Reason.INVALID_EMAIL, detail)
    detail = "there is no e-mail address where the mapping looks for one"
    raise RejectedError(Reason.MISSING_EMAIL, detail)
