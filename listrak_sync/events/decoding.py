"""Decodes a line to the projection of an event, or says why the line is not an event."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Set
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.key_paths import DEEPEST, Event, KeyPath, is_field_name, projection_type
from listrak_sync.reasons import Reason, RejectedError

_Other: TypeAlias = bool | int | float | str | list[Any] | None
"""What may stand where a Projection is expected."""

_MANY: Final = 16
"""msgspec compares names one by one; beyond so many it is faster to keep the whole object."""

_WHOLE: Final = dict[str, Any]
_check_json: Final = msgspec.json.Decoder(msgspec.Raw).decode
_HALF_A_PAIR: Final = re.compile(rb"(?i)(?<!\\)((?:\\\\)*)\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])")
_ANY_HALF: Final = re.compile(r"(?i)\\ud[89a-f]")
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The exceptions of the parser for a line that is not an event.

Which of them it raises differs between its versions, so `rejection` decides by the line itself.
"""


class Decoder:
    """Decodes lines to the projection of an event on some key paths.

    Whatever does not lie on a path is parsed as JSON but not kept, so an event costs what is read
    of it. The empty path stands for the whole event. An object with many paths that few readers
    ask for (`rare`) is left as text.
    """

    def __init__(self, paths: Iterable[KeyPath], rare: Iterable[KeyPath] = ()) -> None:
        shape = _shape(set(paths), set(rare))
        decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(shape)
        self.is_whole: Final = shape is _WHOLE
        """Whether all of an event is decoded, to a dict."""
        self.nothing: Final[Event] = shape()
        """An event in which nothing is present."""
        self.parse: Final = decoder.decode
        """The bare parser: quick, but it raises one of UNDECODABLE, without a reason."""

    def decode(self, line: bytes) -> Event:
        """Return the event on a line. Raises RejectedError with the reason."""
        try:
            return self.parse(line)
        except UNDECODABLE as error:
            raise rejection(line, error) from None


def check_utf8(line: bytes) -> None:
    """Raise RejectedError where a line is not UTF-8, even in text that no mapping reads."""
    if not is_utf8(line):
        raise RejectedError(Reason.NOT_UTF8, "the line is not UTF-8")


def is_utf8(data: bytes) -> bool:
    """Say whether data is UTF-8: the parser does not check text that it passes over."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def rejection(line: bytes, error: Exception) -> RejectedError:
    """Return why a line is not an event, after the parser has raised an error for it.

    The parser stops at what it meets first, and its versions differ in what they raise. So the
    line is checked again here, from the encoding up: the same line always gets the same reason.
    """
    if not is_utf8(line):
        return RejectedError(Reason.NOT_UTF8, "the line is not UTF-8")
    try:
        _check_json(line)
    except RecursionError:
        return RejectedError(Reason.NESTED_TOO_DEEP, "the values nest too deep to be read")
    except msgspec.DecodeError:
        return RejectedError(Reason.NOT_JSON, _half_of_a_pair(line) or _why_not_json(line))
    if isinstance(error, RecursionError):
        return RejectedError(Reason.NESTED_TOO_DEEP, "the values nest too deep to be read")
    if not line.lstrip().startswith(b"{"):
        return RejectedError(Reason.NOT_AN_OBJECT, f"the line is {_kind_of(line)}, not an object")
    return out_of_range()


def out_of_range() -> RejectedError:
    """Return why an event is rejected of which the mappings read a number that is too large."""
    detail = "a number that a mapping reads is beyond 1.8e308, or has over 4,300 digits"
    return RejectedError(Reason.NUMBER_OUT_OF_RANGE, detail)


def _half_of_a_pair(line: bytes) -> str | None:
    r"""Say where half of a surrogate pair is escaped, if nothing else keeps a line from being JSON.

    `\ud83d` alone is not a character; some exporters cut texts in the middle of an emoji.
    """
    half = _HALF_A_PAIR.search(line)
    if half is None:
        return None
    try:
        _check_json(_HALF_A_PAIR.sub(rb"\1 ", line))
    except (msgspec.DecodeError, RecursionError):
        return None
    return f"half of a surrogate pair (byte {half.end()})"


def _why_not_json(line: bytes) -> str:
    """Say where a line stops being JSON, without showing what it holds."""
    text = line.decode()
    ends_in_text = _ESCAPED.sub("", text).count('"') % 2 == 1
    try:
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        if ends_in_text or error.pos >= len(text.rstrip()):
            return "the line ends before its JSON does"
        return f"not JSON from character {error.pos + 1:,} on"
    except _ConstantError as constant:
        return f"{constant} is not JSON"
    except (ValueError, RecursionError):
        return "not JSON"
    return "half of a surrogate pair" if _ANY_HALF.search(text) else "not JSON"


class _ConstantError(ValueError):
    """NaN or Infinity, which JSON does not have."""


def _refuse(constant: str) -> float:
    raise _ConstantError(constant)


def _kind_of(line: bytes) -> str:
    """Name the JSON value on a line by its first character."""
    kinds = {b"[": "a list", b'"': "a text", b"t": "a boolean", b"f": "a boolean", b"n": "null"}
    return kinds.get(line.lstrip()[:1], "a number")


def _shape(paths: Set[KeyPath], rare: Set[KeyPath], depth: int = 0) -> Any:  # noqa: ANN401 - a type made at run time
    """Return the type of an object of which only the given paths are read.

    Beyond DEEPEST, everything is read.
    """
    if () in paths | rare or depth == DEEPEST:
        return _WHOLE
    below, below_rare = _by_name(paths), _by_name(rare)
    # Sorted, because most events have their names in this order: msgspec finds them sooner.
    names = sorted({*below, *below_rare})
    if not all(map(is_field_name, names)):
        return _WHOLE
    return projection_type(
        (name, *_member_type(below[name], below_rare[name], depth + 1)) for name in names
    )


def _by_name(paths: Iterable[KeyPath]) -> defaultdict[str, set[KeyPath]]:
    """Return what follows the first name of paths, by that name."""
    rests = defaultdict[str, set[KeyPath]](set)
    for first, *rest in paths:
        rests[first].add(tuple(rest))
    return rests


def _member_type(paths: Set[KeyPath], rare: Set[KeyPath], depth: int) -> tuple[Any, Any]:
    """Return the type of a value of which these paths are read, and its default."""
    is_much = len(paths | rare) > _MANY
    if is_much and not paths and () not in rare:
        return msgspec.Raw, UNSET
    projection = _WHOLE if is_much else _shape(paths, rare, depth)
    return (Any, UNSET) if projection is _WHOLE else (projection | _Other, projection())
