"""Reads a date as JavaScript's Date does in V8: ISO 8601 first, then almost anything.

Source: ECMA-262, Date Time String Format, and how V8 behaves beyond it. The time zone is UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from listrak_sync.mapping.directives.javascript import SPACE

_ISO: Final = re.compile(
    r"(?:(\d{4})|([+-]\d{6}))(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?"
    r"(T(\d{2}):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_ISO_DATE_AND_T: Final = re.compile(
    r"(?:\d{4}|[+-]\d{6})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?t(?![A-Za-z])",
    re.ASCII | re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:[0-9]{4}|[+-][0-9]{6})(?![0-9])")
_TOKEN: Final = re.compile(
    rf"(?P<number>[0-9]+)|(?P<space>[{SPACE}]+)|(?P<word>[^\x00-@{SPACE}]+)|(?P<sign>.)", re.DOTALL
)
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
)
_ZONES: Final = {
    **dict.fromkeys(("ut", "utc", "z", "gmt"), 0),
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_DIGITS: Final = 9
"""How many digits of a number count, without zeros before them."""

_DAY: Final = 86_400_000
_LATEST: Final = 8.64e15


def days_before(year: int, month: int) -> int:
    """Return how many days lie between 1970 and a month, which counts from 1."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def milliseconds(text: str) -> int | None:
    """Return the instant that a text names, in milliseconds since 1970; None where it is none."""
    found = _ISO.fullmatch(text)
    instant: int | None
    if found is not None and found[2] != "-000000":
        instant = _of_iso(found)
    elif _ISO_DATE_AND_T.match(text):
        return None
    else:
        instant = _Reader(text).instant()
    return instant if instant is not None and abs(instant) <= _LATEST else None


def _of_iso(found: re.Match[str]) -> int | None:
    year, wide, month, day, time, hours, minutes, seconds, fraction, zone = found.groups()
    date = days_before(int(year or wide), int(month or 1)) + int(day or 1) - 1
    if not time:
        return date * _DAY
    parts = (int(hours), int(minutes), int(seconds or 0), _thousandths(fraction or "0"))
    if parts[0] > 24 or (parts[0] == 24 and any(parts[1:])):
        return None
    offset = 0
    if zone and zone.upper() != "Z":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * (int(zone[1:3]) * 60 + int(zone[-2:]))
    return date * _DAY + _of_time(*parts) - offset * 60_000


def _of_time(hours: int, minutes: int, seconds: int, thousandths: int) -> int:
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _thousandths(digits: str) -> int:
    """Return the milliseconds of the digits behind a second's point."""
    return int(digits[:3].ljust(3, "0"))


class _DateToken(NamedTuple):
    kind: str | None
    text: str

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.text in signs

    @property
    def number(self) -> int:
        return int(self.text.lstrip("0")[:_DIGITS] or 0)


_END: Final = _DateToken(None, "")


class _InvalidDateError(Exception):
    """A text that is not a date."""


