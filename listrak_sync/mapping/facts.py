"""Types, values and bounds that a single condition allows for one of its operands."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Final

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.conditions import (
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    Operand,
    PathOf,
    Refuted,
    Truth,
)
from listrak_sync.mapping.fql import functions
from listrak_sync.mapping.fql.functions import TYPES
from listrak_sync.mapping.predicates import is_number

IT: Final = PathOf(("\0",))
"""Stands for the operand that facts are compared about."""

_INEXACT: Final = 2**53
"""From here on, an integer and an equal float may differ as text, as `string(…)` shows."""


def key_of(part: object) -> Hashable:
    """Return a key that is equal for equal parts of conditions; `true` is not 1 here.

    Places are left out.
    """
    if isinstance(part, tuple):
        return tuple(map(key_of, part))
    if is_dataclass(part):
        names = _compared(type(part))  # type: ignore[arg-type]  # a type is hashable
        return (type(part), *(key_of(getattr(part, name)) for name in names))
    return (type(part), part)


@lru_cache
def _compared(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - the type of any dataclass
    """Return the names of a dataclass's fields that count when two are compared."""
    return tuple(each.name for each in fields(kind) if each.compare)


def values_left(fact: Condition) -> tuple[Json, ...] | None:
    """Return the only values that a fact allows for `IT`, None where they cannot be listed."""
    values: tuple[Json, ...]
    match fact:
        case Compare("=", PathOf(IT.path), Literal(value)):
            values = (value,)
        case Compare("=", Literal(value), PathOf(IT.path)):
            values = (value,)
        case In(PathOf(IT.path), ListOf(items)):
            values = tuple(item.value for item in items if isinstance(item, Literal))
            if len(values) < len(items):
                return None
        case Truth(PathOf(IT.path)):
            values = (True,)
        case _:
            return None
    if any(type(each) in functions.NUMBERS and abs(each) >= _INEXACT for each in values):  # type: ignore[arg-type]  # a number
        return None
    return values


def types_left(fact: Condition) -> frozenset[str]:
    """Return the types that a fact allows for `IT`."""
    match fact:
        case Compare("=", left, right) | Compare("!=", left, right) if not (
            is_number(left) or is_number(right)
        ):
            nothing = any(
                isinstance(side, Literal) and side.value is None for side in (left, right)
            )
            return TYPES - {"null"} if fact.operator == "!=" and nothing else TYPES
        case Compare(_, left, right) if IT in {left, right}:
            return frozenset({"number"})
        case Truth(Call("contains" | "match", (PathOf(IT.path), _))):
            return frozenset({"string"})
        case Refuted(Call(_, (PathOf(IT.path), _))):
            return frozenset({"string"})
        case In(_, PathOf(IT.path)):
            return frozenset({"list"})
    return TYPES


def bound(fact: Condition) -> tuple[str, float] | None:
    """Return the operator and the number by which a fact bounds `IT`, None if it does not."""
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    match fact:
        case Compare(operator, PathOf(IT.path), Literal(int() | float() as number)):
            return operator, number
        case Compare(operator, Literal(int() | float() as number), PathOf(IT.path)):
            return turned.get(operator, operator), number
    return None


def returned_types(subject: Operand) -> frozenset[str]:
    """Return the types that an operand can have: all for a path, few for a function."""
    if isinstance(subject, Call):
        return functions.BY_NAME[subject.function].returns
    return TYPES


def may_be(subject: Operand, value: Json) -> bool:
    """Say whether an operand can have a value: `lowercase(…)` is never `"VIP"`."""
    kind = functions.BY_NAME["typeof"].evaluate(value)
    if kind not in returned_types(subject):
        return False
    if not isinstance(subject, Call) or not isinstance(value, str):
        return True
    match subject.function:
        case "typeof":
            return value in TYPES
        case "lowercase":
            return not any("A" <= character <= "Z" for character in value)
        case "uppercase":
            return not any("a" <= character <= "z" for character in value)
        case "snakecase" | "kebabcase":
            return " " not in value
    return True


def subjects(fact: Condition) -> Iterator[Operand]:
    """Yield every path and call in a fact."""
    pending: list[Condition | Operand] = [fact]
    while pending:
        part = pending.pop()
        match part:
            case PathOf():
                yield part
            case Call(_, inner):
                yield part
                pending += inner
            case ListOf(inner):
                pending += inner
            case Not(condition):
                pending.append(condition)
            case Truth(operand):
                pending.append(operand)
            case Refuted(call):
                pending += call.arguments
            case Compare(_, left, right) | In(left, right):
                pending += (left, right)


def about(fact: Condition, key: Hashable) -> Condition:
    """Return a fact with `IT` in place of the operand that has this key."""

    def operand(part: Operand) -> Operand:
        match part:
            case PathOf() | Call() if key_of(part) == key:
                return IT
            case ListOf(items):
                return replace(part, items=tuple(map(operand, items)))
            case Call():
                return call(part)
        return part

    def call(part: Call) -> Call:
        return replace(part, arguments=tuple(map(operand, part.arguments)))

    match fact:
        case Compare(_, left, right):
            return replace(fact, left=operand(left), right=operand(right))
        case In(item, container):
            return replace(fact, item=operand(item), container=operand(container))
        case Truth(alone):
            return replace(fact, operand=operand(alone))
        case Refuted(test):
            return replace(fact, call=call(test))
        case Not(inner):
            return replace(fact, condition=about(inner, key))
    return fact
