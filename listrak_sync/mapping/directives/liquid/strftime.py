"""Prints an instant in a form of strftime, as LiquidJS does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.liquid.bounds import check_length
from listrak_sync.mapping.directives.liquid.date_text import days_before

_DIRECTIVE: Final = re.compile(r"%([-_0^#:]+)?([0-9]+)?([EO])?([^\n\r\u2028\u2029])")
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


class Moment(NamedTuple):
    """An instant as a zone shows it; months and days count from 1, days of the week from Sunday, 0.

    `instant` is in milliseconds since 1970, `offset` the minutes that the zone is before UTC.
    `zone` is the name that `%Z` prints, empty where the offset stands for it.
    """

    instant: int
    offset: float
    zone: str
    year: int
    month: int
    day: int
    day_of_year: int
    weekday: int
    hour: int
    minute: int
    second: int
    thousandth: int


def shown(instant: int, offset: float = 0, zone: str = "UTC") -> Moment:
    """Return an instant as a zone shows it."""
    days, time_of_day = divmod(instant + int(offset * 60_000), 86_400_000)
    # The year begins in March here, so that a leap day is its last.
    era, of_era = divmod(days + 719_468, 146_097)
    of_era_years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * of_era_years + of_era_years // 4 - of_era_years // 100)
    months = (5 * of_year + 2) // 153
    day = of_year - (153 * months + 2) // 5 + 1
    month = months + 3 if months < 10 else months - 9
    year = of_era_years + era * 400 + (month <= 2)
    seconds, thousandth = divmod(time_of_day, 1000)
    minutes, second = divmod(seconds, 60)
    return Moment(
        instant,
        offset,
        zone,
        *(year, month, day, days - days_before(year, 1) + 1, (days + 4) % 7),
        *(minutes // 60, minutes % 60, second, thousandth),
    )


_Print = Callable[[Moment], str]


def printed(moment: Moment, form: str) -> str:
    """Return an instant in a form. Raises RenderError where that is too long."""
    text = "".join([part(moment) for part in _parts(form)])
    check_length(len(text))
    return text


@lru_cache(maxsize=256)
def _parts(form: str) -> tuple[_Print, ...]:
    """Return what prints each part of a form: a template's form is the same for every event."""
    parts: list[_Print] = []
    at = 0
    for found in _DIRECTIVE.finditer(form):
        parts += (_literal(form[at : found.start()]), _directive(found))
        at = found.end()
    return (*parts, _literal(form[at:]))


def _literal(text: str) -> _Print:
    return lambda _: text


def _directive(found: re.Match[str]) -> _Print:
    flags, digits, _, letter = found.groups("")
    convert = _LETTERS.get(letter)
    if convert is None:
        return _literal(found[0])
    if len(digits) > 6:
        check_length(math.inf)
    if letter == "N":
        return _fraction(int(digits or 9) or 9)
    given = int(digits or 0) or _WIDTHS.get(letter, 0)
    width = 0 if "-" in flags else given
    filler = " " if "_" in flags or (letter in "aAbBceklpP" and "0" not in flags) else "0"

    def print_(moment: Moment) -> str:
        text = convert(moment)
        if letter in "zZ" and (letter == "z" or not text):
            text = _offset(moment, ":" if ":" in flags else "")
        text = _cased(str(text), flags)
        if filler == "0" and text.startswith("-"):
            return "-" + text[1:].rjust(width - 1, "0")
        return text.rjust(width, filler)

    return print_


def _cased(text: str, flags: str) -> str:
    if "^" in flags:
        return text.upper()
    if "#" in flags:
        return text.upper() if any("a" <= each <= "z" for each in text) else text.lower()
    return text


def _fraction(digits: int) -> _Print:
    return lambda moment: f"{moment.thousandth:03}"[:digits].ljust(digits, "0")


def _offset(moment: Moment, colon: str) -> str:
    minutes = abs(moment.offset)
    hours = javascript.text(float(minutes // 60)).rjust(2, "0")
    rest = javascript.text(float(minutes % 60)).rjust(2, "0")
    return ("-" if moment.offset < 0 else "+") + hours + colon + rest


def _twelve(moment: Moment) -> int:
    return moment.hour % 12 or 12


def _week(moment: Moment, first_day: int) -> int:
    since = (moment.weekday - first_day + 7) % 7
    return (moment.day_of_year - 1 - since + 7) // 7


def _ordinal(moment: Moment) -> str:
    day = moment.day
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _local_date(moment: Moment) -> str:
    year = moment.year if moment.year > 0 else 1 - moment.year
    return f"{moment.month}/{moment.day}/{year}"


def _local_time(moment: Moment) -> str:
    half = "AM" if moment.hour < 12 else "PM"
    return f"{_twelve(moment)}:{moment.minute:02}:{moment.second:02} {half}"


_LETTERS: Final[Mapping[str, Callable[[Moment], object]]] = {
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
    "L": lambda moment: moment.thousandth,
    "m": lambda moment: moment.month,
    "M": lambda moment: moment.minute,
    "N": lambda moment: moment.thousandth,
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
    "P": lambda moment: "am" if moment.hour < 12 else "pm",
    "q": _ordinal,
    "s": lambda moment: moment.instant // 1000,
    "S": lambda moment: moment.second,
    "u": lambda moment: moment.weekday or 7,
    "U": lambda moment: _week(moment, 0),
    "w": lambda moment: moment.weekday,
    "W": lambda moment: _week(moment, 1),
    "x": _local_date,
    "X": _local_time,
    "y": lambda moment: moment.year % 100,
    "Y": lambda moment: moment.year,
    "z": lambda moment: moment.offset,
    "Z": lambda moment: moment.zone,
    "t": lambda _: "\t",
    "n": lambda _: "\n",
    "%": lambda _: "%",
}
_WIDTHS: Final[Mapping[str, int]] = {**dict.fromkeys("CdeHIklmMSUWy", 2), "j": 3, "L": 3, "Y": 4}
