"""Filters that take lists and objects, and those that take any value."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Final, cast

from liquid.exceptions import LiquidSyntaxError
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, utf16_length
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_nothing, is_number
from listrak_sync.mapping.directives.liquid.bounds import (
    RenderError,
    check_length,
    check_size,
    too_large,
)
from listrak_sync.mapping.directives.liquid.forloop import Forloop
from listrak_sync.mapping.directives.liquid.paths import path
from listrak_sync.mapping.directives.liquid.texts import characters
from listrak_sync.mapping.directives.liquid.values import (
    EmptyWord,
    as_list,
    equals,
    is_truthy,
    item_at,
    member,
    plain,
    rounded,
    stringify,
)

_JSON_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\[\]|\{\}|[][{},:]|[^][{},:"]+')
_WIDEST_INDENT: Final = 10
_LONGEST_SLICE: Final = 1e8
"""How many characters may be asked for, although there are never so many: Segment's limit."""


def default(value: object, other: object = UNSET, *, allow_false: object = UNSET) -> object:
    """Return a value, another where it is nothing, false, or an empty text or list."""
    value = plain(value)
    if isinstance(value, str | list):
        return value or other
    if value is False and javascript.is_true(allow_false):
        return False
    return value if is_truthy(value) else other


def raw(value: object) -> object:
    """Return a value as it is."""
    return value


def json(value: object, space: object = UNSET) -> object:
    """Return a value as JSON, indented by a number of spaces or by a text."""
    if value is UNSET:
        return UNSET
    check_size(value)
    text = javascript.json_text(cast(Found, _without_words(rounded(value))))
    indent = _indent(plain(space))
    if not indent:
        return text
    return "".join(_indented(text, indent))


def _indented(text: str, indent: str) -> Iterator[str]:
    """Yield the parts of a JSON text with line breaks and indents between them."""
    depth = 0
    for part in _JSON_PART.findall(text):
        if part in {"{", "["}:
            depth += 1
            yield f"{part}\n{indent * depth}"
        elif part in {"}", "]"}:
            depth -= 1
            yield f"\n{indent * depth}{part}"
        elif part == ",":
            yield f",\n{indent * depth}"
        else:
            yield ": " if part == ":" else part


def _without_words(value: object) -> object:
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    if isinstance(value, Forloop):
        return value.members()
    return {} if isinstance(value, EmptyWord) else value


def _indent(space: object) -> str:
    if isinstance(space, str):
        return space[:_WIDEST_INDENT]
    if not is_number(space) or math.isnan(space):
        return ""
    return " " * int(min(max(space, 0), _WIDEST_INDENT))


def join(value: object, separator: object = UNSET) -> str:
    """Return the items of a list in a text, with a separator between them."""
    items, between = as_list(value), plain(separator)
    glue = " " if is_nothing(between) else stringify(between)
    check_length(check_size(items) + len(glue) * len(items))
    return javascript.joined(cast("list[object]", rounded(items)), glue)


def first(value: object) -> object:
    """Return the first item of a list, or character of a text."""
    return _end(plain(value), 0)


def last(value: object) -> object:
    """Return the last item of a list, or character of a text."""
    return _end(plain(value), -1)


def _end(value: object, index: int) -> object:
    if isinstance(value, list):
        return item_at(value, index)
    if isinstance(value, str):
        return item_at(value, index) if value else ""
    if isinstance(value, dict) and is_number(length := value.get("length")):
        return value.get(javascript.text(length + index if index else index), UNSET)
    return ""


def size(value: object) -> object:
    """Return the length of a list or text, 0 for anything else."""
    match value:
        case str():
            return utf16_length(value)
        case list():
            return len(value)
        case Forloop():
            return value.length
        case dict() if javascript.is_true(value.get("length")):
            return value["length"]
    return 0


def total(value: object, name: object = UNSET) -> float:
    """Return the sum of a list's numbers, or of a member of its items."""
    result = 0.0
    for item in as_list(value):
        summand = _at(item, stringify(name)) if javascript.is_true(name) else item
        found = javascript.number(plain(summand))
        result += 0.0 if math.isnan(found) else found
    return result


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        value = value if is_nothing(value) else member(value, name)
    return value


def compact(value: object) -> list[object]:
    """Return a list without what is missing or null."""
    return [item for item in as_list(value) if not is_nothing(plain(item))]


def push(value: object, item: object) -> list[object]:
    """Return a list with an item behind it."""
    return _sized([*as_list(value), item])


def unshift(value: object, item: object) -> list[object]:
    """Return a list with an item before it."""
    return _sized([item, *as_list(value)])


def _sized(items: list[object]) -> list[object]:
    check_size(items)
    return items


def pop(value: object) -> list[object]:
    """Return a list without its last item."""
    return as_list(value)[:-1]


def shift(value: object) -> list[object]:
    """Return a list without its first item."""
    return as_list(value)[1:]


def sliced(value: object, begin: object, length: object = UNSET) -> object:
    """Return so many items of a list, or characters of a text, from a place on."""
    value = plain(value)
    if is_nothing(value):
        return []
    whole = value if isinstance(value, list) else stringify(value)
    begin, length = plain(begin), 1.0 if length is UNSET else plain(length)
    if javascript.is_less(begin, 0):
        begin = javascript.plus(float(len(whole)), begin)
    if javascript.is_less(begin, 0) or javascript.is_less(length, 0):
        return whole[:0]
    if javascript.number(length) > _LONGEST_SLICE:
        raise too_large()
    if isinstance(whole, list):
        start, end = _index(begin), _index(javascript.plus(begin, length))
        return whole[start:end]
    start = characters(javascript.number(begin))
    return whole[start : start + characters(javascript.number(length))]


def _index(value: object) -> int:
    found = javascript.number(value)
    return 0 if math.isnan(found) else int(min(max(found, 0.0), 2.0**53))


def where(value: object, name: object, expected: object = UNSET) -> list[object]:
    """Return the items of a list whose member at a path is a value, or holds as a condition."""
    try:
        find = path(stringify(name))
    except LiquidSyntaxError as error:
        raise RenderError(f"where: {error.args[0]}") from error
    kept: list[object] = []
    for item in as_list(value):
        found = find(_Item(item))
        if is_truthy(found) if expected is UNSET else equals(found, expected):
            kept.append(item)
    return kept


class _Item:
    """An item of a list as the scope in which a path is looked up."""

    def __init__(self, item: object) -> None:
        self.locals: MutableMapping[str, object] = {}
        self.globals = members(item)
        self.tag_namespace: dict[str, Any] = {}


def members(value: object) -> Mapping[str, object]:
    """Return the members of a value by name, as they are seen where it is a scope."""
    match value:
        case dict():
            return value
        case list():
            items = {str(index): item for index, item in enumerate(value)}
            return items | {"length": len(value)}
        case str():
            units = {str(index): item_at(value, index) for index in range(utf16_length(value))}
            return units | {"length": utf16_length(value)}
    return {}


def sample(value: object, count: object = UNSET) -> object:
    """Return an item of a list or a character of a text by chance, or several."""
    value = plain(value)
    if is_nothing(value):
        return []
    items = [*value] if isinstance(value, list) else [*stringify(value)]
    random.shuffle(items)
    if count is UNSET or (is_number(count) and count == 1):
        return items[0] if items else UNSET
    return items[: _index(plain(count))]
