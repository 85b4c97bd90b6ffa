"""The instant that an event's timestamp names."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from listrak_sync.events.daytimes import of_one_day

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
