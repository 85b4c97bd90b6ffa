"""Filters that print a date, in UTC or in a zone that the template names."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import UNSET

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.javascript import is_nothing
from listrak_sync.mapping.directives.liquid.bounds import RenderError
from listrak_sync.mapping.directives.liquid.date_text import milliseconds
from listrak_sync.mapping.directives.liquid.strftime import Moment, printed, shown
from listrak_sync.mapping.directives.liquid.values import plain, stringify

_DEFAULT_FORMAT: Final = "%A, %B %-e, %Y at %-l:%M %P %z"
_LATEST: Final = 8.64e15
_EARLIEST: Final = -60_000_000_000
_FOUR_CENTURIES: Final = 146_097 * 86_400
_FARTHEST: Final = 250_000_000_000
"""The last second, in the year 9892, at which Python is asked for the offset of a zone."""


def date(value: object, form: object = UNSET, zone: object = UNSET) -> object:
    """Return a date in a form of strftime; a value that is not a date stays as it is."""
    moment = _moment(value, zone)
    if moment is None:
        return value
    form = plain(form)
    return printed(moment, _DEFAULT_FORMAT if is_nothing(form) else stringify(form))


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


def _moment(value: object, zone: object = UNSET) -> Moment | None:
    value = plain(value)
    instant = None if is_nothing(value) else _instant(value)
    if instant is None:
        return None
    if is_nothing(zone):
        return shown(instant)
    if isinstance(zone, str):
        return shown(instant, _offset_of(zone, instant), zone)
    minutes = javascript.number(plain(zone))
    local = instant - minutes * 60_000
    return shown(instant, -minutes, "") if abs(local) <= _LATEST else None


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
