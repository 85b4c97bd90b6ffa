"""The functions and comparisons of Segment's filter query language."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.fql.globs import GlobError, glob
from listrak_sync.mapping.values import number_text

NUMBERS: Final = (int, float)
"""The types of JSON numbers. A boolean is not a number, although bool is a kind of int."""

NUMERIC: Final[dict[str, Callable[..., bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TYPES: Final = frozenset({"string", "number", "bool", "list", "object", "null"})
"""The types of values, as `typeof` names them; it calls an object by this name as well."""

_NUMBER: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_WORD: Final = re.compile(r"(?:^|(?<=\s))\S")


_TEXT: Final = frozenset({"string"})
_SCALAR: Final = frozenset({"string", "number", "bool"})
_BOOL: Final = frozenset({"bool"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the types it uses of each argument, the types it returns, its evaluation.

    An argument of another type is taken as if it were missing.
    """

    takes: tuple[frozenset[str], ...]
    evaluate: Callable[..., Json]
    returns: frozenset[str] = _TEXT | {"null"}

    @property
    def is_test(self) -> bool:
        """Say whether it tests a text: `contains` and `match`."""
        return len(self.takes) > 1


def same(a: Json, b: Json) -> bool:
    """Compare two values strictly: `1` equals `1.0`, but neither `true` nor `"1"`.

    Values that nest hundreds of levels deep, more than Python can compare, are not the same.
    """
    try:
        return _same(a, b)
    except RecursionError:
        return False


def _same(a: Json, b: Json) -> bool:
    if type(a) is type(b):
        match a, b:
            case list(), list():
                return len(a) == len(b) and all(map(_same, a, b))
            case dict(), dict():
                return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
        return a == b
    return type(a) in NUMBERS and type(b) in NUMBERS and a == b


def as_text(value: Found) -> str | None:
    """Return a text, a number or a boolean as text, None for anything else."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
    return None


_LONGEST_KEPT: Final = 1000
"""How many characters a pattern has at most that is kept, ready to be used again."""


def _contains(value: Found, part: Found) -> bool:
    text = as_text(part)
    return type(value) is str and text is not None and text in value


def _match(value: Found, pattern: Found) -> bool:
    if type(value) is not str or type(pattern) is not str:
        return False
    try:
        # A long pattern of an event is not kept in memory.
        return (glob if len(pattern) <= _LONGEST_KEPT else glob.__wrapped__)(pattern)(value)
    except GlobError:
        return False


def _length(value: Found) -> int:
    match value:
        case str():
            return len(value.encode("utf-8", "surrogatepass"))
        case list():
            return len(value)
    return 0


def _typeof(value: Found) -> str:
    match value:
        case str():
            return "string"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list():
            return "list"
        case dict():
            return "object"
    return "null"


def _bool(value: Found) -> bool | None:
    match value:
        case bool():
            return value
        case int() | float():
            return value != 0
        case "true" | "false":
            return value == "true"
    return None


def _number(value: Found) -> int | float | None:
    match value:
        case bool():
            return int(value)
        case int() | float():
            return value
        case str() if found := _NUMBER.fullmatch(value):
            return float(found[1])
    return None


def _of_text(change: Callable[[str], str]) -> Callable[[Found], str | None]:
    return lambda value: change(value) if type(value) is str else None


def _titlecase(text: str) -> str:
    return _WORD.sub(lambda word: word[0].upper(), text)


BY_NAME: Final[dict[str, Function]] = {
    "contains": Function((_TEXT, _SCALAR), _contains, _BOOL),
    "match": Function((_TEXT, _TEXT), _match, _BOOL),
    "length": Function((_TEXT | {"list"},), _length, frozenset({"number"})),
    "lowercase": Function((_TEXT,), _of_text(str.lower)),
    "uppercase": Function((_TEXT,), _of_text(str.upper)),
    "snakecase": Function((_TEXT,), _of_text(lambda text: text.replace(" ", "_"))),
    "kebabcase": Function((_TEXT,), _of_text(lambda text: text.replace(" ", "-"))),
    "titlecase": Function((_TEXT,), _of_text(_titlecase)),
    "typeof": Function((TYPES,), _typeof, _TEXT),
    "bool": Function((_SCALAR,), _bool, _BOOL | {"null"}),
    "string": Function((_SCALAR,), as_text),
    "number": Function((_SCALAR,), _number, frozenset({"number", "null"})),
}
"""Every function by its name. Source: the FQL page of Segment's Public API documentation."""
