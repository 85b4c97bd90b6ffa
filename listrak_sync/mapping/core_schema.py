"""The scalars of YAML 1.2's core schema."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_FORMS: Final = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"),
    "float": re.compile(
        r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
"""What is no text where it stands bare; leading zeros stay text."""

KINDS: Final = ("str", *_FORMS)
"""The scalars' names, as tags have them."""


def bare(text: str) -> Scalar:
    """Return what a scalar without quotes or tag is."""
    return next((read(kind, text) for kind in _FORMS if matches(kind, text)), text)


def matches(kind: str, text: str) -> bool:
    """Say whether a text can be read as a kind of scalar."""
    return kind == "str" or _FORMS[kind].fullmatch(text) is not None


def read(kind: str, text: str) -> Scalar:
    """Return a text as the kind of scalar that it matches."""
    match kind:
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
        case _:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
