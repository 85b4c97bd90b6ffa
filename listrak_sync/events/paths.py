"""Find the value at a path of an event, as Segment's own code finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from msgspec import UNSET, UnsetType

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A decoded JSON value."""

Found: TypeAlias = "Json | UnsetType"
"""What stands at a path: a JSON value, or UNSET where there is nothing."""

Event: TypeAlias = "dict[str, Json]"
"""A decoded event, or the part of one that the loaded mappings read."""

Path: TypeAlias = tuple[str, ...]
"""The names that lead to a value, outermost first; a list's index is a name of digits."""

_SEPARATORS = re.compile(r"""\[(?="|'|\d)|\.|(?<="|'|\d)\]+""")


def parse_path(text: str) -> Path:
    """Split the text of a directive's path: `$.a.b[0]['c d']` is a, b, 0, `c d`.

    Source: the mapping kit of Segment's actions, where `$.` is optional, quotes only
    group, and the empty path is the whole event.
    """
    return split_path(text.replace("$.", "", 1))


def split_path(text: str) -> Path:
    """Split the text of a template's path, which has no `$.`."""
    names = _SEPARATORS.split(text)
    return tuple(name.replace('"', "").replace("'", "") for name in names if name)


def find(value: Found, path: Path) -> Found:
    """Return what stands at `path` under `value`."""
    for name in path:
        value = value.get(name, UNSET) if type(value) is dict else _member(value, name)
    return value


def finder(path: Path) -> Callable[[Event], Found]:
    """Return `find` for one path, made once and called for every event."""
    match path:
        case (name,):
            return lambda event: event.get(name, UNSET)
        case (first, second):

            def find_second(event: Event) -> Found:
                value = event.get(first, UNSET)
                if type(value) is dict:
                    return value.get(second, UNSET)
                return _member(value, second)

            return find_second
        case (first, second, third):

            def find_third(event: Event) -> Found:
                value = event.get(first, UNSET)
                if type(value) is dict:
                    value = value.get(second, UNSET)
                    if type(value) is dict:
                        return value.get(third, UNSET)
                    return _member(value, third)
                return find(value, (second, third))

            return find_third
        case _:
            return lambda event: find(event, path)


def _member(value: Found, name: str) -> Found:
    """Return a member of what is no object, by the rules of the JavaScript original.

    Nothing, null, false, 0 and the empty text stand for their own members; lists and texts
    have members by index, and a length.
    """
    if isinstance(value, list | str):
        if not value and isinstance(value, str):
            return value
        if name == "length":
            return len(value) if isinstance(value, list) else utf16_length(value)
        if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
            index = int(name[:10])
            return value[index] if index < len(value) else UNSET
        return UNSET
    return UNSET if value else value


def utf16_length(text: str) -> int:
    """Return a text's length as JavaScript counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
