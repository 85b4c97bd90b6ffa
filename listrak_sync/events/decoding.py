"""A line as an event: the part of it that is read, or why it cannot be."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Set
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.events.key_paths import DEEPEST, Event, KeyPath, is_field_name, projection_type

ACCEPTED_TYPES: Final = frozenset({"track", "identify", "page", "group", "alias"})
"""The types of event that Segment's destination takes."""

_Other: TypeAlias = bool | int | float | str | list[Any] | None
"""What may stand where a Part is expected."""

_MANY: Final = 16
"""How many names msgspec looks for one after the other before it is faster to read them all."""

_WHOLE: Final = dict[str, Any]
_check: Final = msgspec.json.Decoder(msgspec.Raw).decode
_HALF_A_PAIR: Final = re.compile(rb"(?i)(?<!\\)(?:\\\\)*\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])")


UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the parser raises for a line that is no event."""


class UnreadableError(Exception):
    """Why a line is no event: a reason of the report, and the parser's own words."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Decoder:
    """Decodes lines to the part of an event that lies on given paths, the rest checked only.

    What does not lie on a path is parsed as JSON but not kept, so an event costs what is read
    of it. The empty path stands for the whole event. An object in which many paths end that are
    seldom asked for, each of few events, is left as its text.
    """

    def __init__(self, paths: Iterable[KeyPath], seldom: Iterable[KeyPath] = ()) -> None:
        shape = _shape(set(paths), set(seldom))
        decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(shape)
        self.is_whole: Final = shape is _WHOLE
        """Whether all of an event is decoded, to a dict."""
        self.nothing: Final[Event] = shape()
        """An event of which nothing is there."""
        self.parse: Final = decoder.decode
        """Decode as `decode` does, but raise one of UNDECODABLE, which says less."""

    def decode(self, line: bytes) -> Event:
        """Return the event on a line of UTF-8. Raises UnreadableError."""
        try:
            return self.parse(line)
        except UNDECODABLE as error:
            raise unreadable(_malformed(line) or error) from None


def checked(line: bytes) -> bytes:
    """Return the line. Raises UnreadableError where it is no UTF-8."""
    if not is_utf8(line):
        raise UnreadableError("not_utf8", "the line is no UTF-8")
    return line


def is_utf8(data: bytes) -> bool:
    """Check what the decoder passes over, too."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _malformed(line: bytes) -> Exception | None:
    """Return what keeps a line from being JSON at all: a decoder stops at what comes first."""
    try:
        _check(line)
    except (msgspec.DecodeError, RecursionError) as error:
        may_be_half = b"\\u" in line and "truncated" in str(error)
        if may_be_half and (half := _HALF_A_PAIR.search(line)):
            return msgspec.DecodeError(f"half of a surrogate pair (byte {half.end()})")
        return error
    return None


def unreadable(error: Exception) -> UnreadableError:
    """Return why a line is no event, given what its decoding raised."""
    text = str(error)
    match error:
        case UnicodeDecodeError():
            return UnreadableError("not_utf8", text)
        case RecursionError():
            return UnreadableError("nested_too_deep", "the values nest too deep to be read")
        case msgspec.ValidationError() if "out of range" in text:
            return UnreadableError("number_out_of_range", text)
        case msgspec.ValidationError():
            return UnreadableError("not_an_object", text)
    return UnreadableError("not_json", text)


def _shape(paths: Set[KeyPath], seldom: Set[KeyPath], depth: int = 0) -> Any:  # noqa: ANN401 - a type made at run time
    """Return the type of an object of which only the given paths are read.

    What lies deeper than DEEPEST is read with all that is beside it.
    """
    if () in paths | seldom or depth == DEEPEST:
        return _WHOLE
    below, below_seldom = _by_name(paths), _by_name(seldom)
    names = sorted({*below, *below_seldom})  # as most events have them: found sooner
    if not all(map(is_field_name, names)):
        return _WHOLE
    return projection_type(
        (name, *_kind(below[name], below_seldom[name], depth + 1)) for name in names
    )


def _by_name(paths: Iterable[KeyPath]) -> defaultdict[str, set[KeyPath]]:
    """Return what follows the first name of paths, by that name."""
    rests = defaultdict[str, set[KeyPath]](set)
    for first, *rest in paths:
        rests[first].add(tuple(rest))
    return rests


def _kind(paths: Set[KeyPath], seldom: Set[KeyPath], depth: int) -> tuple[Any, Any]:
    """Return how a value is decoded of which these paths are read, and what stands for none."""
    is_much = len(paths | seldom) > _MANY
    if is_much and not paths and () not in seldom:
        return msgspec.Raw, UNSET
    part = _WHOLE if is_much else _shape(paths, seldom, depth)
    return (Any, UNSET) if part is _WHOLE else (part | _Other, part())
