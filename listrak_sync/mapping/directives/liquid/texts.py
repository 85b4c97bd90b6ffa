"""Filters that make a text of a text."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

from msgspec import UNSET

from listrak_sync.events.key_paths import utf16_length
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import SPACE
from listrak_sync.mapping.directives.liquid.bounds import check_length
from listrak_sync.mapping.directives.liquid.values import code_units, plain, stringify

_SPACES: Final = re.compile(f"[{SPACE}]+")
_NEWLINE: Final = re.compile(r"\r?\n")
_CJK: Final = "\u4e00-\u9fff\uf900-\ufaff\u3400-\u4dbf\u3040-\u309f\u30a0-\u30ff\uac00-\ud7af"
_CJK_CHARACTER: Final = re.compile(f"[{_CJK}]")
_OTHER_WORD: Final = re.compile(f"[^{_CJK}{SPACE}]+")
_NOT_ASCII_SLUG: Final = re.compile("[^A-Za-z0-9]+")
_LATIN: Final = str.maketrans(
    {
        **dict.fromkeys("àáâãäå", "a"),
        **dict.fromkeys("èéêë", "e"),
        **dict.fromkeys("ìíîï", "i"),
        **dict.fromkeys("òóôõöø", "o"),
        **dict.fromkeys("ùúûü", "u"),
        **dict.fromkeys("ýÿ", "y"),
        "æ": "ae",
        "ç": "c",
        "ð": "d",
        "ñ": "n",
        "ß": "ss",
        "œ": "oe",
        "þ": "th",
        "ẞ": "SS",
        "Œ": "OE",
        "Þ": "TH",
    }
)
_PRETTY: Final = "._~!$&'()+,;=@"


def append(value: object, other: object) -> str:
    """Return a text with another behind it."""
    return _joined(stringify(value), stringify(other))


def prepend(value: object, other: object) -> str:
    """Return a text with another before it."""
    return _joined(stringify(other), stringify(value))


def _joined(first: str, second: str) -> str:
    check_length(len(first) + len(second))
    return first + second


def capitalize(value: object) -> str:
    """Return a text whose first letter is large and all others are small."""
    text = stringify(value)
    first = text[:1]
    return (first if first > "\uffff" else first.upper()) + text[1:].lower()


def downcase(value: object) -> str:
    """Return a text in small letters."""
    return stringify(value).lower()


def upcase(value: object) -> str:
    """Return a text in large letters."""
    return stringify(value).upper()


def lstrip(value: object, characters: object = UNSET) -> str:
    """Return a text without white space, or other characters, at its beginning."""
    return stringify(value).lstrip(_taken_off(characters))


def rstrip(value: object, characters: object = UNSET) -> str:
    """Return a text without white space, or other characters, at its end."""
    return stringify(value).rstrip(_taken_off(characters))


def strip(value: object, characters: object = UNSET) -> str:
    """Return a text without white space, or other characters, at both ends."""
    return stringify(value).strip(_taken_off(characters))


def _taken_off(characters: object) -> str:
    return stringify(characters) if javascript.is_true(characters) else SPACE


def strip_newlines(value: object) -> str:
    """Return a text without its line breaks."""
    return _NEWLINE.sub("", stringify(value))


def normalize_whitespace(value: object) -> str:
    """Return a text whose white space is single spaces."""
    return _SPACES.sub(" ", stringify(value))


def squish(value: object) -> str:
    """Return a text whose white space is single spaces, without any at its ends."""
    return normalize_whitespace(value).strip(SPACE)


def remove(value: object, part: object) -> str:
    """Return a text without all places of another."""
    return stringify(value).replace(stringify(part), "")


def remove_first(value: object, part: object) -> str:
    """Return a text without the first place of another."""
    return stringify(value).replace(stringify(part), "", 1)


def remove_last(value: object, part: object) -> str:
    """Return a text without the last place of another."""
    return replace_last(value, part)


def replace(value: object, part: object, other: object = UNSET) -> str:
    """Return a text with all places of a part replaced."""
    text, part_text, other_text = stringify(value), stringify(part), stringify(other)
    if not part_text:
        units = code_units(text)
        check_length(len(units) * (1 + len(other_text)))
        return other_text.join(units)
    count = text.count(part_text)
    check_length(len(text) + count * (len(other_text) - len(part_text)))
    return text.replace(part_text, other_text)


def replace_first(value: object, part: object, other: object = UNSET) -> str:
    """Return a text with the first place of a part replaced."""
    text, other_text = stringify(value), stringify(other)
    check_length(len(text) + len(other_text))
    return text.replace(stringify(part), other_text, 1)


def replace_last(value: object, part: object, other: object = UNSET) -> str:
    """Return a text with the last place of a part replaced."""
    text, part_text, other_text = stringify(value), stringify(part), stringify(other)
    at = text.rfind(part_text)
    if at < 0:
        return text
    return _joined(text[:at] + other_text, text[at + len(part_text) :])


def split(value: object, separator: object) -> list[object]:
    """Return the parts of a text between separators, without empty ones at the end."""
    text, between = stringify(value), stringify(separator)
    parts: list[object] = [*code_units(text)] if not between else [*text.split(between)]
    while parts and parts[-1] == "":
        parts.pop()
    return parts


def truncate(value: object, length: object = UNSET, end: object = UNSET) -> object:
    """Return a text of at most a length, its end included; one that is short stays as it is."""
    text = stringify(value)
    mark = "..." if end is UNSET else stringify(end)
    most = 50.0 if length is UNSET else javascript.number(plain(length))
    if utf16_length(text) <= most or characters(most) >= len(text):
        return value
    check_length(len(mark))
    return text[: characters(most - len(mark))] + mark


def characters(count: float) -> int:
    """Return how many characters are less than a number away: none where it is not a number."""
    if math.isnan(count) or count <= 0:
        return 0
    return math.ceil(min(count, 2.0**53))


def truncatewords(value: object, count: object = UNSET, end: object = UNSET) -> str:
    """Return the first words of a text, with a mark behind them if there are so many."""
    words = _SPACES.split(stringify(value).lstrip(SPACE))
    mark = "..." if end is UNSET else stringify(end)
    most = 15.0 if count is UNSET else javascript.number(plain(count))
    if most <= 0:
        most = 1.0
    kept = 0 if math.isnan(most) else int(min(most, 2.0**53))
    return " ".join(words[:kept]) + (mark if len(words) >= most else "")


def number_of_words(value: object, mode: object = UNSET) -> int:
    """Return how many words a text has; of Chinese, Japanese and Korean, characters if asked."""
    text = stringify(value).strip(SPACE)
    if not text:
        return 0
    found = len(_CJK_CHARACTER.findall(text))
    if mode == "cjk" or (mode == "auto" and found):
        return found + len(_OTHER_WORD.findall(text))
    return len(_SPACES.split(text))


def slugify(value: object, mode: object = UNSET, cased: object = UNSET) -> str:
    """Return a text as a part of an address: words between dashes."""
    text = stringify(value)
    name = "default" if mode is UNSET else mode
    slug = _slug(text, name if isinstance(name, str) else "none")
    return slug if javascript.is_true(cased) else slug.lower()


def _slug(text: str, mode: str) -> str:
    match mode:
        case "raw":
            slug = _SPACES.sub("-", text)
        case "ascii":
            slug = _NOT_ASCII_SLUG.sub("-", text)
        case "latin":
            slug = _letters(text.translate(_LATIN), "")
        case "pretty":
            slug = _letters(text, _PRETTY)
        case "default":
            slug = _letters(text, "")
        case _:
            return text
    return slug.removeprefix("-").removesuffix("-")


def _letters(text: str, others: str) -> str:
    """Return a text in which anything but letters, marks and digits becomes one dash."""
    kept = (
        character
        if character in others
        or unicodedata.category(character) == "Nd"
        or unicodedata.category(character)[0] in {"L", "M"}
        else "\0"
        for character in text
    )
    return re.sub("\0+", "-", "".join(kept))
