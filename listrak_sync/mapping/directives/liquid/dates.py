"""Filters that print a date, in UTC or in a zone that the template names."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import UNSET

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_nothing
from listrak_sync.mapping.directives.liquid.date_text import days_before, milliseconds
from listrak_sync.mapping.directives.liquid.values import (
    RenderError,
    check_length,
    plain,
    stringify,
)

_DEFAULT_FORMAT: Final = "%A, %B %-e, %Y at %-l:%M %P %z"
_LATEST: Final = 8.64e15
_EARLIEST: Final = -60_000_000_000
_FOUR_CENTURIES: Final = 146_097 * 86_400
_FARTHEST: Final = 250_000_000_000
"""The last second, in the year 9892, at which Python is asked for the offset of a zone."""
_DIRECTIVE: Final = re.compile(r"%([-_0^#:]+)?([0-9]+)?([EO])?([^\n\r\u2028\u2029])")
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class _Moment:
    """An instant as it is shown in a zone: its milliseconds since 1970, and the minutes from UTC.

    `zone` is the name that `%Z` prints, empty where the offset stands for it.
    """

    instant: int
    offset: float = 0
    zone: str = "UTC"

    @property
    def shown(self) -> int:
        """The milliseconds since 1970 as if the zone were UTC."""
        return self.instant + int(self.offset * 60_000)

    def civil(self) -> tuple[int, int, int]:
        """Return the year, month and day."""
        days = self.shown // 86_400_000
        year = 1970 + int(days // 365.2425)
        while days_before(year + 1, 1) <= days:
            year += 1
        while days_before(year, 1) > days:
            year -= 1
        month = next(each for each in range(12, 0, -1) if days_before(year, each) <= days)
        return year, month, days - days_before(year, month) + 1

    def clock(self) -> tuple[int, int, int, int]:
        """Return the hours, minutes, seconds and milliseconds."""
        minutes, rest = divmod(self.shown % 86_400_000, 60_000)
        return (*divmod(minutes, 60), *divmod(rest, 1000))

    @property
    def year(self) -> int:
        """The year."""
        return self.civil()[0]

    @property
    def month(self) -> int:
        """The month, from 1."""
        return self.civil()[1]

    @property
    def day(self) -> int:
        """The day of the month, from 1."""
        return self.civil()[2]

    @property
    def hour(self) -> int:
        """The hour."""
        return self.clock()[0]

    @property
    def weekday(self) -> int:
        """The day of the week, from Sunday, which is 0."""
        return (self.shown // 86_400_000 + 4) % 7

    @property
    def day_of_year(self) -> int:
        """The day of the year, from 1."""
        return self.shown // 86_400_000 - days_before(self.year, 1) + 1


def date(value: object, form: object = UNSET, zone: object = UNSET) -> object:
    """Return a date in a form of strftime; a value that is no date stays as it is."""
    moment = _moment(value, zone)
    if moment is None:
        return value
    form = plain(form)
    return _printed(moment, _DEFAULT_FORMAT if is_nothing(form) else stringify(form))


def date_to_xmlschema(value: object) -> object:
    """Return a date as XML writes it."""
    return date(value, "%Y-%m-%dT%H:%M:%S%:z")


def date_to_rfc822(value: object) -> object:
    """Return a date as e-mail writes it."""
    return date(value, "%a, %d %b %Y %H:%M:%S %z")


def date_to_string(value: object, kind: object = UNSET, style: object = UNSET) -> object:
    """Return a date with the short name of its month."""
    return _in_words(value, "%b", kind, style)


def date_to_long_string(value: object, kind: object = UNSET, style: object = UNSET) -> object:
    """Return a date with the long name of its month."""
    return _in_words(value, "%B", kind, style)


def _in_words(value: object, month: str, kind: object, style: object) -> object:
    if kind != "ordinal":
        return date(value, f"%d {month} %Y")
    return date(value, f"{month} %-d%q, %Y" if style == "US" else f"%-d%q {month} %Y")


def _moment(value: object, zone: object = UNSET) -> _Moment | None:
    value = plain(value)
    instant = None if is_nothing(value) else _instant(value)
    if instant is None:
        return None
    if is_nothing(zone):
        return _Moment(instant)
    if isinstance(zone, str):
        return _Moment(instant, _offset_of(zone, instant), zone)
    minutes = javascript.number(plain(zone))
    shown = instant - minutes * 60_000
    return _Moment(instant, -minutes, "") if abs(shown) <= _LATEST else None


def _instant(value: object) -> int | None:
    match value:
        case "now" | "today":
            return time.time_ns() // 1_000_000
        case bool():
            return int(value)
        case int() | float():
            return _clipped(javascript.double(value) * 1000)
        case str() if value.isascii() and value.isdigit():
            return _clipped(float(value) * 1000)
    return milliseconds(javascript.text(value))


def _clipped(instant: float) -> int | None:
    return int(instant) if abs(instant) <= _LATEST else None


def _offset_of(zone: str, instant: int) -> float:
    """Return how many minutes a zone is before UTC at an instant. Raises RenderError."""
    try:
        place = ZoneInfo(_zones()[zone.lower()])
    except (KeyError, ZoneInfoNotFoundError):
        raise RenderError(f"there is no time zone {zone}") from None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=_within_reach(instant // 1000))
    offset = moment.astimezone(place).utcoffset() or timedelta()
    return offset.total_seconds() / 60


def _within_reach(seconds: int) -> int:
    """Return a time that Python knows in place of one it does not, with the same calendar."""
    if seconds > _FARTHEST:
        return _FARTHEST - _FOUR_CENTURIES + (seconds - _FARTHEST) % _FOUR_CENTURIES
    return max(seconds, _EARLIEST)


@cache
def _zones() -> Mapping[str, str]:
    """Return the names of time zones, by their small letters."""
    return {name.lower(): name for name in available_timezones()}


def _printed(moment: _Moment, form: str) -> str:
    text = _DIRECTIVE.sub(lambda found: _directive(moment, found), form)
    check_length(len(text))
    return text


def _directive(moment: _Moment, found: re.Match[str]) -> str:
    flags, width, _, letter = found.groups("")
    convert = _LETTERS.get(letter)
    if convert is None:
        return found[0]
    if len(width) > 6:
        check_length(math.inf)
    if letter in "NzZ":
        text = _of_zone_or_fraction(moment, letter, flags, int(width or 0))
    else:
        text = str(convert(moment))
    return _padded(text, letter, flags, int(width or 0))


def _padded(text: str, letter: str, flags: str, width: int) -> str:
    if "^" in flags:
        text = text.upper()
    elif "#" in flags:
        text = text.upper() if any("a" <= each <= "z" for each in text) else text.lower()
    filler = " " if letter in "aAbBceklpP" else "0"
    if "_" in flags:
        filler = " "
    elif "0" in flags:
        filler = "0"
    width = 0 if "-" in flags else width or _WIDTHS.get(letter, 0)
    if filler == "0" and text.startswith("-"):
        return "-" + text[1:].rjust(width - 1, "0")
    return text.rjust(width, filler)


def _of_zone_or_fraction(moment: _Moment, letter: str, flags: str, width: int) -> str:
    if letter == "N":
        digits = width or 9
        return f"{moment.clock()[3]:03}"[:digits].ljust(digits, "0")
    if letter == "Z" and moment.zone:
        return moment.zone
    minutes = abs(moment.offset)
    hours = javascript.text(float(minutes // 60)).rjust(2, "0")
    rest = javascript.text(float(minutes % 60)).rjust(2, "0")
    return ("-" if moment.offset < 0 else "+") + hours + (":" if ":" in flags else "") + rest


def _twelve(moment: _Moment) -> int:
    return moment.hour % 12 or 12


def _week(moment: _Moment, first_day: int) -> int:
    since = (moment.weekday - first_day + 7) % 7
    return (moment.day_of_year - 1 - since + 7) // 7


def _ordinal(moment: _Moment) -> str:
    day = moment.day
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _local_date(moment: _Moment) -> str:
    year, month, day = moment.civil()
    return f"{month}/{day}/{year if year > 0 else 1 - year}"


def _local_time(moment: _Moment) -> str:
    hour, minute, second, _ = moment.clock()
    return f"{hour % 12 or 12}:{minute:02}:{second:02} {'AM' if hour < 12 else 'PM'}"


_LETTERS: Final[Mapping[str, Callable[[_Moment], object]]] = {
    "a": lambda moment: _DAYS[moment.weekday][:3],
    "A": lambda moment: _DAYS[moment.weekday],
    "b": lambda moment: _MONTHS[moment.month - 1][:3],
    "h": lambda moment: _MONTHS[moment.month - 1][:3],
    "B": lambda moment: _MONTHS[moment.month - 1],
    "c": lambda moment: f"{_local_date(moment)}, {_local_time(moment)}",
    "C": lambda moment: moment.year // 100,
    "d": lambda moment: moment.day,
    "e": lambda moment: moment.day,
    "H": lambda moment: moment.hour,
    "I": _twelve,
    "j": lambda moment: moment.day_of_year,
    "k": lambda moment: moment.hour,
    "l": _twelve,
    "L": lambda moment: moment.clock()[3],
    "m": lambda moment: moment.month,
    "M": lambda moment: moment.clock()[1],
    "N": str,
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
    "P": lambda moment: "am" if moment.hour < 12 else "pm",
    "q": _ordinal,
    "s": lambda moment: moment.instant // 1000,
    "S": lambda moment: moment.clock()[2],
    "u": lambda moment: moment.weekday or 7,
    "U": lambda moment: _week(moment, 0),
    "w": lambda moment: moment.weekday,
    "W": lambda moment: _week(moment, 1),
    "x": _local_date,
    "X": _local_time,
    "y": lambda moment: moment.year % 100,
    "Y": lambda moment: moment.year,
    "z": str,
    "Z": str,
    "t": lambda _: "\t",
    "n": lambda _: "\n",
    "%": lambda _: "%",
}
_WIDTHS: Final[Mapping[str, int]] = {**dict.fromkeys("CdeHIklmMSUWy", 2), "j": 3, "L": 3, "Y": 4}