@dataclass(slots=True)
class _Reader:
    """Reads a text part by part: numbers are a time before `:`, a zone behind a sign, or a day."""

    text: str
    tokens: list[_DateToken] = field(default_factory=list)
    at: int = 0
    days: list[int] = field(default_factory=list)
    month: int | None = None
    times: list[int] = field(default_factory=list)
    half: int | None = None
    sign: int | None = None
    hour: int | None = None
    minute: int | None = None
    has_number: bool = False

    def instant(self) -> int | None:
        """Return the instant, None where the text is not a date."""
        self.tokens = [
            _DateToken(found.lastgroup, found[0].lower()) for found in _TOKEN.finditer(self.text)
        ]
        self.read_start_of_iso()
        try:
            while (token := self.next()) is not _END:
                self.read(token)
            return self.date() * _DAY + self.time() - self.offset() * 60_000
        except _InvalidDateError:
            return None

    def read_start_of_iso(self) -> None:
        """Read what a date begins with that turns out not to be ISO 8601: V8 keeps what it read."""
        if found := _YEAR.match(self.text):
            self.days.append(int(found[0]))
            self.has_number = True
            self.at = 2 if found[0][0] in "+-" else 1
            for last in (12, 31):
                if not self.skip("-") or len(self.peek().text) != 2:
                    return
                if self.peek().kind != "number" or not 1 <= self.peek().number <= last:
                    return
                self.days.append(self.next().number)

    def peek(self) -> _DateToken:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def next(self) -> _DateToken:
        token = self.peek()
        self.at += token is not _END
        return token

    def skip(self, sign: str) -> bool:
        found = self.peek().is_sign(sign)
        self.at += found
        return found

    def read(self, token: _DateToken) -> None:
        match token.kind:
            case "number":
                self.read_number(token)
            case "word":
                self.read_word(token.text)
            case "sign" if token.text in {"+", "-"} and (self.is_utc or self.times):
                self.read_zone(token)
            case "sign" if token.text in {"+", "-", ")"} and self.has_number:
                raise _InvalidDateError
            case "sign" if token.text == "(":
                self.skip_parentheses()

    @property
    def is_utc(self) -> bool:
        return self.hour == 0 and self.minute == 0

    def read_number(self, token: _DateToken) -> None:
        number = token.number
        self.has_number = True
        if self.skip(":"):
            if self.skip(":"):
                if self.times:
                    raise _InvalidDateError
                self.times += [number, 0]
            else:
                self.add_time(number)
                self.skip(".")
        elif self.peek().is_sign(".") and self.skip(".") and self.is_time_next(number):
            self.add_time(number)
            fraction = self.next()
            if fraction.kind != "number":
                raise _InvalidDateError
            self.end_time(_thousandths(fraction.text))
        elif self.hour is not None and self.minute is None and number < 60:
            self.minute = number
        elif self.is_time_next(number):
            self.end_time(number)
            after = self.peek()
            if not (after.kind in {None, "space"} or after.text == "z" or after.is_sign("+", "-")):
                raise _InvalidDateError
        else:
            if len(self.days) == 3:
                raise _InvalidDateError
            self.days.append(number)
            self.skip("-")

    def is_time_next(self, number: int) -> bool:
        limits = {1: 60, 2: 60, 3: 1000}
        return number < limits.get(len(self.times), 0)

    def add_time(self, number: int) -> None:
        if len(self.times) == 4:
            raise _InvalidDateError
        self.times.append(number)

    def end_time(self, number: int) -> None:
        self.add_time(number)
        self.times += [0] * (4 - len(self.times))

    def read_word(self, word: str) -> None:
        prefix = word[:3]
        if word in {"am", "pm"} and self.times:
            self.half = 12 if word == "pm" else 0
        elif prefix in _MONTHS:
            self.month = _MONTHS.index(prefix) + 1
            self.skip("-")
        elif word in _ZONES and self.has_number:
            hours = _ZONES[word]
            self.sign, self.hour, self.minute = (-1 if hours < 0 else 1), abs(hours), 0
        elif self.has_number or self.peek().kind == "number":
            raise _InvalidDateError

    def read_zone(self, token: _DateToken) -> None:
        self.sign = -1 if token.text == "-" else 1
        number, length = 0, 0
        if self.peek().kind == "number":
            given = self.next()
            number, length = given.number, len(given.text)
        self.has_number = True
        if self.peek().is_sign(":"):
            self.hour, self.minute = number, None
        elif length in {1, 2}:
            self.hour, self.minute = number, 0
        elif length in {3, 4}:
            self.hour, self.minute = divmod(number, 100)
        else:
            raise _InvalidDateError

    def skip_parentheses(self) -> None:
        depth = 1
        while depth and (token := self.next()) is not _END:
            depth += token.is_sign("(") - token.is_sign(")")

    def date(self) -> int:
        """Return the days since 1970."""
        if not self.days:
            raise _InvalidDateError
        first, second, third = (*self.days, 1, 1)[:3]
        is_day = 1 <= first <= 31
        if self.month is None and is_day:
            year, month, day = (third if len(self.days) == 3 else 1), first, second
        elif self.month is None:
            year, month, day = first, second, third
        elif is_day:
            year, month, day = second, self.month, first
        else:
            year, month, day = first, self.month, second
        if 0 <= year <= 99:
            year += 2000 if year < 50 else 1900
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            raise _InvalidDateError
        return days_before(year, month) + day - 1

    def time(self) -> int:
        """Return the milliseconds of the day."""
        hours, minutes, seconds, thousandths = (*self.times, 0, 0, 0, 0)[:4]
        if self.half is not None:
            if hours > 12:
                raise _InvalidDateError
            hours = hours % 12 + self.half
        is_midnight = hours == 24 and not (minutes or seconds or thousandths)
        if not is_midnight and not (
            hours < 24 and minutes < 60 and seconds < 60 and thousandths < 1000
        ):
            raise _InvalidDateError
        return _of_time(hours, minutes, seconds, thousandths)

    def offset(self) -> int:
        """Return how many minutes the zone is before UTC."""
        return (self.sign or 0) * ((self.hour or 0) * 60 + (self.minute or 0))
