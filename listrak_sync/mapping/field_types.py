"""What a profile field of each data type can hold, and how a value is written for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from listrak_sync.events.key_paths import excerpt

CHECK_BOX: Final = "CheckBox"
SWITCHES: Final = (CHECK_BOX, "RadioButton")
"""The types of fields that are switched on and off."""

TEXT: Final = "Text"
DATE: Final = "Date"
NUMERIC: Final = "Numeric"
DATA_TYPES: Final = (TEXT, NUMERIC, "RadioButton", CHECK_BOX, "CommentArea", DATE, "ContentBlock")
"""Every data type of Listrak's. Source: its published description of profile fields."""

STRICT_TYPES: Final = {
    CHECK_BOX: "on and off",
    "RadioButton": "on and off",
    NUMERIC: "numbers of up to two decimals",
    DATE: "MM/DD/YYYY",
}
"""The data types that do not take every text, and what they take."""

# Listrak's help pages say so of the import wizard. That the API reads values the same way is
# unconfirmed.
_SWITCHED: Final = frozenset({"on", "off", "true", "false", "1", "0"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?P<decimals>\.[0-9]+)?")
_AMERICAN: Final = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})")
_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?:[Tt ][0-9]{2}:?[0-9]{2}.*)?"
)


@dataclass(frozen=True, slots=True)
class DescribedField:
    """A profile field as Listrak describes it; 0 characters mean no limit.

    The list is told in messages where it is known.
    """

    id: int
    name: str | None = None
    data_type: str | None = None
    max_length: int = 0
    list_id: int | None = None

    def __str__(self) -> str:
        """Return the field's id and name, and its list."""
        name = f" ({self.name})" if self.name else ""
        return f"field {self.id}{name}" + (f" of list {self.list_id}" if self.list_id else "")


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a field cannot hold a value: a word for programs, a message, and what to write."""

    kind: str
    message: str
    instead: str


def fitted(field: DescribedField, text: str) -> str | Misfit:
    """Return a value as it is written for a field, or why the field cannot hold it.

    A date in ISO 8601 becomes MM/DD/YYYY: its date as it is written, whatever its time zone. An
    empty text empties a field, but says neither on nor off.
    """
    match field.data_type:
        case "CheckBox" | "RadioButton" if text not in _SWITCHED:
            message = f"{field} is a {field.data_type}: {excerpt(text)} is neither on nor off"
            return Misfit("not_on_or_off", message, "write on or off")
        case "CheckBox" | "RadioButton":
            return text
        case "Numeric" if text and (unfit := _number_fault(text)):
            message = f"{field} is {field.data_type}: {excerpt(text)} {unfit}"
            return Misfit("not_a_number", message, "write a number of up to two decimals")
        case "Date" if text:
            return _date(field, text)
    if 0 < field.max_length < len(text):
        message = f"{field} takes {field.max_length} characters, this has {len(text)}"
        return Misfit("too_long", message, "write a shorter text")
    return text


def switch_misfit(field: DescribedField, value: str) -> Misfit | None:
    """Return why a field cannot be set to on, off or useAudienceKey, None where it can."""
    if field.data_type in {*SWITCHES, None}:
        return None
    message = f"{field} is set to {value}, but it is not a CheckBox: it is {field.data_type}"
    return Misfit("no_check_box", message, "write the id of a check box, or another value")


def _number_fault(text: str) -> str | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return "is not a number"
    return "has more than two decimals" if len(found["decimals"] or "") > 3 else None


def _date(field: DescribedField, text: str) -> str | Misfit:
    found = _AMERICAN.fullmatch(text) or _ISO.fullmatch(text)
    try:
        if found is not None:
            day = date(*(int(found[part]) for part in ("year", "month", "day")))
            return f"{day.month:02}/{day.day:02}/{day.year:04}"
    except ValueError:  # there is no such day
        pass
    message = f"{field} is a {field.data_type}: {excerpt(text)} is not a date"
    return Misfit("not_a_date", message, "write it as MM/DD/YYYY")
