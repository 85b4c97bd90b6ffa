"""The instant that an event's timestamp names."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from listrak_sync.events.paths import Found

NEVER: Final = -(2**63)
"""The instant of an event without a comparable timestamp."""

_PATTERN = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?"
    r"\s?(?:[Zz]|UTC|([+-]\d\d):?(\d\d)?)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def instant(timestamp: Found) -> int:
    """Return an ISO 8601 timestamp as nanoseconds since 1970 in UTC, or NEVER.

    Offsets and up to nine fractional digits count; a timestamp without a zone is UTC. What
    is no timestamp, or lies outside the years 1678 to 2261, cannot be compared: NEVER.
    """
    if type(timestamp) is not str:
        return NEVER
    if timestamp[19::4] == ".Z" and timestamp[7] == "-" and timestamp[10] == "T":
        with suppress(ValueError):
            milliseconds = round(datetime.fromisoformat(timestamp).timestamp() * 1000)
            return _or_never(milliseconds * 1_000_000)
    parts = _PATTERN.fullmatch(timestamp)
    if parts is None:
        return NEVER
    clock, fraction, hours, minutes = parts.groups()
    seconds = _seconds(clock)
    if seconds is None:
        return NEVER
    if hours is not None:
        offset = int(hours) * 3600
        seconds -= offset + int(minutes or 0) * (-60 if hours[0] == "-" else 60)
    nanoseconds = seconds * 1_000_000_000
    if fraction is not None:
        nanoseconds += int(fraction.ljust(9, "0"))
    return _or_never(nanoseconds)


def _or_never(nanoseconds: int) -> int:
    return nanoseconds if NEVER < nanoseconds < -NEVER else NEVER


@lru_cache(maxsize=4096)
def _seconds(clock: str) -> int | None:
    """Return a date and time of day in UTC as seconds since 1970, or None for no such time."""
    try:
        return (datetime.fromisoformat(clock.upper()).replace(tzinfo=UTC) - _EPOCH) // _SECOND
    except ValueError:
        return None
