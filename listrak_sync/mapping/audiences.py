"""Remarks on triggers that take the events of several audiences for one field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from listrak_sync.events.key_paths import Event, Json, KeyPath, find
from listrak_sync.mapping.conditions import (
    All,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    PathOf,
    parts_of,
    paths_of,
)
from listrak_sync.mapping.contradictions import contradiction
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.model import MappedField, Mapping
from listrak_sync.mapping.values import field_text

_ANY: Final = "\0any"
"""The key of an audience that no trigger names."""

KEY_PATHS: Final[tuple[KeyPath, ...]] = (
    ("context", "personas", "computation_key"),
    ("properties", "audience_key"),
)
"""Where an event names its audience. Source: Segment's documentation of Engage."""

_NAMES_ONE: Final = frozenset({*KEY_PATHS, ("context", "personas", "computation_id")})
"""What tells an audience from all others: its key, or its id."""

_KNOWN: Final = ("type", "event", "name", "groupId", "previousId", "properties", "traits")
"""Fields of an audience's event of which all is known; of its context, its audience is."""


def several_audiences(mapping: Mapping) -> Iterator[Finding]:
    """Remark on a field that events of several audiences set to on or off.

    Each would undo what another has set. A constant `audience_key` names the one that counts.
    """
    field = next((each for each in mapping.fields if _follows_audience(mapping, each)), None)
    if field is None or not mapping.list_id.is_constant:
        return
    if _is_about_one(mapping.trigger):
        return
    if _may_take(mapping.trigger, _ANY):
        taken = "the trigger takes the events of every audience"
    else:
        keys = [key for key in _named(mapping.trigger) if _may_take(mapping.trigger, key)]
        if len(keys) < 2:
            return
        taken = f"the trigger takes the events of several audiences ({', '.join(keys)})"
    message = (
        f"{taken}, and field {field.id} holds one value; add a condition such as "
        'context.personas.computation_key = "vip_shoppers"'
    )
    place = mapping.place if mapping.source is None else mapping.source.start
    yield Finding(place, "several_audiences", message)


def _follows_audience(mapping: Mapping, field: MappedField) -> bool:
    """Say whether audiences decide a field, or events of theirs set it to on or off."""
    names_one = mapping.audience_key is not None and mapping.audience_key.is_constant
    if field.may_use_audience:
        return not names_one
    return field_text(field.value.constant) in {"on", "off"}


def _is_about_one(trigger: Condition | None) -> bool:
    """Say whether a trigger names its one audience: what most do, and what is quickly seen."""
    parts = trigger.conditions if isinstance(trigger, All) else (trigger,)
    return any(
        isinstance(part, Compare)
        and part.operator == "="
        and isinstance(part.left, PathOf)
        and part.left.path in _NAMES_ONE
        and isinstance(part.right, Literal)
        for part in parts
    )


def _may_take(trigger: Condition | None, key: str) -> bool:
    """Say whether a trigger may hold for an event in which Engage sends an audience."""
    if trigger is None:
        return True
    paths = set(paths_of(trigger))
    return any(contradiction((*_facts(event, paths), trigger)) is None for event in _events_of(key))


def _facts(event: Event, paths: set[KeyPath]) -> Iterator[Condition]:
    """Yield what is known of an audience's event at the paths that a trigger reads."""
    for path in paths:
        value = find(event, path)
        if isinstance(value, str | bool):
            yield Compare("=", PathOf(path), Literal(value))
        elif path[0] in _KNOWN and path[-1] != "email" and not isinstance(value, dict):
            yield Compare("=", PathOf(path), Literal(None))


def _events_of(key: str) -> Iterator[dict[str, Json]]:
    """Yield an audience's events: identify and track, for entering and leaving."""
    context: dict[str, Json] = {
        "personas": {"computation_class": "audience", "computation_key": key}
    }
    for entered, name in ((True, "Audience Entered"), (False, "Audience Exited")):
        yield {"type": "identify", "traits": {key: entered}, "context": context}
        properties: dict[str, Json] = {"audience_key": key, key: entered}
        yield {"type": "track", "event": name, "properties": properties, "context": context}


def _named(trigger: Condition | None) -> list[str]:
    """Return the keys of the audiences that a trigger names, in its order."""
    names: dict[str, None] = {}
    for part in () if trigger is None else parts_of(trigger):
        match part:
            case Compare("=", PathOf(path), Literal(str() as key)) if path in KEY_PATHS:
                names[key] = None
            case Compare("=", Literal(str() as key), PathOf(path)) if path in KEY_PATHS:
                names[key] = None
            case In(PathOf(path), ListOf(items)) if path in KEY_PATHS:
                texts = (item.value for item in items if isinstance(item, Literal))
                names.update(dict.fromkeys(text for text in texts if isinstance(text, str)))
    return list(names)
