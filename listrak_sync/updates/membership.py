"""Whether an event says that its contact is in an audience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import UNSET, UnsetType

from listrak_sync.events.paths import Event, Found, Path, find_in_objects, finder, slot
from listrak_sync.mapping.conditions import Condition
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.pins import pins
from listrak_sync.updates.rejected import RejectedError, shown

COMPUTATION_KEY: Final = ("context", "personas", "computation_key")
_AUDIENCE_KEY: Final = ("properties", "audience_key")
_find_computation_key: Final = finder(COMPUTATION_KEY)
_find_audience_key: Final = finder(_AUDIENCE_KEY)
_ROOTS: Final = ("properties", "traits")
_Chosen = TypeVar("_Chosen")


def audience_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield what decides membership; with a key known beforehand, little of an event."""
    key: Found = UNSET
    if mapping.audience_key is not None:
        key = mapping.audience_key.constant
        yield from mapping.audience_key.paths
    else:
        yield from (COMPUTATION_KEY, _AUDIENCE_KEY)
        key = pinned(mapping.trigger, COMPUTATION_KEY)
    for root in _ROOTS:
        yield (root, key) if isinstance(key, str) and key else (root,)


def pinned(trigger: Condition | None, path: Path) -> str | None:
    """Return the text that a trigger demands at a path, None where it leaves it open."""
    texts = pins(trigger).get(path, ()) if trigger is not None else ()
    return next(iter(texts)) if len(texts) == 1 else None


def membership(mapping: Mapping, event: Event) -> str:
    """Return `on` for an event that says its contact is in the audience, `off` for out.

    Raises RejectedError. Source: `useAudienceKey` of Segment's destination.
    """
    if mapping.audience_key is not None:
        key = mapping.audience_key.resolve(event)
    else:
        key = _find_computation_key(event)
        if not isinstance(key, str) or not key:
            key = _find_audience_key(event)
    if not isinstance(key, str) or not key:
        raise RejectedError("unknown_membership", "the event names no audience")
    return member_of(key)(event)


@lru_cache(maxsize=4096)
def member_of(key: str) -> Callable[[Event], str]:
    """Return what says `on` for an event whose contact is in this audience, `off` for out."""
    return chooser(key, "on", "off")


def chooser(key: str, inside: _Chosen, outside: _Chosen) -> Callable[[Event], _Chosen]:
    """Return what tells one thing of an event whose contact is in this audience, or another.

    It raises RejectedError.
    """
    attribute = slot(key)

    def choose(event: Any) -> _Chosen:  # noqa: ANN401 - a Part has a slot for each name
        try:
            root = event.properties_
            if root is UNSET:
                root = event.traits_
        except AttributeError:  # the whole event was decoded, to a dict
            return told(event)
        found = root.get(key) if type(root) is dict else getattr(root, attribute, None)
        if found is True:
            return inside
        if found is False:
            return outside
        return told(event)

    def told(event: Event) -> _Chosen:
        for root in _ROOTS:
            match find_in_objects(event, (root, key)):
                case True | "true":
                    return inside
                case False | "false":
                    return outside
                case None | UnsetType():
                    continue
                case found:
                    detail = f"{key} is {shown(found)}, neither true nor false"
                    raise RejectedError("unknown_membership", detail)
        detail = f"neither properties nor traits say whether the contact is in {key}"
        raise RejectedError("unknown_membership", detail)

    return choose
