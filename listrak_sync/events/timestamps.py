"""The instant that an event's timestamp names."""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

_ROW: Final = "-:00:00:00.000Z,"
"""A row of what is read: a mark where the date was, a time, a comma."""

_WIDTH: Final = len(_ROW)
_MARK: Final = _ROW[:2]
_DIGITS: Final = {2: 2, 3: 9, 5: 5, 6: 9, 8: 5, 9: 9, 11: 9, 12: 9, 13: 9}
"""Where a row's digits are, and how large each may be: hours are below 30, which `_SUM` relies on.
"""

_PAIRS: Final = (2, 5, 8, 11)
_SUM: Final = (360_000 << 72) + (6_000 << 48) + (100 << 24) + 1
"""What hours, minutes, seconds and hundredths are multiplied by to be summed where hundredths are.

There, at byte 11, the sum takes three bytes at most. What else the product has lies in lower bytes,
or from byte 14 on, and ends in the next row before byte 8.
"""

_MULTIPLE: Final = 32
"""Rows are filled up to a multiple of so many, so that constants for few counts are held."""

_A_DAY: Final = 24 * 60 * 60 * 1000


class _Constants(NamedTuple):
    """Large integers that have the same sixteen bytes for each of some rows."""

    shape: int
    fixed: int
    """What must be as in `shape`: of a digit the upper half of its byte, and all of the rest."""
    headroom: int
    """What can be added to digits without a change to the upper halves, if none is too large."""
    digit: int
    """The bits of the digits' values."""
    pairs: int
    """The bits of hours, minutes, seconds and hundredths, each in a byte."""
    first_byte: int
    first_three_bytes: int
    ones: int
    up_to_a_day: int
    """What reaches `beyond_a_day` when it is added to the milliseconds of a day."""
    beyond_a_day: int


@lru_cache(maxsize=32)
def _constants(rows: int) -> _Constants:
    def each(of_place: Mapping[int, int]) -> int:
        row = bytes(of_place.get(place, 0) for place in range(_WIDTH))
        return int.from_bytes(row * rows, "little")

    ones = each({0: 1})
    return _Constants(
        shape=each(dict(enumerate(_ROW.encode()))),
        fixed=each({place: 0xF0 if place in _DIGITS else 0xFF for place in range(_WIDTH)}),
        headroom=each({place: 15 - most for place, most in _DIGITS.items()}),
        digit=each(dict.fromkeys(_DIGITS, 0x0F)),
        pairs=each(dict.fromkeys(_PAIRS, 0xFF)),
        first_byte=each({0: 0xFF}),
        first_three_bytes=each(dict.fromkeys(range(3), 0xFF)),
        ones=ones,
        up_to_a_day=ones * (2**32 - _A_DAY),
        beyond_a_day=each({4: 1}),
    )


@lru_cache(maxsize=32)
def _midnights(midnight: int, rows: int) -> int:
    """Return an instant at the beginning of every row."""
    return _constants(rows).ones * (midnight % (1 << 64))


