"""The instant that an event's timestamp names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

NEVER: Final = -(2**63)
"""The instant of an event without a comparable timestamp."""

_YEARS: Final = range(1678, 2262)
"""The years that nanoseconds since 1970 reach in 64 bits, whatever the zone."""

_MOST: Final = 1 << 14
"""How many texts are remembered of each kind."""

_MINUTE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)
_REST: Final = re.compile(
    r"(?:[.,](\d{1,9})\d*)?\s?(?:[Zz]|UTC|([+-])([01]\d|2[0-3]):?([0-5]\d)?)?", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_A_MINUTE: Final = timedelta(minutes=1)


def instant(timestamp: Any) -> int:  # noqa: ANN401 - whatever stands in an event
    """Return an ISO 8601 timestamp as nanoseconds since 1970 in UTC, or NEVER.

    Offsets and up to nine fractional digits count; a timestamp without a zone is UTC. What
    is no timestamp, or lies outside the years 1678 to 2261, cannot be compared: NEVER.
    """
    try:
        return _minutes[timestamp[:16]] + _seconds[timestamp[16:19]] + _rests[timestamp[19:]]
    except (KeyError, TypeError):  # no such text, or no text at all
        return NEVER


class _Nanoseconds(dict[str, int]):
    """What parts of timestamps come to: most of them recur. Raises KeyError for other text."""

    def __init__(self, parse: Callable[[str], int | None]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> int:
        """Find what is not known yet, and keep it while there is room."""
        found = self._parse(text)
        if found is None:
            raise KeyError(text)
        if len(self) == _MOST:
            self.clear()
        self[text] = found
        return found


def _minute(text: str) -> int | None:
    """Return a date, hour and minute in nanoseconds since 1970; None where there is none."""
    if _MINUTE.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).replace(tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // _A_MINUTE * 60_000_000_000 if moment.year in _YEARS else None


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


_minutes: Final = _Nanoseconds(_minute)
_seconds: Final = {f":{second:02}": second * 1_000_000_000 for second in range(60)}
_rests: Final = _Nanoseconds(_rest)
