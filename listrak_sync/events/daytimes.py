"""Many timestamps of one day at once, all spelled as 2026-01-31T12:34:56.789Z."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

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
