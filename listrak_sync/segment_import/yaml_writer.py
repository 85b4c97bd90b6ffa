"""JSON values as lines of YAML that read back as the very same values."""

from __future__ import annotations

import re
import textwrap
from typing import Final

from listrak_sync.events.key_paths import Json

WIDTH: Final = 88
"""Where long texts are folded, before they are indented."""

_LONGEST_KEY: Final = 1000
"""What YAML takes for a key without being told so: 1024 characters, its quotes included."""

_INSIDE_WORDS: Final = re.compile(r"(?<=[^ ]) (?=[^ ])")
_OTHER_TYPES: Final = frozenset({"null", "true", "false"})


def entry(key: str, value: Json) -> list[str]:
    """Return the lines of a key with its value, beginning at the margin."""
    name = key if key.isascii() and key.isdigit() else _scalar(key)
    if len(name) > _LONGEST_KEY:
        return [f"? {name}", *_under(":", value)]
    return _under(f"{name}:", value)


def item(lines: list[str]) -> list[str]:
    """Return lines as one item of a list."""
    return [f"- {lines[0]}", *indented(lines[1:])]


def indented(lines: list[str]) -> list[str]:
    """Return lines one level further to the right."""
    return [f"  {line}" for line in lines]


def comment(text: str) -> list[str]:
    """Return a text as lines that YAML passes over."""
    shown = "".join(map(_escaped, text))
    return textwrap.wrap(
        shown,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _under(head: str, value: Json) -> list[str]:
    """Return a value after a key: beside it where it is short, else below it."""
    if isinstance(value, str) and len(value) > WIDTH and _is_one_line(value):
        return [f"{head} >-", *indented(_folded(value))]
    if (beside := _beside(value)) is not None:
        return [f"{head} {beside}"]
    return [head, *indented(_below(value))]


def _beside(value: Json) -> str | None:
    """Return a scalar, a short directive or what is empty; None for what takes more lines."""
    match value:
        case dict() if len(value) == 1:
            ((name, inner),) = value.items()
            if isinstance(inner, dict | list) or not name.startswith("@"):
                return None
            line = f"{{ {_scalar(name, in_flow=True)}: {_scalar(inner, in_flow=True)} }}"
            return line if len(line) <= WIDTH else None
        case dict():
            return None if value else "{}"
        case list():
            return None if value else "[]"
        case _:
            return _scalar(value)


def _below(value: Json) -> list[str]:
    """Return the lines of a list or an object that is not empty."""
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in entry(name, inner)]
    assert isinstance(value, list)  # noqa: S101 - every scalar stands beside its key
    lines: list[str] = []
    for each in value:
        beside = _beside(each)
        lines += item(_below(each) if beside is None else [beside])
    return lines


def _scalar(value: Json, *, in_flow: bool = False) -> str:
    match value:
        case str():
            return value if _is_bare(value, in_flow=in_flow) else _quoted(value)
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case _:
            return repr(value)


def _is_bare(text: str, *, in_flow: bool) -> bool:
    """Say whether a text needs no quotes: letters first, nothing that YAML takes for a sign."""
    return (
        _is_one_line(text)
        and (text[0].isalpha() or text[0] in "_$(")
        and text.lower() not in _OTHER_TYPES
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (in_flow and any(sign in text for sign in ",?[]{}:"))
    )


def _is_one_line(text: str) -> bool:
    return text.isprintable() and bool(text) and text[0] != " " != text[-1]


def _quoted(text: str) -> str:
    if text.isprintable() and "'" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    inside = "".join(f"\\{sign}" if sign in '"\\' else _escaped(sign) for sign in text)
    return f'"{inside}"'


def _escaped(character: str) -> str:
    r"""Return a character, or an escape such as `\n` or `\u2028`, which Python and YAML share."""
    return character if character.isprintable() else ascii(character)[1:-1]


def _folded(text: str) -> list[str]:
    """Return a text in lines that YAML joins by single spaces."""
    lines: list[str] = []
    for words in _INSIDE_WORDS.split(text):
        if lines and len(lines[-1]) + len(words) < WIDTH:
            lines[-1] += f" {words}"
        else:
            lines.append(words)
    return lines
