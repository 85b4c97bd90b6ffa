"""Remarks on key paths that no event of Segment has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from listrak_sync.events.acceptance import EVENT_FIELDS
from listrak_sync.events.key_paths import KeyPath
from listrak_sync.mapping.conditions import PathOf, parts_of
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.faults import Finding, Place, nearest
from listrak_sync.mapping.fql.operands import same_spelling
from listrak_sync.mapping.fql.tokens import path_text
from listrak_sync.mapping.model import Mapping

_CONTEXT: Final = frozenset(
    {
        *("active", "app", "campaign", "consent", "device", "externalIds", "ip", "library"),
        *("locale", "location", "network", "os", "page", "personas", "protocols", "referrer"),
        *("screen", "timezone", "userAgent"),
    }
)
"""What stands in `context`. Source: Segment's specification of its common fields."""

_ELSEWHERE: Final = {
    "email": "context.traits.email",
    "computation_key": "context.personas.computation_key",
    "computation_class": "context.personas.computation_class",
    "audience_key": "properties.audience_key",
}
"""Names that people write alone, and where an event has them."""


def unknown_paths(mapping: Mapping) -> Iterator[Finding]:
    """Remark on each path whose first name is not a field of an event."""
    if mapping.trigger is not None and mapping.source is not None:
        for part in parts_of(mapping.trigger):
            if not isinstance(part, PathOf) or _is_known(part.path):
                continue
            if not mapping.source.text(part.span).startswith("\\"):
                yield _remark(part.path, mapping.source.place(part.span))
    for value, place in _values(mapping):
        for path in sorted(value.paths):
            if not _is_known(path):
                yield _remark(path, place)


def _values(mapping: Mapping) -> Iterator[tuple[Value, Place]]:
    """Yield the values of a mapping that may read an event, each with its place."""
    for value in (mapping.list_id, mapping.email_address, mapping.audience_key):
        if value is not None:
            yield value, mapping.place
    for field in mapping.fields:
        yield field.value, field.place


def _is_known(path: KeyPath) -> bool:
    """Say whether an event has a field of the first name; the empty path is all of it."""
    is_inside_text = path[:1] == ("event",) and path[1:2] and path[1] in EVENT_FIELDS
    return not path or (path[0] in EVENT_FIELDS and not is_inside_text)


def _remark(path: KeyPath, place: Place) -> Finding:
    if path[0] == "event":
        message = f"event is the name of the event; did you mean {path_text(path[1:])}?"
        return Finding(place, "unknown_path", message)
    own = (path_text((field, *path)) for field in ("traits", "properties"))
    meant = _meant(path) or " or ".join(own)
    name = path_text((path[0],)).removeprefix("\\")
    message = f"{name} is not a field of an event; did you mean {meant}?"
    return Finding(place, "unknown_path", message)


def _meant(path: KeyPath) -> str | None:
    """Return the path that is meant by one whose first name no event has, or None."""
    name, *rest = path
    if same := same_spelling(name):
        return path_text((same, *rest))
    if name in _ELSEWHERE and not rest:
        return _ELSEWHERE[name]
    if name in _CONTEXT and rest:
        return path_text(("context", *path))
    if near := nearest(name, EVENT_FIELDS):
        return path_text((near, *rest))
    return None
