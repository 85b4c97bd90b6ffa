"""Can a condition hold for any event at all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Final, TypeAlias

from listrak_sync.events.paths import Json
from listrak_sync.mapping import functions
from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
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
    compile_condition,
    paths_of,
)

_IT: Final = PathOf(("\0",))
"""Stands for the one operand that facts are weighed about."""

_TYPES: Final = frozenset({"string", "number", "bool", "list", "object", "null"})
_RETURNS: Final = {
    "contains": frozenset({"bool"}),
    "match": frozenset({"bool"}),
    "length": frozenset({"number"}),
    "typeof": frozenset({"string"}),
    "bool": frozenset({"bool", "null"}),
    "number": frozenset({"number", "null"}),
}
_TEXT_OR_NULL: Final = frozenset({"string", "null"})
_UNLIKE_TEXT: Final = 1e21
"""From here on, a whole number and the equal fraction are written differently."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A condition that cannot hold, where there is one beside the `other` that rules it out."""

    condition: Condition
    other: Condition | None = None


_Fact: TypeAlias = tuple[Condition, Condition]
"""A condition as it is written, and as a condition on `_IT` alone."""


def contradiction(conditions: Iterable[Condition]) -> Contradiction | None:
    """Return why the conditions cannot all hold; None where they may, as far as can be told."""
    facts, choices = _spread(conditions)
    found = _clash(facts)
    if found is not None:
        return found
    for choice in choices:
        if all(contradiction((*facts, branch)) for branch in choice.conditions):
            return Contradiction(choice)
    return None


def dead_branches(conditions: Iterable[Condition]) -> Iterator[Contradiction]:
    """Yield why a branch of an `or` cannot hold beside the conditions around it."""
    facts, choices = _spread(conditions)
    for choice in choices:
        for branch in choice.conditions:
            found = contradiction((*facts, branch))
            if found is None:
                yield from dead_branches((*facts, branch))
            elif choice.span.end:
                yield Contradiction(branch, found.other)


def conjuncts(condition: Condition | None) -> frozenset[Hashable]:
    """Return what must hold together, comparable: a superset states a narrower condition."""
    facts, choices = _spread(() if condition is None else (condition,))
    return frozenset(map(key_of, (*facts, *choices)))


def key_of(part: object) -> Hashable:
    """Return what tells parts of conditions apart: `true` is not 1, and places do not count."""
    if isinstance(part, tuple):
        return tuple(map(key_of, part))
    if is_dataclass(part):
        values = (getattr(part, each.name) for each in fields(part) if each.compare)
        return (type(part), *map(key_of, values))
    return (type(part), part)


def _spread(conditions: Iterable[Condition]) -> tuple[list[Condition], list[AnyOf]]:
    """Take conjunctions apart: the single facts, and the choices between several."""
    facts: list[Condition] = []
    choices: list[AnyOf] = []
    pending = list(conditions)[::-1]
    while pending:
        match pending.pop():
            case All(parts):
                pending += reversed(parts)
            case AnyOf() as choice:
                choices.append(choice)
            case Not(Not(inner)):
                pending.append(inner)
            case Not(AnyOf(parts)):
                pending += (Not(part, part.span) for part in reversed(parts))
            case Not(All(parts)):
                choices.append(AnyOf(tuple(Not(part, part.span) for part in parts)))
            case Not(Compare("=" | "!=" as operator, left, right), span) if not (
                _is_number(left) or _is_number(right)
            ):
                facts.append(Compare("!=" if operator == "=" else "=", left, right, span))
            case fact:
                facts.append(fact)
    return facts, choices


def _clash(facts: Sequence[Condition]) -> Contradiction | None:
    """Return which facts rule each other out, about one operand at a time."""
    about: dict[Hashable, tuple[Operand, list[_Fact]]] = {}
    for fact in facts:
        if isinstance(fact, In) and key_of(fact.container) == key_of(ListOf(())):
            return Contradiction(fact)
        if next(paths_of(fact), None) is None and not compile_condition(fact)({}):
            return Contradiction(fact)
        for key, subject in {key_of(each): each for each in _subjects(fact)}.items():
            rewritten = _rewrite(fact, key)
            if set(paths_of(rewritten)) == {_IT.path}:
                about.setdefault(key, (subject, []))[1].append((fact, rewritten))
    for subject, its_facts in about.values():
        found = _out_of_values(subject, its_facts) or _out_of_types(subject, its_facts)
        found = found or _out_of_numbers(its_facts)
        if found is not None:
            return found
    return None


def _out_of_values(subject: Operand, facts: Sequence[_Fact]) -> Contradiction | None:
    """Try every value that a fact leaves to its operand; none may pass all the others."""
    for fact, about in facts:
        values = _values(about)
        if values is None:
            continue
        possible = [value for value in values if _may_be(subject, value)]
        if not possible:
            return Contradiction(fact)
        left = possible
        rivals: list[Condition] = []
        for other, test in ((other, compile_condition(test)) for other, test in facts):
            passing = [value for value in possible if test({_IT.path[0]: value})]
            if not passing:
                return Contradiction(other, fact if other is not fact else None)
            if len(passing) < len(possible):
                rivals.append(other)
                left = [value for value in left if value in passing]
        if not left:
            return Contradiction(rivals[-1], fact)
    return None


