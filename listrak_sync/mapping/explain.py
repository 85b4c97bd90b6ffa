"""Explains why a condition does not hold for an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, Json, KeyPath, find
from listrak_sync.mapping.conditions import (
    All,
    Compare,
    Condition,
    In,
    Literal,
    PathOf,
    Truth,
    paths_of,
)
from listrak_sync.mapping.fql.tokens import path_text
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.predicates import compile_condition
from listrak_sync.mapping.rendering import NotExpressibleError, fql_text, operand_text

Blame: TypeAlias = "Callable[[Event], Condition | None]"


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """The first condition that failed: its text, what it expects, what it found.

    `at` is its place as file:line:column of the mapping file. `found` holds the value at each
    key path that the condition reads, null where there is none.
    """

    condition: str
    at: str
    expected: str
    found: dict[str, Json]


@dataclass(frozen=True, slots=True)
class _Described:
    """What is said of a condition whatever the event: the paths with their texts."""

    text: str
    at: str
    expected: str
    paths: Sequence[tuple[str, KeyPath]]


class MappingExplainer:
    """Explains the trigger of one mapping, and counts the events that pass each of its steps."""

    def __init__(self, mapping: Mapping) -> None:
        self._source = mapping.source
        self.steps = _steps(mapping.trigger)
        self._blames = [(step, _blame(step)) for step in self.steps]
        self.passed = [0] * len(self.steps)
        self.events = 0
        self._described: dict[int, _Described] = {}

    def explain(self, event: Event) -> FailedCondition | None:
        """Return why the trigger does not hold for an event, None where it does."""
        self.events += 1
        for index, (_, blame) in enumerate(self._blames):
            failed = blame(event)
            if failed is not None:
                return self._failure(failed, event)
            self.passed[index] += 1
        return None

    def text(self, condition: Condition) -> str:
        """Return a condition as it is written, or as a trigger if it is YAML of several lines."""
        if self._source is None:
            return ""
        start, end = condition.span.start, condition.span.end
        is_yaml = not isinstance(self._source.node.value, str)
        if is_yaml and "\n" in self._source.document.text[start:end].rstrip():
            with suppress(NotExpressibleError):
                return fql_text(condition)
        return self._source.text(condition.span)

    def at(self, condition: Condition) -> str:
        """Return the place of a condition, as file:line:column of the mapping file."""
        if self._source is None:
            return ""
        place = self._source.place(condition.span)
        return f"{self._source.document.file}:{place.line}:{place.column}"

    def _failure(self, condition: Condition, event: Event) -> FailedCondition:
        described = self._described.get(id(condition))  # few, and each fails for many events
        if described is None:
            text = self.text(condition)
            paths = [(path_text(path), path) for path in paths_of(condition)]
            described = _Described(text, self.at(condition), _expected(condition, text), paths)
            self._described[id(condition)] = described
        found = {
            name: None if (value := find(event, path)) is UNSET else value
            for name, path in described.paths
        }
        return FailedCondition(described.text, described.at, described.expected, found)


def _steps(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that are tested in turn."""
    match condition:
        case None:
            return ()
        case All(conditions):
            return conditions
        case _:
            return (condition,)


def _blame(condition: Condition) -> Blame:
    """Return a function that finds the first part of a condition that fails for an event."""
    if isinstance(condition, All):
        blames = tuple(map(_blame, condition.conditions))
        return lambda event: next(
            (failed for blame in blames if (failed := blame(event)) is not None), None
        )
    holds = compile_condition(condition)
    return lambda event: None if holds(event) else condition


def _expected(condition: Condition, text: str) -> str:
    """Return what a condition expects of the value at its path."""
    try:
        match condition:
            case Compare(operator, PathOf(), Literal() as literal):
                return f"{operator} {operand_text(literal)}"
            case In(PathOf(), container):
                return f"in {operand_text(container)}"
            case Truth(PathOf()):
                return "= true"
        return fql_text(condition)
    except NotExpressibleError:
        return text
