"""The instant that an event's timestamp names."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from listrak_sync.events.key_paths import Found

NEVER: Final = -(2**63)
"""The instant of an event without a comparable timestamp."""

_COMPARABLE: Final = range(NEVER + 1, 2**63)
"""The instants that fit into 64 bits: from 1677 to 2262."""

_FORM: Final = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d-\d|\d{4}W\d{3})"
    r"(?:[Tt ](?:([01]\d|2[0-3])(?::?([0-5]\d)(?::?([0-5]\d)(?:[.,](\d+))?)?)?|24(?::?00){0,2})"
    r"\s?(?:[Zz]|UTC|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?)?",
    re.ASCII,
)
"""A date; hour, minute, second and fraction; the sign, hours and minutes of a zone."""

_EPOCHS: Final = ((range(10**9, 10**11), 10**9), (range(10**12, 10**14), 10**6))
"""Numbers that can only be seconds or milliseconds since 1970, with their nanoseconds."""

_DIGITS_ALONE: Final = re.compile(r"\d{10,14}", re.ASCII)

_USUAL: Final = "0000-00-00T00:00:00.000Z"
_DIGITS: Final = dict.fromkeys(map(ord, "123456789"), "0")

_fromisoformat: Final = datetime.fromisoformat
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def instants(timestamps: Sequence[Found]) -> array[int]:
    """Return the instants of many timestamps.

    Almost all look like 2026-01-31T12:34:56.789Z. If some are no timestamps, all are read one by
    one.
    """
    texts: Sequence[Any] = timestamps
    try:
        are_usual = "".join(texts).translate(_DIGITS) == _USUAL * len(texts)
        return array(
            "q",
            [
                (_fromisoformat(text) - _EPOCH) // _MICROSECOND * 1000
                if are_usual or (text[23:] == "Z" and text[10:20:9] == "T.")
                else instant(text)
                for text in texts
            ],
        )
    except (ValueError, TypeError, OverflowError):
        return array("q", map(instant, timestamps))


def instant(timestamp: Found) -> int:
    """Return an ISO 8601 timestamp as nanoseconds since 1970 in UTC, or NEVER.

    A date is its midnight; offsets and up to nine fractional digits count; without a zone it is
    UTC. Seconds and milliseconds since 1970 are taken from 2001 on. Anything else, and what lies
    before 1678 or after 2261, cannot be compared: NEVER.
    """
    form = _FORM.fullmatch(timestamp) if isinstance(timestamp, str) else None
    if form is None:
        return _since_1970(timestamp)
    date, hour, minute, second, fraction, sign, zone_hours, zone_minutes = form.groups()
    try:
        day = _fromisoformat(date).toordinal() - _EPOCH.toordinal()
    except ValueError:  # no such day
        return NEVER
    if hour is None and len(form[0]) > len(date):
        hour = "24"
    minutes = int(hour or 0) * 60 + int(minute or 0)
    offset = int(zone_hours or 0) * 60 + int(zone_minutes or 0)
    minutes -= -offset if sign == "-" else offset
    seconds = day * 86_400 + minutes * 60 + int(second or 0)
    nanoseconds = seconds * 1_000_000_000 + int((fraction or "")[:9].ljust(9, "0"))
    return nanoseconds if nanoseconds in _COMPARABLE else NEVER


def written(moment: int) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return (_EPOCH + timedelta(seconds=moment // 1_000_000_000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since_1970(value: Found) -> int:
    """Return the instant of a number, or of a text of digits, that counts from 1970."""
    if isinstance(value, str) and _DIGITS_ALONE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NEVER
    for numbers, unit in _EPOCHS:
        if numbers[0] <= value < numbers.stop:
            whole = int(value)
            nanoseconds = whole * unit + round((value - whole) * unit)
            return nanoseconds if nanoseconds in _COMPARABLE else NEVER
    return NEVER
