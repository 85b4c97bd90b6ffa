"""Whether a value at Listrak is the one that is wanted, by the type of its field."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

SWITCHED: Final = frozenset({"CheckBox", "RadioButton"})
NUMERIC: Final = "Numeric"
ON: Final = frozenset({"on", "true", "1", "yes", "checked"})
OFF: Final = frozenset({"off", "false", "0", "no", "unchecked", ""})
"""How check boxes and radio buttons read, case aside. How they do at Listrak is unconfirmed."""

_MOST_KEPT: Final = 64
"""How many characters a value may have that is compared only once."""


def text_of(value: str | float | bool | None) -> str | None:  # noqa: FBT001 - what JSON may hold
    """Return a value that was read as text, None where there is none."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def is_on(value: str | None) -> bool:
    """Say whether a check box reads as switched on."""
    return value is not None and value.strip().casefold() in ON


def is_same(data_type: str | None, wanted: str, held: str | None) -> bool:
    """Say whether a field holds what is wanted; without a known type, values compare as text.

    A value that is absent is the empty text, and a box that is off.
    """
    if wanted == held:
        return True
    if held is not None and len(held) + len(wanted) > _MOST_KEPT:
        return _is_same(data_type, wanted, held)
    return _is_same_once(data_type, wanted, held)


def _is_same(data_type: str | None, wanted: str, held: str | None) -> bool:
    text = held or ""
    if data_type in SWITCHED:
        both = wanted.strip().casefold(), text.strip().casefold()
        if all(each in ON for each in both) or all(each in OFF for each in both):
            return True
    elif data_type == NUMERIC:
        numbers = _number(wanted), _number(text)
        if None not in numbers:
            return numbers[0] == numbers[1]
    return wanted == text


_is_same_once = lru_cache(maxsize=4096)(_is_same)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
