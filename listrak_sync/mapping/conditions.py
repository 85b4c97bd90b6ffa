"""The condition tree that a trigger, or conditions in YAML, become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from listrak_sync.events.key_paths import KeyPath


@dataclass(frozen=True, slots=True)
class Span:
    """The place of a part of a condition: offsets into its text, the end excluded."""

    start: int = 0
    end: int = 0


_NOWHERE: Final = Span()


def _span() -> Span:
    """Declare a place, which is ignored when two trees are compared."""
    return field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PathOf:
    """The value at a key path of the event."""

    path: KeyPath
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, boolean or null written in the trigger."""

    value: str | int | float | bool | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list written in the trigger."""

    items: tuple[Operand, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the trigger language with its arguments."""

    function: str
    arguments: tuple[Operand, ...]
    span: Span = _span()


Operand: TypeAlias = PathOf | Literal | ListOf | Call


@dataclass(frozen=True, slots=True)
class All:
    """Holds when every one of its conditions holds."""

    conditions: tuple[Condition, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when at least one of its conditions holds."""

    conditions: tuple[Condition, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its condition does not hold."""

    condition: Condition
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison by `=`, `!=`, `<`, `<=`, `>` or `>=`."""

    operator: str
    left: Operand
    right: Operand
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class In:
    """Holds when an item is an element of a list."""

    item: Operand
    container: Operand
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Truth:
    """Holds when an operand without a comparison is `true`."""

    operand: Operand
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Refuted:
    """Holds for a text that fails a test, `!contains(p, "x")`; never for anything but a text."""

    call: Call
    span: Span = _span()


Condition: TypeAlias = All | AnyOf | Not | Compare | In | Truth | Refuted


def parts_of(condition: Condition) -> Iterator[Condition | Operand]:
    """Yield a condition and every condition and operand in it, in the order they are written."""
    pending: list[Condition | Operand] = [condition]
    while pending:
        part = pending.pop()
        yield part
        match part:
            case ListOf(parts) | Call(_, parts) | All(parts) | AnyOf(parts):
                pending += reversed(parts)
            case Not(inner) | Truth(inner) | Refuted(inner):
                pending.append(inner)
            case Compare(_, left, right) | In(left, right):
                pending += (right, left)


def paths_of(condition: Condition) -> Iterator[KeyPath]:
    """Yield every key path that a condition reads."""
    return (part.path for part in parts_of(condition) if isinstance(part, PathOf))
