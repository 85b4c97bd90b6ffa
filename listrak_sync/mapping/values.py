"""Ids, e-mail addresses and field values as Listrak takes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from listrak_sync.events.key_paths import Found


def number_text(number: float) -> str:
    """Return a number in its shortest JSON form: 5.0 is `5`, 1e21 is `1e+21`.

    Whole numbers keep every digit, however large. Source: ECMA-262, Number::toString.
    """
    if isinstance(number, int):
        return str(number)
    if 1e-4 <= abs(number) < 1e16:  # Python writes all of these the same way, except for `.0`
        return repr(number).removesuffix(".0")
    if number == 0:
        return "0"
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if 0 < point <= 21:
        text = text.ljust(point, "0")
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        text = f"{mantissa}e{point - 1:+d}"
    return f"-{text}" if sign else text


USE_AUDIENCE_KEY: Final = "useAudienceKey"
"""The field value that stands for on or off, as the contact enters or leaves an audience."""

MAX_ID: Final = 2**31 - 1
"""The largest id: all of Listrak's are int32, from 1."""

_DIGITS: Final = re.compile(r"0*([1-9][0-9]{0,9})", re.ASCII)
_LABEL: Final = r"[a-zA-Z0-9][a-zA-Z0-9-]{0,62}+(?<!-)"
_EMAIL: Final = rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]++@{_LABEL}(?:\.{_LABEL})++"

is_email_address: Final = re.compile(_EMAIL).fullmatch
"""Match a valid e-mail address: the pattern of the HTML standard, with a dot in the domain."""

_are_lines_of_addresses: Final = re.compile(rf"(?:{_EMAIL}\n)*+").fullmatch


def are_email_addresses(texts: Sequence[str]) -> bool:
    """Say whether all are valid e-mail addresses. Raises TypeError where one is not a text."""
    lines = "\n".join((*texts, ""))
    return lines.count("\n") == len(texts) and _are_lines_of_addresses(lines) is not None


def parse_id(value: Found) -> int | None:
    """Return an id given as a whole number or as digits, None where it is not from 1 to MAX_ID."""
    match value:
        case bool():
            return None
        case int() if 1 <= value <= MAX_ID:
            return value
        case float() if value.is_integer() and 1 <= value <= MAX_ID:
            return int(value)
        case str() if (digits := _DIGITS.fullmatch(value)) and int(digits[1]) <= MAX_ID:
            return int(digits[1])
    return None


def field_text(value: Found) -> str | None:
    """Return the text that Listrak is sent for a field's value, None if it is not a scalar.

    A boolean is `on` or `off`, a number its shortest JSON form.
    """
    match value:
        case str():
            return value
        case bool():
            return "on" if value else "off"
        case int() | float():
            return number_text(value)
    return None
