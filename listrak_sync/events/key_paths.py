"""Find the value at a path of an event, as Segment's own code finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A decoded JSON value."""

Found: TypeAlias = "Json | UnsetType"
"""What stands at a path: a JSON value, or UNSET where there is nothing."""


class Projection(msgspec.Struct, frozen=True, gc=False):
    """The members of an object that the mappings read, each in a slot of its own.

    A member may be Raw: its text, which is decoded when something in it is asked for.
    """


Event: TypeAlias = "dict[str, Json] | Projection"
"""A whole decoded event, or the projection of one that the loaded mappings read."""

KeyPath: TypeAlias = tuple[str, ...]
"""The names that lead to a value, outermost first; a list's index is a name of digits."""

DEEPEST: Final = 100
"""How deep projections nest at most: Python does not take an endless chain of attributes."""

decode_raw: Final[Callable[[Raw], Any]] = msgspec.json.Decoder().decode
"""Return the value of a text. Raises msgspec.DecodeError or RecursionError."""

_PLAIN: Final = re.compile("[A-Za-z][A-Za-z0-9_]*")
_SEPARATORS: Final = re.compile(r"""\[(?="|'|\d)|\.|(?<="|'|\d)\]+""")


def parse_key_path(text: str) -> KeyPath:
    """Split the text of a directive's path: `$.a.b[0]['c d']` is a, b, 0, `c d`.

    Source: the mapping kit of Segment's actions, where `$.` is optional, quotes only
    group, and the empty path is the whole event.
    """
    return split_key_path(text.replace("$.", "", 1))


def split_key_path(text: str) -> KeyPath:
    """Split the text of a template's path, which has no `$.`."""
    names = _SEPARATORS.split(text)
    return tuple(name.replace('"', "").replace("'", "") for name in names if name)


@lru_cache(maxsize=4096)
def slot(name: str) -> str:
    """Return the attribute of a Projection that holds the member of this name.

    No other type has an attribute like it: so a method is never taken for a member.
    """
    return f"{name}_" if _PLAIN.fullmatch(name) else f"_{name.encode(errors='surrogatepass').hex()}"


def is_field_name(name: str) -> bool:
    """Say whether msgspec can look for a name. Where it cannot, the whole object is read."""
    return name.isprintable() and not {'"', "\\"} & set(name)


def projection_type(members: Iterable[tuple[str, Any, Any]]) -> type[msgspec.Struct]:
    """Return a type of Projection, of names with the types and defaults of their values."""
    fields = [
        (slot(name), kind, msgspec.field(default=default, name=name))
        for name, kind, default in members
    ]
    return msgspec.defstruct("Projection", fields, bases=(Projection,), frozen=True, gc=False)


@lru_cache(maxsize=4096)
def projection_decoder(name: str) -> Callable[[Raw], Any]:
    """Return a function that decodes an object's text to a Projection on one name.

    It raises msgspec.ValidationError where the text is not an object, or the value out of range.
    """
    if not is_field_name(name):
        return decode_raw
    return msgspec.json.Decoder(projection_type([(name, Any, UNSET)])).decode


