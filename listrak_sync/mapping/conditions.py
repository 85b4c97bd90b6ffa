"""The condition tree: does it hold for an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, assert_never

from msgspec import UNSET

from listrak_sync.events.paths import Event, Found, Json, Path, finder
from listrak_sync.mapping import functions


@dataclass(frozen=True, slots=True)
class Span:
    """Where a part of a condition stands: offsets into its text, the end excluded."""

    start: int = 0
    end: int = 0


_NOWHERE: Final = Span()


def _span() -> Span:
    """Declare a place that does not count when two trees are compared."""
    return field(default=_NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PathOf:
    """The value at a path of the event."""

    path: Path
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
    """Holds when its condition does not."""

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
    """Holds when an operand standing alone is `true`."""

    operand: Operand
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Refuted:
    """Holds when a test of a text is false, but only for a text: `!contains(p, "x")`."""

    call: Call
    span: Span = _span()


Condition: TypeAlias = All | AnyOf | Not | Compare | In | Truth | Refuted
Test: TypeAlias = "Callable[[Event], bool]"
Value: TypeAlias = "Callable[[Event], Found]"
Pins: TypeAlias = "dict[Path, frozenset[str]]"
"""The texts of which one must stand at a path."""


def compile_condition(condition: Condition) -> Test:
    """Return the condition as a function of an event, made once for a whole run."""
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


def compile_operand(operand: Operand) -> Value:
    """Return the operand as a function of an event."""
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


def paths_of(condition: Condition) -> Iterator[Path]:
    """Yield every path that the condition reads."""
    pending: list[Condition | Operand] = [condition]
    while pending:
        match pending.pop():
            case PathOf(path):
                yield path
            case Literal():
                pass
            case ListOf(parts) | Call(_, parts) | All(parts) | AnyOf(parts):
                pending += parts
            case Not(part) | Truth(part) | Refuted(part):
                pending.append(part)
            case Compare(_, left, right) | In(left, right):
                pending += (left, right)


def pins(condition: Condition) -> Pins:
    """Return the paths at which one of some texts must stand, or the condition does not hold."""
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


def without(condition: Condition, path: Path) -> Condition | None:
    """Return what is left to test where a text of `pins` is known to stand at the path."""
    match condition:
        case Compare("=", PathOf(found), Literal(str())) if found == path:
            return None
        case In(PathOf(found), ListOf()) if found == path and path in pins(condition):
            return None
        case All(parts):
            left = [each for part in parts if (each := without(part, path)) is not None]
            return All(tuple(left)) if left else None
    return condition


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


def _is_in(item: Value, container: Value, event: Event) -> bool:
    elements = container(event)
    if type(elements) is not list:
        return False
    wanted = _or_null(item(event))
    return any(functions.same(element, wanted) for element in elements)


def _compare(operator: str, left: Operand, right: Operand) -> Test:
    """Return a comparison; one with a number holds for numbers alone, whatever the operator."""
    first, second = compile_operand(left), compile_operand(right)
    numeric = operator not in {"=", "!="} or _is_number(left) or _is_number(right)
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


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, Literal) and type(operand.value) in functions.NUMBERS


def _or_null(value: Found) -> Json:
    return None if value is UNSET else value
