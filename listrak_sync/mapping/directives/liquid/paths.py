"""Reads values of a template: literals, ranges and paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.liquid.bounds import (
    check_length,
    count_read,
    counted,
    too_large,
)
from listrak_sync.mapping.directives.liquid.scanner import BLANK, Scanner
from listrak_sync.mapping.directives.liquid.values import (
    EmptyWord,
    Evaluate,
    Scope,
    look_into,
    look_up,
    member,
    plain,
)

_LITERALS: Final[Mapping[str, object]] = {
    "true": True,
    "false": False,
    "nil": EmptyWord.NIL,
    "null": EmptyWord.NIL,
    "empty": EmptyWord.EMPTY,
    "blank": EmptyWord.BLANK,
}
_FOR: Final = re.compile(rf"\bfor[{BLANK}]")
_LITERAL: Final = re.compile("true|false|nil|null|empty|blank")


def missing(_: Scope) -> object:
    """Return nothing, which is the value of what is not there."""
    return UNSET


def value(scanner: Scanner) -> Evaluate | None:
    """Read a literal, a range or a path; None where there is none. Raises LiquidSyntaxError."""
    scanner.skip_blank()
    start: Evaluate | None = None
    literal: object
    if (word := scanner.keyword(_LITERAL)) is not None:
        literal = _LITERALS[word]
    elif (literal := scanner.quoted()) is None:
        literal = scanner.number()
    if literal is not None:
        start = _constant(literal)
    elif scanner.peek() == "(":
        start = _range(scanner)
    steps = _steps(scanner, is_path=start is None)
    if not steps:
        return start
    if _FOR.search(scanner.source):  # it may be read time and again
        return _counted_walk(start or _path(steps[:1]), steps if start else steps[1:])
    return _walk(start, steps) if start is not None else _path(steps)


def path(text: str) -> Evaluate:
    """Return a function that finds the value at a path. Raises LiquidSyntaxError."""
    scanner = Scanner(text, 0, len(text))
    scanner.skip_blank()
    steps = _steps(scanner, is_path=True)
    return _path(steps) if steps else missing


def _constant(literal: object) -> Evaluate:
    return lambda _: literal


_Step = str | Evaluate


def _steps(scanner: Scanner, *, is_path: bool) -> list[_Step]:
    """Read the names and indexes of a path, the first of which has no dot if it is a path."""
    steps: list[_Step] = []
    while True:
        if scanner.peek() == "[":
            opening = scanner.at
            scanner.at += 1
            step = value(scanner) or _constant("")
            if not scanner.skip_past("]"):
                raise scanner.fault("[ is not closed", "write ] behind the index", opening)
            steps.append(step)
            continue
        name = scanner.word() if is_path and not steps else ""
        if not name and scanner.peek() == "." and scanner.peek(1) != ".":
            scanner.at += 1
            name = scanner.word()
        if not name:
            return steps
        steps.append(name)


def _path(steps: list[_Step]) -> Evaluate:
    """Return a function that finds the value at a path of the scope."""
    first, *rest = steps
    if not all(isinstance(step, str) for step in steps):
        name = first if isinstance(first, str) else None

        def start(scope: Scope) -> object:
            key = name if name is not None else plain(_key(first, scope))
            return look_up(scope, key if isinstance(key, str) else javascript.text(key))

        return _walk(start, rest) if rest else start
    names = [str(step) for step in rest]
    head = str(first)

    def found(scope: Scope) -> object:
        value = look_up(scope, head)
        for name in names:
            value = member(value, name)
        return value

    return found


def _walk(start: Evaluate, steps: list[_Step]) -> Evaluate:
    def found(scope: Scope) -> object:
        value = start(scope)
        for step in steps:
            value = look_into(value, _key(step, scope))
        return value

    return found


def _counted_walk(start: Evaluate, steps: list[_Step]) -> Evaluate:
    """Return a function that finds a value and counts what it reads."""

    def found(scope: Scope) -> object:
        value = start(scope)
        for step in steps:
            if isinstance(value, str):
                count_read(scope, value)
            value = look_into(value, _key(step, scope))
        count_read(scope, value)
        return value

    return found


def _key(step: _Step, scope: Scope) -> object:
    return step if isinstance(step, str) else step(scope)


def _range(scanner: Scanner) -> Evaluate:
    opening = scanner.at
    scanner.at += 1
    first = value(scanner)
    scanner.skip_blank()
    is_range = first is not None and scanner.take("..")
    last = value(scanner) if is_range else None
    scanner.skip_blank()
    if first is None or last is None or not scanner.take(")"):
        raise scanner.fault("this is not a range", "write (first..last)", opening)

    def numbers(scope: Scope) -> object:
        low, high = (javascript.number(plain(each(scope))) for each in (first, last))
        check_length(high - low + 1)
        found: list[object] = []
        while low < high + 1:
            if low + 1 == low:
                raise too_large()  # beyond 2**53, where LiquidJS goes round without end
            found.append(low)
            low += 1
        return counted(scope, found)

    return numbers