def _opened(text: Raw, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the value of a text; of an object, only the projection on one name.

    Raises as `find` does.
    """
    return (projection_decoder(name) if bytes(text).startswith(b"{") else decode_raw)(text)


def find(value: Found | Projection, path: KeyPath) -> Found:
    """Return the value at `path` under `value`, as JavaScript finds it; UNSET where there is none.

    Raises msgspec.DecodeError where it lies in a text and a number is out of range, RecursionError
    where it nests too deep.
    """
    found: Any = value
    for name in path:
        if type(found) is Raw:
            found = _opened(found, name)
        is_object = type(found) is dict or isinstance(found, Projection)
        found = _entry(found, name) if is_object else _member(found, name)
    return cast(Found, found)


def find_in_objects(value: Found | Projection, path: KeyPath) -> Found:
    """Return the value at `path` under `value`, where only objects lead on. Raises as `find`."""
    found: Any = value
    for name in path:
        if type(found) is Raw:
            found = _opened(found, name)
        found = _entry(found, name)
    return cast(Found, found)


@lru_cache(maxsize=4096)
def finder(path: KeyPath) -> Callable[[Event], Found]:
    """Return `find` for one path: made once, called for every event.

    It is compiled as if it were written out for the path, for objects; `find` sees to all else.
    """
    if not path:
        return lambda event: find(event, path)
    steps = (
        f"  kind = type(value)\n"
        f"  if kind is dict: value = value.get({name!r}, UNSET)\n"
        f"  elif kind is Raw: value = projection_decoder({name!r})(value).{slot(name)}\n"
        f"  elif value is not UNSET: value = value.{slot(name)}\n"
        for name in path
    )
    source = (
        "def found(event):\n"
        " value = event\n"
        " try:\n"
        f"{''.join(steps)}"
        " except (AttributeError, DecodeError): return find(event, path)\n"
        " return value"
    )
    names = {"projection_decoder": projection_decoder, "find": find, "path": path}
    return cast("Callable[[Event], Found]", _compiled(source, names))


class FirstFinder:
    """Finds the first value at several key paths: neither missing nor null; UNSET without one.

    Only objects lead on. `of` and `of_all` (for many events) are compiled as if they were written
    out for these paths, because they are called for every match. Where an event is not as most
    are, `find_in_objects` is asked. They raise as that does.
    """

    of: Callable[[Event], Found]
    of_all: Callable[[Iterable[Event]], list[Found]]

    def __init__(self, *paths: KeyPath) -> None:
        def otherwise(event: Event) -> Found:
            values = (find_in_objects(event, path) for path in paths)
            there = (value for value in values if value is not UNSET and value is not None)
            return next(there, UNSET)

        names: dict[str, object] = {"otherwise": otherwise}
        lines: list[str] = []
        for index, (first, second, *rest) in enumerate(paths):
            names[f"decode{index}"] = projection_decoder(second)
            names[f"find{index}"] = finder((second, *rest))
            slots = ".".join(map(slot, (second, *rest)))
            # Right below the event, an object may be left as text or be decoded as a whole.
            lines += [
                f"value = event.{slot(first)}",
                "kind = type(value)",
                f"if kind is Raw: value = decode{index}(value).{slots}",
                f"elif kind is dict: value = find{index}(value)",
                f"elif value is not UNSET: value = value.{slots}",
                "if value is UNSET or value is None:",
            ]
        depths = (index for index in range(len(paths)) for _ in range(6))
        lines = [f"{' ' * depth}{line}" for depth, line in zip(depths, lines, strict=True)]
        lines.append(f"{' ' * len(paths)}value = UNSET")
        body = "".join(f"   {line}\n" for line in lines)
        caught = "except (AttributeError, DecodeError): value = otherwise(event)"
        source = f"def of(event):\n  try:\n{body}  {caught}\n  return value"
        self.of = _compiled(source, names)
        source = (
            f"def of_all(events):\n values = []\n for event in events:\n  try:\n{body}"
            f"  {caught}\n  values.append(value)\n return values"
        )
        self.of_all = _compiled(source, names)


def _compiled(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """Compile the source of one function, which may use these names and those of this module."""
    known = {"UNSET": UNSET, "Raw": Raw, "DecodeError": msgspec.DecodeError, **names}
    made: dict[str, Callable[..., Any]] = {}
    exec(source, known, made)  # noqa: S102 - our own text, and names as they are quoted
    (function,) = made.values()
    return function


def column_finder(path: KeyPath) -> Callable[[Sequence[Event]], list[Found]]:
    """Return `find` for one path and many events at a time."""
    in_slots = slots_reader(path)

    def found(events: Sequence[Event]) -> list[Found]:
        try:
            return in_slots(events)
        except AttributeError:
            return [find(event, path) for event in events]

    return found


def slots_reader(path: KeyPath) -> Callable[[Sequence[Event]], list[Any]]:
    """Return a function that reads a value of many events at a time: see `over_slots`."""
    return over_slots("[{0} for event in events]", path)


def over_slots(
    source: str, *paths: KeyPath, **names: object
) -> Callable[[Sequence[Event]], list[Any]]:
    """Return a function that computes a list from `events`; {0}, {1} … stand for values of each.

    It raises AttributeError where an event has no Projection on the way. It is compiled as if it
    were written out for these paths, which is twice as fast as `attrgetter`.
    """
    slots = (map(slot, path[: DEEPEST + 1]) for path in paths)  # no projection is deeper
    values = (".".join(("event", *each)) for each in slots)
    compute: Callable[[Sequence[Event]], list[Any]] = eval(  # noqa: S307 - our own text, and slots
        f"lambda events: {source.format(*values)}", names
    )
    return compute


def _entry(value: Any, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the member of an object; UNSET where it has none, or the value is not an object."""
    if type(value) is dict:
        return value.get(name, UNSET)
    return getattr(value, slot(name), UNSET) if isinstance(value, Projection) else UNSET


def _member(value: Found, name: str) -> Found:
    """Return a member of a value that is not an object, as in the original, which is JavaScript.

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


def excerpt(value: Found) -> str:
    """Return a value for a message, as JSON and shortened."""
    if value is UNSET:
        return "nothing"
    text = msgspec.json.encode(value, enc_hook=lambda _: None).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"


def utf16_length(text: str) -> int:
    """Return a text's length as JavaScript counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
