"""Texts that an event must hold at a key path for a condition to hold."""

from __future__ import annotations

from typing import TypeAlias

from listrak_sync.events.key_paths import KeyPath
from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    PathOf,
)

Pins: TypeAlias = dict[KeyPath, frozenset[str]]
"""Key paths, each with the texts of which the event must hold one there."""


def pins(condition: Condition) -> Pins:
    """Return the texts that an event must hold for a condition to hold.

    The condition may still fail for an event that has them.
    """
    match condition:
        case Compare("=", PathOf(path), Literal(str() as text)):
            return {path: frozenset({text})}
        case In(PathOf(path), ListOf(items)):
            values = [item.value if isinstance(item, Literal) else None for item in items]
            texts = frozenset(value for value in values if isinstance(value, str))
            return {path: texts} if texts.issuperset(values) else {}
        case All(parts):
            demanded: Pins = {}
            for part in map(pins, parts):
                for path, texts in part.items():
                    demanded[path] = texts & demanded.get(path, texts)
            return demanded
        case AnyOf((first, *others)):
            choices = [pins(other) for other in others]
            return {
                path: texts.union(*(choice[path] for choice in choices))
                for path, texts in pins(first).items()
                if all(path in choice for choice in choices)
            }
    return {}


def without(condition: Condition, path: KeyPath) -> Condition | None:
    """Return what is left to test once a text of `pins` is found at the path, None if nothing."""
    match condition:
        case Compare("=", PathOf(found), Literal(str())) if found == path:
            return None
        case In(PathOf(found), ListOf()) if found == path and path in pins(condition):
            return None
        case All(parts):
            left = [each for part in parts if (each := without(part, path)) is not None]
            return All(tuple(left)) if left else None
    return condition
