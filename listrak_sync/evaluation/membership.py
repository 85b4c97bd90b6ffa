"""Whether an event says that its contact is in an audience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, TypeVar

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, FirstFinder, Found, KeyPath, excerpt, finder
from listrak_sync.mapping.conditions import Condition
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.pins import pins
from listrak_sync.reasons import Reason, RejectedError

COMPUTATION_KEY: Final = ("context", "personas", "computation_key")
_AUDIENCE_KEY: Final = ("properties", "audience_key")
_find_computation_key: Final = finder(COMPUTATION_KEY)
_find_audience_key: Final = finder(_AUDIENCE_KEY)
_ROOTS: Final = ("properties", "traits")
_Chosen = TypeVar("_Chosen")


def audience_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield the paths that decide membership; a key known beforehand needs little of an event."""
    if mapping.audience_key is not None:
        yield from mapping.audience_key.paths
    else:
        yield from (COMPUTATION_KEY, _AUDIENCE_KEY)
    key = _known_key(mapping)
    for root in _ROOTS:
        yield (root,) if key is None else (root, key)


def _known_key(mapping: Mapping) -> str | None:
    """Return the audience that all of a mapping's events are about, None where they name it."""
    given = mapping.audience_key
    key = pinned(mapping.trigger, COMPUTATION_KEY) if given is None else given.constant
    return key if isinstance(key, str) and key else None


def pinned(trigger: Condition | None, path: KeyPath) -> str | None:
    """Return the text that a trigger demands at a path, None where it leaves it open."""
    texts = pins(trigger).get(path, ()) if trigger is not None else ()
    return next(iter(texts)) if len(texts) == 1 else None


def membership(mapping: Mapping, inside: _Chosen, outside: _Chosen) -> Callable[[Event], _Chosen]:
    """Return a function that gives one of two values, by whether the contact is in the audience.

    It raises RejectedError. The audience is the mapping's, or the one that the event names.
    Source: `useAudienceKey` of Segment's destination.
    """
    known = _known_key(mapping)
    find_key = _find_named if mapping.audience_key is None else mapping.audience_key.resolve

    def find_by_named_key(event: Event) -> Found:
        key = find_key(event)
        if not isinstance(key, str) or not key:
            raise RejectedError(Reason.UNKNOWN_MEMBERSHIP, "the event does not name an audience")
        if len(key) > _LONGEST_KEY:
            detail = f"the event names an audience in {len(key):,} characters"
            raise RejectedError(Reason.UNKNOWN_MEMBERSHIP, detail)
        return _value_finder(key)(event)

    find_value = find_by_named_key if known is None else _value_finder(known)

    def choose(event: Event) -> _Chosen:
        match find_value(event):
            case True | "true":
                return inside
            case False | "false":
                return outside
            case found:
                key = known or find_key(event)
        if found is UNSET:
            detail = f"neither properties nor traits say whether the contact is in {key}"
        else:
            detail = f"{key} is {excerpt(found)}, neither true nor false"
        raise RejectedError(Reason.UNKNOWN_MEMBERSHIP, detail)

    return choose


def _find_named(event: Event) -> Found:
    """Return the audience that an event names."""
    key = _find_computation_key(event)
    return key if isinstance(key, str) and key else _find_audience_key(event)


_LONGEST_KEY: Final = 1000
"""How many characters the key of an audience may have: finders of keys are kept in memory."""


@lru_cache(maxsize=1024)
def _value_finder(key: str) -> Callable[[Event], Found]:
    """Return a function that finds what an event says of an audience: properties count first."""
    return FirstFinder(*((root, key) for root in _ROOTS)).of
