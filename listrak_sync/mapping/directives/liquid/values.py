"""Values as LiquidJS compares, prints and looks into them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableMapping
from enum import Enum
from typing import Any, Protocol, TypeAlias

from msgspec import UNSET

from listrak_sync.events.key_paths import utf16_length
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_nothing, is_number
from listrak_sync.mapping.directives.liquid.bounds import check_size
from listrak_sync.mapping.directives.liquid.forloop import Forloop, StandIn


class EmptyWord(StandIn, Enum):
    """The words `nil`, `empty` and `blank`, which compare as no value of an event does."""

    NIL = "nil"
    EMPTY = "empty"
    BLANK = "blank"

    def plain(self) -> object:
        """Return null for `nil`, and an empty text for the others."""
        return None if self is EmptyWord.NIL else ""


class Scope(Protocol):
    """Where names are looked up: what the template has assigned, then the event.

    `tag_namespace` keeps what tags count, and how much was computed.
    """

    locals: MutableMapping[str, object]
    globals: Mapping[str, object]
    tag_namespace: dict[str, Any]


Evaluate: TypeAlias = Callable[[Scope], object]
"""Computes a value of a template from a scope."""


def plain(value: object) -> object:
    """Return a value, that of `nil`, `empty`, `blank` and `forloop` in their place."""
    return value.plain() if isinstance(value, StandIn) else value


def is_truthy(value: object) -> bool:
    """Say whether a condition holds: anything but false, null, and what is missing."""
    value = plain(value)
    return value is not False and value is not None and value is not UNSET


def stringify(value: object) -> str:
    """Return a value as it is printed: nothing is empty, and a list is its items without commas."""
    if type(value) is str:
        return value
    if isinstance(value, list):
        check_size(value)
        return "".join(map(stringify, value))
    value = plain(value)
    return "" if is_nothing(value) else javascript.text(rounded(value))


def rounded(value: object) -> object:
    """Return a value whose whole numbers are no more exact than JavaScript's."""
    match value:
        case bool():
            return value
        case int() if abs(value) > javascript.MAX_SAFE_INTEGER:
            return javascript.double(value)
        case list():
            return [rounded(item) for item in value]
        case dict():
            return {name: rounded(item) for name, item in value.items()}
    return value


def number(value: object) -> float:
    """Return a value as arithmetic takes it: what is not a number is 0, and so is -0."""
    found = javascript.number(plain(value))
    return 0.0 if math.isnan(found) else found or 0.0


def as_list(value: object) -> list[object]:
    """Return a list as it is, nothing as an empty one, and any other value as its only item."""
    value = plain(value)
    if isinstance(value, list):
        return value
    return [] if is_nothing(value) else [value]


def equals(left: object, right: object) -> bool:
    """Say whether `left == right`."""
    if isinstance(left, EmptyWord):
        return _is(left, right)
    if isinstance(right, EmptyWord):
        return _is(right, left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equals, left, right))
    return javascript.is_same(left, right)


def _is(word: EmptyWord, value: object) -> bool:
    """Say whether a value is nil, empty or blank."""
    match word:
        case EmptyWord.NIL:
            return is_nothing(plain(value))
        case EmptyWord.BLANK if value is False or is_nothing(plain(value)):
            return True
        case EmptyWord.BLANK if isinstance(value, str):
            return not value.strip(javascript.SPACE)
    return isinstance(value, str | list | dict) and not value


def contains(left: object, right: object) -> bool:
    """Say whether a list has an item, or a text holds another."""
    left = plain(left)
    if isinstance(left, list):
        return any(equals(item, right) for item in left)
    return isinstance(left, str) and javascript.text(rounded(plain(right))) in left


def is_less(left: object, right: object) -> bool:
    """Say whether `left < right`; `nil`, `empty` and `blank` have no order."""
    if isinstance(left, EmptyWord) or isinstance(right, EmptyWord):
        return False
    return javascript.is_less(left, right)


def is_at_most(left: object, right: object) -> bool:
    """Say whether `left <= right`; `nil`, `empty` and `blank` have no order."""
    if isinstance(left, EmptyWord) or isinstance(right, EmptyWord):
        return False
    return javascript.is_at_most(left, right)


def look_up(scope: Scope, name: str) -> object:
    """Return what a name stands for: what was assigned to it, or the event's member."""
    if name in scope.locals:
        return scope.locals[name]
    if name in scope.globals:
        return scope.globals[name]
    return 0 if name == "size" else UNSET  # LiquidJS goes on in an empty object, whose size is 0


def member(value: object, name: str) -> object:
    """Return a member of a value by its name, UNSET where there is none."""
    match value:
        case Mapping():
            if name in value:
                return value[name]
            return len(value) if name == "size" else UNSET
        case str() | list():
            return _member_of_sequence(value, name)
        case None:
            return None
        case Forloop():
            return value.member(name)
    return UNSET


def _member_of_sequence(value: str | list[object], name: str) -> object:
    is_list = isinstance(value, list)
    if name in {"size", "length"}:
        return len(value) if is_list else utf16_length(str(value))
    if is_list and name in {"first", "last"}:
        return item_at(value, 0 if name == "first" else -1)
    if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
        return item_at(value, int(name[:10]))
    return UNSET


def item_at(value: str | list[object], index: int) -> object:
    """Return an item of a list or a code unit of a text, UNSET where it has none there."""
    if isinstance(value, str):
        value = [*code_units(value)]
    if index < 0:
        index += len(value)
    return value[index] if 0 <= index < len(value) else UNSET


def code_units(value: str) -> str:
    """Return a text in which each half of a surrogate pair is a character of its own."""
    if value.isascii():
        return value
    units = value.encode("utf-16-be", "surrogatepass")
    return "".join(chr(units[at] << 8 | units[at + 1]) for at in range(0, len(units), 2))


def whole_characters(value: str) -> str:
    """Return a text in which the halves of a pair are joined, and a lone half is U+FFFD."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def look_into(value: object, key: object) -> object:
    """Return the member of a value at a key: a name, or an index, from the end if negative."""
    if isinstance(value, list) and is_number(key):
        return item_at(value, int(key)) if math.isfinite(key) and key == int(key) else UNSET
    if value is None or value is UNSET:
        return value
    return member(value, key if isinstance(key, str) else javascript.text(plain(key)))
