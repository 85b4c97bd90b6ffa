"""Reads expressions of operators and filters, and makes functions of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from listrak_sync.mapping.directives.liquid.bounds import counted
from listrak_sync.mapping.directives.liquid.filters import FILTERS, NO_FILTERS, Filter
from listrak_sync.mapping.directives.liquid.paths import missing, value
from listrak_sync.mapping.directives.liquid.scanner import Scanner
from listrak_sync.mapping.directives.liquid.values import (
    Evaluate,
    Scope,
    contains,
    equals,
    is_at_most,
    is_less,
    is_truthy,
)
from listrak_sync.mapping.faults import suggestion

_OPERATOR: Final = re.compile("[=!><]=|[><]|contains|not|and|or")

_Operation = Callable[[object, object], bool]

_BINARY: Final[Mapping[str, _Operation]] = {
    "==": equals,
    "!=": lambda left, right: not equals(left, right),
    ">": lambda left, right: is_less(right, left),
    "<": is_less,
    ">=": lambda left, right: is_at_most(right, left),
    "<=": is_at_most,
    "contains": contains,
    "and": lambda left, right: is_truthy(left) and is_truthy(right),
    "or": lambda left, right: is_truthy(left) or is_truthy(right),
}
_PRECEDENCE: Final[Mapping[str, int]] = {"not": 1, "and": 0, "or": 0}
"""How tightly operators bind; all others do most tightly. Equal ones group from the right."""


class _Argument(NamedTuple):
    """An argument of a filter, which may have a name."""

    name: str | None
    value: Evaluate


def filtered(scanner: Scanner) -> Evaluate:
    """Read an expression with its filters. Raises LiquidSyntaxError."""
    start = scanner.at
    evaluate = _expression(scanner)
    if evaluate is None:
        scanner.skip_blank()
        raise scanner.fault(
            "a value is missing", "write one", min(scanner.at, max(start, scanner.end - 1))
        )
    while (applied := _filter(scanner, evaluate)) is not None:
        evaluate = applied
    return evaluate


def _expression(scanner: Scanner) -> Evaluate | None:
    """Read operands and operators as they come: None where there are none.

    As in LiquidJS, nothing says that they take turns: the first operand left over is the value.
    """
    values: list[Evaluate] = []
    waiting: list[str] = []
    is_empty = True
    while not scanner.is_at_end():
        operator = _operator(scanner)
        if operator is not None:
            binds = _PRECEDENCE.get(operator, 2)
            while waiting and _PRECEDENCE.get(waiting[-1], 2) > binds:
                _apply(waiting.pop(), values)
            waiting.append(operator)
        elif (operand := value(scanner)) is not None:
            values.append(operand)
        else:
            break
        is_empty = False
    while waiting:
        _apply(waiting.pop(), values)
    if len(values) < 2:
        return None if is_empty else values[0]
    first, *others = values

    def evaluate(scope: Scope) -> object:
        found = first(scope)
        for each in others:
            each(scope)  # it may fail, although it is not asked for
        return found

    return evaluate


def _apply(operator: str, values: list[Evaluate]) -> None:
    right = values.pop() if values else missing
    if operator == "not":
        values.append(lambda scope: not is_truthy(right(scope)))
        return
    left = values.pop() if values else missing
    operation = _BINARY[operator]
    values.append(lambda scope: operation(left(scope), right(scope)))


def _operator(scanner: Scanner) -> str | None:
    scanner.skip_blank()
    return scanner.keyword(_OPERATOR)


def _filter(scanner: Scanner, before: Evaluate) -> Evaluate | None:
    """Read a filter and apply it to a value; None where there is no other."""
    scanner.skip_blank()
    if scanner.is_at_end() or scanner.peek() in {")", ","}:
        return None
    if not scanner.take("|"):
        raise scanner.fault("this is not understood", "write | before a filter")
    name = scanner.word()
    start = scanner.at - len(name)
    if not name:
        if scanner.is_at_end():
            return None
        raise scanner.fault("the filter's name is missing", "write one")
    arguments = _arguments(scanner)
    known = FILTERS.get(name)
    place = Scanner(scanner.source, start, start + len(name))
    if known is None:
        if name in NO_FILTERS:
            raise place.fault(f"Segment does not allow the filter {name}", "write another one")
        raise place.fault(f"there is no filter {name}", suggestion(name, FILTERS))
    return _applied(known, name, before, arguments, place)


def _arguments(scanner: Scanner) -> list[_Argument]:
    arguments: list[_Argument] = []
    scanner.skip_blank()
    if scanner.is_at_end() or scanner.peek() in {"|", ")", ","}:
        return arguments
    if scanner.peek() != ":":
        raise scanner.fault("this is not understood", "write : before a filter's arguments")
    while scanner.peek() in {":", ","}:
        scanner.at += 1
        scanner.skip_blank()
        start = scanner.at
        argument = value(scanner)
        if argument is not None:
            name = scanner.source[start : scanner.at]
            scanner.skip_blank()
            if scanner.take(":"):
                arguments.append(_Argument(name, value(scanner) or missing))
            else:
                arguments.append(_Argument(None, argument))
        scanner.skip_blank()
        if not scanner.is_at_end() and scanner.peek() not in {",", "|", ")"}:
            raise scanner.fault("this is not understood", "write a comma before it")
        if scanner.peek() != ",":
            break
    return arguments


def _applied(
    known: Filter, name: str, before: Evaluate, arguments: list[_Argument], place: Scanner
) -> Evaluate:
    """Return a filter applied to a value. Raises LiquidSyntaxError for a wrong argument."""
    positional = [each.value for each in arguments if each.name is None]
    named = [each for each in arguments if each.name is not None]
    for each in named:
        if each.name not in known.named:
            raise place.fault(f"{name} has no argument named {each.name}", "take it out")
    if not known.least <= len(positional) <= known.most:
        given = f"{len(positional)} argument{'s' * (len(positional) != 1)}"
        raise place.fault(f"{name} is given {given}", f"it takes {_count(known)}")
    function = known.function
    options = {each.name: each.value for each in named if each.name is not None}
    match positional:
        case [] if not options:
            return lambda scope: counted(scope, function(before(scope)))
        case [only] if not options:
            return lambda scope: counted(scope, function(before(scope), only(scope)))

    def apply(scope: Scope) -> object:
        given = [argument(scope) for argument in positional]
        further = {name: argument(scope) for name, argument in options.items()}
        return counted(scope, function(before(scope), *given, **further))

    return apply


def _count(known: Filter) -> str:
    """Return how many arguments a filter takes, in words."""
    if known.least == known.most:
        return str(known.most or "none")
    between = "or" if known.most == known.least + 1 else "to"
    return f"{known.least or 'none'} {between} {known.most}"
