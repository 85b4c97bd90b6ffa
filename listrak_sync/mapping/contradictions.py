"""Finds conditions that cannot hold for any event."""

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
    Literal,
    Not,
    Operand,
    Truth,
    paths_of,
)
from listrak_sync.mapping.facts import (
    IT,
    about,
    bound,
    key_of,
    may_be,
    returned_types,
    subjects,
    types_left,
    values_left,
)
from listrak_sync.mapping.fql.functions import TYPES
from listrak_sync.mapping.predicates import compile_condition, is_number


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A condition that cannot hold, and the `other` that rules it out, if it takes one."""

    condition: Condition
    other: Condition | None = None


_Fact: TypeAlias = tuple[Condition, Condition]
"""A condition as it is written, and the same condition about `IT`."""


def contradiction(conditions: Iterable[Condition]) -> Contradiction | None:
    """Return why the conditions cannot all hold, None where no reason is found."""
    facts, choices = _spread(conditions)
    # Facts alone are weighed first: they are cheap, and name the two parts that clash.
    found = _clash(facts)
    if found is not None:
        return found
    for choice in choices:
        if all(contradiction((*facts, branch)) for branch in choice.conditions):
            return Contradiction(choice)
    return None


def dead_branches(conditions: Iterable[Condition]) -> Iterator[Contradiction]:
    """Yield the branches of `or` that cannot hold together with the conditions around them."""
    facts, choices = _spread(conditions)
    for choice in choices:
        for branch in choice.conditions:
            found = contradiction((*facts, branch))
            if found is None:
                yield from dead_branches((*facts, branch))
            elif choice.span.end:  # a choice that stands in the file, not one made of a negation
                parts = (found.other, found.condition)
                around = (part for part in parts if any(part is fact for fact in facts))
                yield Contradiction(branch, next(around, None))


def missing_equals(conditions: Iterable[Condition]) -> Iterator[Compare]:
    """Yield comparisons by = of two paths that hold where neither has a value."""
    facts, choices = _spread(conditions)
    for fact in facts:
        match fact:
            case Compare("=", left, right) if fact.span.end and _reads(left) and _reads(right):
                missing = (Compare("=", side, Literal(None)) for side in (left, right))
                if contradiction((*facts, *choices, *missing)) is None:
                    yield fact
    for choice in choices:
        for branch in choice.conditions:
            found = missing_equals((*facts, branch))
            yield from (each for each in found if not any(each is fact for fact in facts))


def _reads(operand: Operand) -> bool:
    """Say whether an operand reads the event."""
    return next(paths_of(Truth(operand)), None) is not None and not isinstance(operand, ListOf)


def conjuncts(condition: Condition | None) -> frozenset[Hashable]:
    """Return the parts that must all hold, as comparable keys: more parts, fewer events."""
    facts, choices = _spread(() if condition is None else (condition,))
    return frozenset(map(key_of, (*facts, *choices)))


def _spread(conditions: Iterable[Condition]) -> tuple[list[Condition], list[AnyOf]]:
    """Take conjunctions apart into single facts and choices between several."""
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
            # With a number, != is not the negation of =: both hold for numbers only.
            case Not(Compare("=" | "!=" as operator, left, right), span) if not (
                is_number(left) or is_number(right)
            ):
                facts.append(Compare("!=" if operator == "=" else "=", left, right, span))
            case fact:
                facts.append(fact)
    return facts, choices


def _clash(facts: Sequence[Condition]) -> Contradiction | None:
    """Return two facts about the same operand that rule each other out, None if there are none."""
    by_operand: dict[Hashable, tuple[Operand, list[_Fact]]] = {}
    for fact in facts:
        if isinstance(fact, In) and key_of(fact.container) == key_of(ListOf(())):
            return Contradiction(fact)
        # A fact that reads no path is the same for every event, so one try decides it.
        if next(paths_of(fact), None) is None and not compile_condition(fact)({}):
            return Contradiction(fact)
        for key, subject in {key_of(each): each for each in subjects(fact)}.items():
            rewritten = about(fact, key)
            # A fact that also reads another path says nothing about this one alone.
            if set(paths_of(rewritten)) == {IT.path}:
                by_operand.setdefault(key, (subject, []))[1].append((fact, rewritten))
    for subject, its_facts in by_operand.values():
        found = _out_of_values(subject, its_facts) or _out_of_types(subject, its_facts)
        found = found or _out_of_numbers(its_facts)
        if found is not None:
            return found
    return None


def _out_of_values(subject: Operand, facts: Sequence[_Fact]) -> Contradiction | None:
    """Try each value that a fact allows against all other facts; return why none passes."""
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
    """Return a fact that needs a type which another fact, or the function itself, rules out."""
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
    """Return two bounds that no number satisfies."""
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
