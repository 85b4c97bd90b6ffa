"""Whether an event says that its contact is in an audience."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import UNSET, Raw, UnsetType

from listrak_sync.evaluation.rejected import RejectedError, shown
from listrak_sync.events.decoding import UNDECODABLE
from listrak_sync.events.key_paths import (
    Event,
    Found,
    KeyPath,
    decode_raw,
    find_in_objects,
    finder,
    projection_decoder,
    slot,
)
from listrak_sync.mapping.conditions import Condition
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.pins import pins

COMPUTATION_KEY: Final = ("context", "personas", "computation_key")
_AUDIENCE_KEY: Final = ("properties", "audience_key")
_find_computation_key: Final = finder(COMPUTATION_KEY)
_find_audience_key: Final = finder(_AUDIENCE_KEY)
_ROOTS: Final = ("properties", "traits")
_Chosen = TypeVar("_Chosen")


def audience_paths(mapping: Mapping) -> Iterator[KeyPath]:
    """Yield what decides membership; with a key known beforehand, little of an event."""
    if mapping.audience_key is not None:
        yield from mapping.audience_key.paths
    else:
        yield from (COMPUTATION_KEY, _AUDIENCE_KEY)
    key = _known_key(mapping)
    for root in _ROOTS:
        yield (root,) if key is None else (root, key)


def _known_key(mapping: Mapping) -> str | None:
    """Return the audience that all of a mapping's events are about, None where they tell it."""
    given = mapping.audience_key
    key = pinned(mapping.trigger, COMPUTATION_KEY) if given is None else given.constant
    return key if isinstance(key, str) and key else None


def pinned(trigger: Condition | None, path: KeyPath) -> str | None:
    """Return the text that a trigger demands at a path, None where it leaves it open."""
    texts = pins(trigger).get(path, ()) if trigger is not None else ()
    return next(iter(texts)) if len(texts) == 1 else None


def membership(mapping: Mapping, inside: _Chosen, outside: _Chosen) -> Callable[[Event], _Chosen]:
    """Return what tells one thing of an event whose contact is in the audience, or another.

    It raises RejectedError. The audience is the mapping's, or the one that the event names.
    Source: `useAudienceKey` of Segment's destination.
    """
    known = _known_key(mapping)
    if known is not None:
        return _chooser(known, inside, outside, projection_decoder(known))
    find_key = _find_named if mapping.audience_key is None else mapping.audience_key.resolve
    choosers = lru_cache(maxsize=256)(
        lambda key: _chooser(key, inside, outside, decode_raw)  # nothing is Raw where none is known
    )

    def choose(event: Event) -> _Chosen:
        key = find_key(event)
        if not isinstance(key, str) or not key:
            raise RejectedError("unknown_membership", "the event names no audience")
        return choosers(key)(event)

    return choose


def _find_named(event: Event) -> Found:
    """Return the audience that an event names."""
    key = _find_computation_key(event)
    return key if isinstance(key, str) and key else _find_audience_key(event)


def _chooser(
    key: str,
    inside: _Chosen,
    outside: _Chosen,
    look: Callable[[Raw], Any],
) -> Callable[[Event], _Chosen]:
    """Return what `membership` does for this audience; `look` finds its key in what is Raw."""
    attribute = slot(key)

    def choose(event: Any) -> _Chosen:  # noqa: ANN401 - a Part has a slot for each name
        """Choose where the first root tells, as it mostly does; `told` is the whole rule."""
        try:
            root = event.properties_
            if root is UNSET:
                root = event.traits_
            if type(root) is Raw:
                found = getattr(look(root), attribute)
            elif type(root) is dict:
                found = root.get(key)
            else:
                found = getattr(root, attribute)
        except (AttributeError, *UNDECODABLE):  # what is odd, or the whole event is a dict
            return told(event)
        match found:
            case True | "true":
                return inside
            case False | "false":
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
