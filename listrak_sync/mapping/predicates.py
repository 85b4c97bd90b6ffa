"""Compiles conditions into functions that say whether they hold for an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias, assert_never

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, Found, Json, finder
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
)
from listrak_sync.mapping.fql import functions

Test: TypeAlias = Callable[[Event], bool]
ValueOf: TypeAlias = Callable[[Event], Found]


def compile_condition(condition: Condition) -> Test:
    """Return a function that says whether the condition holds for an event."""
    match condition:
        case All(conditions):
            return _all(tuple(map(compile_condition, conditions)))
        case AnyOf(conditions):
            return _any(tuple(map(compile_condition, conditions)))
        case Not(inner):
            negated = compile_condition(inner)
            return lambda event: not negated(event)
        case Compare("=", PathOf(path), Literal(str() as text)):
            found = finder(path)
            return lambda event: found(event) == text
        case Compare(operator, left, right):
            return _compare(operator, left, right)
        case In(item, ListOf(items)) if all(isinstance(each, Literal) for each in items):
            constants = [each.value for each in items if isinstance(each, Literal)]
            return _in_constants(compile_operand(item), constants)
        case In(item, container):
            return partial(_is_in, compile_operand(item), compile_operand(container))
        case Truth(operand):
            alone = compile_operand(operand)
            return lambda event: alone(event) is True
        case Refuted(call):
            subject, verdict = compile_operand(call.arguments[0]), compile_operand(call)
            return lambda event: type(subject(event)) is str and not verdict(event)
        case _:
            assert_never(condition)


def compile_operand(operand: Operand) -> ValueOf:
    """Return a function that picks the value of the operand from an event."""
    match operand:
        case PathOf(path):
            return finder(path)
        case Literal(value):
            return lambda event: value  # noqa: ARG005 - the same for every event
        case ListOf(items):
            values = tuple(map(compile_operand, items))
            return lambda event: [_or_null(value(event)) for value in values]
        case Call(name, arguments):
            function = functions.BY_NAME[name].evaluate
            match tuple(map(compile_operand, arguments)):
                case (only,):
                    return lambda event: function(only(event))
                case compiled:
                    return lambda event: function(*(value(event) for value in compiled))
        case _:
            assert_never(operand)


def _all(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def holds(event: Event) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost each event more
            if not test(event):
                return False
        return True

    return holds


def _any(tests: tuple[Test, ...]) -> Test:
    def holds(event: Event) -> bool:
        for test in tests:  # noqa: SIM110 - a generator would cost each event more
            if test(event):
                return True
        return False

    return holds


def _is_in(item: ValueOf, container: ValueOf, event: Event) -> bool:
    elements = container(event)
    if type(elements) is not list:
        return False
    wanted = _or_null(item(event))
    return any(functions.same(element, wanted) for element in elements)


def _in_constants(item: ValueOf, constants: Sequence[Json]) -> Test:
    """Return a test that looks texts and numbers up, however many constants there are."""
    texts = frozenset(each for each in constants if type(each) is str)
    numbers = frozenset(each for each in constants if type(each) in functions.NUMBERS)
    others = [each for each in constants if type(each) is bool or each is None]

    def holds(event: Event) -> bool:
        value = item(event)
        if type(value) is str:
            return value in texts
        if type(value) in functions.NUMBERS:
            return value in numbers
        return any(functions.same(each, _or_null(value)) for each in others)

    return holds


def _compare(operator: str, left: Operand, right: Operand) -> Test:
    """Return a comparison; with a number constant it holds for numbers only, even with `!=`."""
    first, second = compile_operand(left), compile_operand(right)
    numeric = operator not in {"=", "!="} or is_number(left) or is_number(right)
    if numeric:
        compare = functions.NUMERIC[operator]

        def holds(event: Event) -> bool:
            a, b = first(event), second(event)
            if type(a) in functions.NUMBERS and type(b) in functions.NUMBERS:
                return compare(a, b)
            return False

        return holds
    wanted = operator == "="
    return lambda event: functions.same(_or_null(first(event)), _or_null(second(event))) is wanted


def is_number(operand: Operand) -> bool:
    """Say whether an operand is a number constant; `=` with one holds for numbers only."""
    return isinstance(operand, Literal) and type(operand.value) in functions.NUMBERS


def _or_null(value: Found) -> Json:
    return None if value is UNSET else value