def _out_of_types(subject: Operand, facts: Sequence[_Fact]) -> Contradiction | None:
    """Return the fact that wants a type which another, or the function itself, rules out."""
    allowed = _returns(subject)
    before: Condition | None = None
    for fact, about in facts:
        wanted = _types(about)
        if not wanted & allowed:
            return Contradiction(fact, before)
        if wanted != _TYPES:
            before = fact
        allowed &= wanted
    return None


def _out_of_numbers(facts: Sequence[_Fact]) -> Contradiction | None:
    """Return the two facts between which no number is left."""
    lowest: tuple[float, bool, Condition] | None = None
    highest: tuple[float, bool, Condition] | None = None
    for fact, about in facts:
        match _bound(about):
            case (">" | ">=" as operator, number):
                open_ = operator == ">"
                if lowest is None or (number, open_) > lowest[:2]:
                    lowest = (number, open_, fact)
            case ("<" | "<=" as operator, number):
                open_ = operator == "<"
                if highest is None or (number, not open_) < (highest[0], not highest[1]):
                    highest = (number, open_, fact)
            case _:
                continue
        if lowest and highest:
            touching = lowest[0] == highest[0] and (lowest[1] or highest[1])
            if lowest[0] > highest[0] or touching:
                return Contradiction(fact, lowest[2] if fact is highest[2] else highest[2])
    return None


def _values(about: Condition) -> tuple[Json, ...] | None:
    """Return the values that a fact leaves to its operand, None where they are not few."""
    values: tuple[Json, ...]
    match about:
        case Compare("=", PathOf(_IT.path), Literal(value)):
            values = (value,)
        case Compare("=", Literal(value), PathOf(_IT.path)):
            values = (value,)
        case In(PathOf(_IT.path), ListOf(items)):
            values = tuple(item.value for item in items if isinstance(item, Literal))
            if len(values) < len(items):
                return None
        case Truth(PathOf(_IT.path)):
            values = (True,)
        case _:
            return None
    if any(type(each) in functions.NUMBERS and abs(each) >= _UNLIKE_TEXT for each in values):  # type: ignore[arg-type]  # a number
        return None
    return values


def _types(about: Condition) -> frozenset[str]:
    """Return the types that a fact leaves to its operand."""
    match about:
        case Compare("=", left, right) | Compare("!=", left, right) if not (
            _is_number(left) or _is_number(right)
        ):
            nothing = any(
                isinstance(side, Literal) and side.value is None for side in (left, right)
            )
            return _TYPES - {"null"} if about.operator == "!=" and nothing else _TYPES
        case Compare(_, left, right) if _IT in {left, right}:
            return frozenset({"number"})
        case Truth(Call("contains" | "match", (PathOf(_IT.path), _))):
            return frozenset({"string"})
        case Refuted(Call(_, (PathOf(_IT.path), _))):
            return frozenset({"string"})
        case In(_, PathOf(_IT.path)):
            return frozenset({"list"})
    return _TYPES


def _bound(about: Condition) -> tuple[str, float] | None:
    """Return the operator and number by which a fact bounds its operand."""
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    match about:
        case Compare(operator, PathOf(_IT.path), Literal(int() | float() as number)):
            return operator, number
        case Compare(operator, Literal(int() | float() as number), PathOf(_IT.path)):
            return turned.get(operator, operator), number
    return None


def _returns(subject: Operand) -> frozenset[str]:
    if isinstance(subject, Call):
        return _RETURNS.get(subject.function, _TEXT_OR_NULL)
    return _TYPES


def _may_be(subject: Operand, value: Json) -> bool:
    """Say whether an operand can have a value: `lowercase(…)` is never `"VIP"`."""
    kind = functions.BY_NAME["typeof"].evaluate(value)
    if kind not in _returns(subject):
        return False
    if not isinstance(subject, Call) or not isinstance(value, str):
        return True
    match subject.function:
        case "typeof":
            return value in _TYPES
        case "lowercase":
            return not any("A" <= character <= "Z" for character in value)
        case "uppercase":
            return not any("a" <= character <= "z" for character in value)
        case "snakecase" | "kebabcase":
            return " " not in value
    return True


def _subjects(fact: Condition) -> Iterator[Operand]:
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


def _rewrite(fact: Condition, key: Hashable) -> Condition:
    """Return a fact with `_IT` in the place of one operand."""

    def operand(part: Operand) -> Operand:
        match part:
            case PathOf() | Call() if key_of(part) == key:
                return _IT
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
            return replace(fact, condition=_rewrite(inner, key))
    return fact


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, Literal) and type(operand.value) in functions.NUMBERS
