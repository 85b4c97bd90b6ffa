"""Can a condition hold for any event at all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    In,
    ListOf,
    Not,
    Operand,
    paths_of,
)
from listrak_sync.mapping.facts import (
    IT,
    TYPES,
    about,
    bound,
    is_number,
    key_of,
    may_be,
    returned_types,
    subjects,
    types_left,
    values_left,
)
from listrak_sync.mapping.predicates import compile_condition


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A condition that cannot hold, where there is one beside the `other` that rules it out."""

    condition: Condition
    other: Condition | None = None


_Fact: TypeAlias = tuple[Condition, Condition]
"""A condition as it is written, and as a condition on `IT` alone."""


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
                parts = (found.other, found.condition)
                around = (part for part in parts if any(part is fact for fact in facts))
                yield Contradiction(branch, next(around, None))


def conjuncts(condition: Condition | None) -> frozenset[Hashable]:
    """Return what must hold together, comparable: a superset states a narrower condition."""
    facts, choices = _spread(() if condition is None else (condition,))
    return frozenset(map(key_of, (*facts, *choices)))


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
                is_number(left) or is_number(right)
            ):
                facts.append(Compare("!=" if operator == "=" else "=", left, right, span))
            case fact:
                facts.append(fact)
    return facts, choices


def _clash(facts: Sequence[Condition]) -> Contradiction | None:
    """Return which facts rule each other out, about one operand at a time."""
    by_operand: dict[Hashable, tuple[Operand, list[_Fact]]] = {}
    for fact in facts:
        if isinstance(fact, In) and key_of(fact.container) == key_of(ListOf(())):
            return Contradiction(fact)
        if next(paths_of(fact), None) is None and not compile_condition(fact)({}):
            return Contradiction(fact)
        for key, subject in {key_of(each): each for each in subjects(fact)}.items():
            rewritten = about(fact, key)
            if set(paths_of(rewritten)) == {IT.path}:
                by_operand.setdefault(key, (subject, []))[1].append((fact, rewritten))
    for subject, its_facts in by_operand.values():
        found = _out_of_values(subject, its_facts) or _out_of_types(subject, its_facts)
        found = found or _out_of_numbers(its_facts)
        if found is not None:
            return found
    return None


def _out_of_values(subject: Operand, facts: Sequence[_Fact]) -> Contradiction | None:
    """Try every value that a fact leaves to its operand; none may pass all the others."""
    for fact, on_it in facts:
        values = values_left(on_it)
        if values is None:
            continue
        possible = [value for value in values if may_be(subject, value)]
        if not possible:
            return Contradiction(fact)
        left = [True] * len(possible)
        last = fact
        for other, condition in facts:
            test = compile_condition(condition)
            passing = [test({IT.path[0]: value}) for value in possible]
            if not any(passing):
                return Contradiction(other, fact if other is not fact else None)
            if not all(passing):
                last = other
                left = [before and now for before, now in zip(left, passing, strict=True)]
        if not any(left):
            return Contradiction(last, fact)
    return None


def _out_of_types(subject: Operand, facts: Sequence[_Fact]) -> Contradiction | None:
    """Return the fact that wants a type which another, or the function itself, rules out."""
    allowed = returned_types(subject)
    before: Condition | None = None
    for fact, on_it in facts:
        wanted = types_left(on_it)
        if not wanted & allowed:
            return Contradiction(fact, before)
        if wanted != TYPES:
            before = fact
        allowed &= wanted
    return None


def _out_of_numbers(facts: Sequence[_Fact]) -> Contradiction | None:
    """Return the two facts between which no number is left."""
    lowest: tuple[float, bool, Condition] | None = None
    highest: tuple[float, bool, Condition] | None = None
    for fact, on_it in facts:
        match bound(on_it):
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
