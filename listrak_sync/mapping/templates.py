"""Texts with `{{a.b}}` placeholders, as `@template` has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from listrak_sync.events.paths import Event, Found, Json, Path, find, split_path
from listrak_sync.mapping.numbers import number_text

JAVASCRIPT_SPACE: Final = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript's trim() takes off."""

_PLACEHOLDER: Final = re.compile(r"\{\{\{([^}]+)\}\}\}|\{\{([^}]+)\}\}")


def placeholders(template: str) -> tuple[Path, ...]:
    """Return the paths that a template reads, in order."""
    return tuple(
        split_path((found[1] or found[2]).strip(JAVASCRIPT_SPACE))
        for found in _PLACEHOLDER.finditer(template)
    )


def compile_template(template: str) -> Callable[[Event], str]:
    """Return the template as a function of an event; what is missing or null is left empty.

    Source: the mapping kit of Segment's actions; `{{{…}}}` is the same as `{{…}}`.
    """
    pieces = _PLACEHOLDER.split(template)
    first, rest = pieces[0], pieces[3::3]
    parts = tuple(zip(placeholders(template), rest, strict=True))
    return lambda event: first + "".join(_text(find(event, path)) + text for path, text in parts)


def javascript_text(value: Json) -> str:
    """Return a value as JavaScript's String() writes it."""
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
            return ",".join(map(_text, value))
        case _:
            return "[object Object]"


def _text(found: Found) -> str:
    return "" if found is None or found is UNSET else javascript_text(found)
