"""JavaScript's numbers, truth, order and printing of JSON values. Source: ECMA-262."""

from __future__ import annotations

import json
import math
import re
from typing import Final, TypeGuard, cast

import msgspec
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.values import number_text

SPACE: Final = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""White space: the characters that trim() takes off and `\\s` of a regular expression finds."""

MAX_SAFE_INTEGER: Final = 2**53 - 1

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OTHER_BASES: Final = {"0x": 16, "0o": 8, "0b": 2}


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is of the type number: Python takes a boolean for one as well."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_nothing(value: object) -> bool:
    """Say whether a value is missing or null."""
    return value is None or value is UNSET


def is_true(value: object) -> bool:
    """Say whether JavaScript takes a value as true: a list and an object always are."""
    if is_nothing(value):
        return False
    if isinstance(value, bool | str):
        return bool(value)
    return bool(value) and value == value if is_number(value) else True  # noqa: PLR0124 - NaN


def text(value: object) -> str:
    """Return a value as String() writes it; of numbers, every digit of a whole one."""
    match value:
        case str():
            return value
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case list():
            return joined(value, ",")
        case _:
            return "undefined" if value is UNSET else "[object Object]"


def joined(items: list[object], separator: str) -> str:
    """Return a list as its join() does: what is missing or null is empty."""
    return separator.join("" if is_nothing(item) else text(item) for item in items)


def double(number: float) -> float:
    """Return a number as JavaScript holds it, in 64 bits."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def number(value: object) -> float:
    """Return a value as Number() reads it, NaN where it is not a number."""
    if isinstance(value, int | float):
        return double(value)
    if value is None:
        return 0.0
    if isinstance(value, list):
        value = text(value)
    return _number_of(value.strip(SPACE)) if isinstance(value, str) else math.nan


def _number_of(digits: str) -> float:
    if not digits:
        return 0.0
    if _DECIMAL.fullmatch(digits):
        return float(digits)
    if digits.lstrip("+-") == "Infinity" and len(digits) <= len("+Infinity"):
        return -math.inf if digits[0] == "-" else math.inf
    base = _OTHER_BASES.get(digits[:2].lower())
    if base is not None and digits[2:].isalnum() and digits.isascii():
        try:
            return double(int(digits[2:], base))
        except ValueError:
            return math.nan
    return math.nan


def is_less(left: object, right: object) -> bool:
    """Say whether `left < right`: two texts by their code units, all else as numbers."""
    left, right = _primitive(left), _primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return code_units(left) < code_units(right)
    return number(left) < number(right)


def is_at_most(left: object, right: object) -> bool:
    """Say whether `left <= right`."""
    left, right = _primitive(left), _primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return code_units(left) <= code_units(right)
    return number(left) <= number(right)


def plus(left: object, right: object) -> object:
    """Return `left + right`: a text where one of them is one or becomes one."""
    left, right = _primitive(left), _primitive(right)
    if isinstance(left, str) or isinstance(right, str):
        return text(left) + text(right)
    return number(left) + number(right)


def _primitive(value: object) -> object:
    is_object = not (value is None or value is UNSET or isinstance(value, str | int | float))
    return text(value) if is_object else value


def code_units(value: str) -> bytes:
    """Return a text as its UTF-16 code units, which compare as JavaScript compares texts."""
    return value.encode("utf-16-be", "surrogatepass")


def is_same(left: object, right: object) -> bool:
    """Say whether `left === right`: an object or list is only the same as itself."""
    if left is right:
        return not isinstance(left, float) or not math.isnan(left)
    if isinstance(left, str):
        return isinstance(right, str) and left == right
    return is_number(left) and is_number(right) and double(left) == double(right)


def in_order(value: dict[str, Json]) -> dict[str, Json]:
    """Return an object in JavaScript's order: keys that are indexes first, by number."""
    indexes = sorted((name for name in value if _is_index(name)), key=int)
    return {name: value[name] for name in (*indexes, *value)} if indexes else value


def _is_index(name: str) -> bool:
    return (
        name.isascii() and name.isdigit() and str(int(name[:10])) == name and int(name) < 2**32 - 1
    )


def json_text(value: Found) -> str:
    """Return a value as compact JSON, as JSON.stringify() writes it."""
    return msgspec.json.encode(_plain(value)).decode()


def _plain(value: Found) -> Json | msgspec.Raw:
    """Return a value without what is missing, its keys in JavaScript's order."""
    match value:
        case dict():
            kept = {name: item for name, item in value.items() if cast(Found, item) is not UNSET}
            return cast(Json, {name: _plain(item) for name, item in in_order(kept).items()})
        case list():
            return cast(Json, [_plain(item) for item in value])
        case bool():
            return value
        case float() if not math.isfinite(value):
            return None
        case int() | float():
            return msgspec.Raw(number_text(value).encode())
        case str():
            return value if value.isascii() else _escaped(value)
    return None


def _escaped(value: str) -> Json | msgspec.Raw:
    """Return a text; one with half of a surrogate pair as JSON in which that half is escaped."""
    try:
        value.encode()
    except UnicodeEncodeError:
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        quoted = json.dumps(whole, ensure_ascii=False)
        return msgspec.Raw(quoted.encode(errors="backslashreplace"))
    return value