def of_one_day(text: str, date: str, midnight: int, count: int) -> array[int]:
    """Return instants in nanoseconds, of timestamps of one day with a comma behind each.

    `date` is what all of them begin with, T included, and `midnight` is its instant. Raises
    ValueError where the timestamps are not all like 2026-01-31T12:34:56.789Z, or there are not
    `count` of them.

    There is no loop over the timestamps: their characters are the digits, to the base of 256,
    of one large integer, and what is done to it is done to every row at once.
    """
    rows = text.replace(date, _MARK)
    if len(text) != count * (len(date) + _WIDTH - len(_MARK)) or len(rows) != count * _WIDTH:
        raise ValueError("not all alike")
    data = (rows + _ROW * (-count % _MULTIPLE)).encode("ascii")
    for_each = _constants(len(data) // _WIDTH)
    milliseconds = _milliseconds(int.from_bytes(data, "little"), for_each)
    nanoseconds = milliseconds * 1_000_000 + _midnights(midnight, len(data) // _WIDTH)
    instants = array("q", nanoseconds.to_bytes(len(data), "little"))[: 2 * count : 2]
    if sys.byteorder == "big":
        instants.byteswap()
    return instants


def _milliseconds(rows: int, for_each: _Constants) -> int:
    """Return milliseconds since midnight at the beginning of every row. Raises ValueError."""
    for read in (rows, rows + for_each.headroom):
        if read & for_each.fixed != for_each.shape:
            raise ValueError("not all alike")
    digits = rows & for_each.digit
    pairs = digits * 10 + (digits >> 8) & for_each.pairs
    hundredths = pairs * _SUM >> 88 & for_each.first_three_bytes
    milliseconds = hundredths * 10 + (digits >> 104 & for_each.first_byte)
    if milliseconds + for_each.up_to_a_day & for_each.beyond_a_day:
        raise ValueError("an hour of no day")
    return milliseconds


NEVER: Final = -(2**63)
"""The instant of an event without a comparable timestamp."""

_YEARS: Final = range(1678, 2262)
"""The years that nanoseconds since 1970 reach in 64 bits, whatever the zone."""

_MOST: Final = 1 << 14
"""How many texts are remembered of each kind: the hours of almost two years."""

_LONGEST: Final = 19
"""A longer text is not remembered: no usual fraction and zone are."""

_FEW: Final = 10
"""So many timestamps are faster read one by one."""

_AT_ONCE: Final = 1024
"""So many are read at once, at most: they fit into a processor's cache."""

_HOUR: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d)", re.ASCII)
_TIME: Final = re.compile(r":([0-5]\d):([0-5]\d)", re.ASCII)
_REST: Final = re.compile(
    r"(?:[.,](\d{1,9})\d*)?\s?(?:[Zz]|UTC|([+-])([01]\d|2[0-3]):?([0-5]\d)?)?", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AN_HOUR: Final = timedelta(hours=1)


def instant(timestamp: Any) -> int:  # noqa: ANN401 - whatever stands in an event
    """Return an ISO 8601 timestamp as nanoseconds since 1970 in UTC, or NEVER.

    Offsets and up to nine fractional digits count; a timestamp without a zone is UTC. What
    is no timestamp, or lies outside the years 1678 to 2261, cannot be compared: NEVER.
    """
    try:
        return _hours[timestamp[:13]] + _times[timestamp[13:19]] + _rests[timestamp[19:]]
    except (KeyError, TypeError):  # no such text, or no text at all
        return NEVER


def instants(timestamps: Sequence[Any]) -> array[int]:
    """Return the instants of many timestamps: of those that are alike, many at once."""
    found = array("q")
    for start in range(0, len(timestamps), _AT_ONCE):
        found += _instants(timestamps[start : start + _AT_ONCE])
    return found


def _instants(timestamps: Sequence[Any]) -> array[int]:
    """Return the instants of some timestamps: all at once, or one by one."""
    if len(timestamps) > _FEW:
        try:
            text = ",".join((*timestamps, ""))
            date = text[: len("2026-01-31T")]
            return of_one_day(text, date, _hours[f"{date}00"], len(timestamps))
        except (KeyError, TypeError, ValueError):  # they are of several days, or spelled otherwise
            pass
    return array("q", map(instant, timestamps))


class _Nanoseconds(dict[str, int]):
    """What parts of timestamps come to: most of them recur. Raises KeyError for other text."""

    def __init__(self, parse: Callable[[str], int | None]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> int:
        """Find what is not known yet, and keep it; begin anew when there are too many."""
        found = self._parse(text)
        if found is None:
            raise KeyError(text)
        if len(self) == _MOST:
            self.clear()
        if len(text) <= _LONGEST:
            self[text] = found
        return found


def _hour(text: str) -> int | None:
    """Return a date and hour in nanoseconds since 1970; None where there is none."""
    parts = _HOUR.fullmatch(text)
    if parts is None:
        return None
    year, month, day, hour = map(int, parts.groups())
    if year not in _YEARS:
        return None
    try:
        return (datetime(year, month, day, hour, tzinfo=UTC) - _EPOCH) // _AN_HOUR * 3600 * 10**9
    except ValueError:
        return None


def _time(text: str) -> int | None:
    """Return minutes and seconds in nanoseconds; None for other text."""
    parts = _TIME.fullmatch(text)
    return None if parts is None else (int(parts[1]) * 60 + int(parts[2])) * 10**9


def _rest(text: str) -> int | None:
    """Return in nanoseconds what a fraction and a zone add to a time; None for other text."""
    parts = _REST.fullmatch(text)
    if parts is None:
        return None
    fraction, sign, hours, minutes = parts.groups()
    nanoseconds = int(fraction.ljust(9, "0")) if fraction else 0
    if sign is None:
        return nanoseconds
    offset = (int(hours) * 60 + int(minutes or 0)) * 60_000_000_000
    return nanoseconds + offset if sign == "-" else nanoseconds - offset


_hours: Final = _Nanoseconds(_hour)
_times: Final = _Nanoseconds(_time)
_rests: Final = _Nanoseconds(_rest)
