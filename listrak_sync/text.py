"""Text and JSON as people and programs get them: nothing in it can control a terminal or a page."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec

_FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""The flag of a part of a country: a black flag, and letters that are not shown."""

_JOINER: Final = "\u200d"
_VARIANT: Final = "\ufe0f"


def printable(text: str) -> str:
    """Return text that cannot control a terminal: control characters are shown as escapes.

    Emoji of several characters stay as they are.
    """
    return escaped(text, lambda character: ascii(character)[1:-1])


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return text in which everything but line ends that is not printable is escaped."""
    if text.isprintable():
        return text
    flags = [match.span() for match in _FLAG.finditer(text)]
    is_flag = {place for start, end in flags for place in range(start, end)}
    return "".join(
        character
        if character.isprintable()
        or character == "\n"
        or place in is_flag
        or (character == _JOINER and _joins(text, place))
        else escape(character)
        for place, character in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Say whether a joiner stands between two pictures."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    is_tone = "\U0001f3fb" <= before <= "\U0001f3ff"
    return _is_picture(after) and (is_tone or before == _VARIANT or _is_picture(before))


def _is_picture(character: str) -> bool:
    return bool(character) and unicodedata.category(character) == "So"


def one_line(text: str) -> str:
    """Return text that can neither control a terminal nor leave its line."""
    return printable(text).replace("\n", "\\n")


def counted(count: int, what: str) -> str:
    """Return a count with its noun: 1 list, 2 lists."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def json_line(record: object) -> bytes:
    """Return a record as JSON, the same way everywhere: on one line, in UTF-8.

    A blank follows each comma and colon.
    """
    try:
        return msgspec.json.format(msgspec.json.encode(record), indent=0)
    except UnicodeEncodeError:  # a name of a file that is not UTF-8
        return json.dumps(msgspec.to_builtins(record)).encode()


def printable_json(line: str) -> str:
    """Return the same JSON with escapes for what could control a terminal."""
    return escaped(line, lambda character: json.dumps(character)[1:-1])
