"""Filters that compute, in JavaScript's 64-bit numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.liquid.values import number, plain
from listrak_sync.mapping.values import number_text


def absolute(value: object) -> float:
    """Return a number without its sign."""
    return abs(number(value))


def at_least(value: object, least: object) -> float:
    """Return the larger of two numbers."""
    return max(number(value), number(least))


def at_most(value: object, most: object) -> float:
    """Return the smaller of two numbers."""
    return min(number(value), number(most))


def ceil(value: object) -> float:
    """Return the next whole number above."""
    return _whole(number(value), math.ceil)


def floor(value: object) -> float:
    """Return the next whole number below."""
    return _whole(number(value), math.floor)


def _whole(value: float, change: Callable[[float], int]) -> float:
    return float(change(value)) if math.isfinite(value) else value


def plus(value: object, other: object) -> float:
    """Return the sum."""
    return number(value) + number(other)


def minus(value: object, other: object) -> float:
    """Return the difference."""
    return number(value) - number(other)


def times(value: object, other: object) -> float:
    """Return the product."""
    return number(value) * number(other)


def divided_by(value: object, divisor: object, to_whole: object = None) -> float:
    """Return the quotient, whole if asked for."""
    quotient = _divided(number(value), number(divisor))
    return _whole(quotient, math.floor) if number(to_whole) else quotient


def _divided(value: float, divisor: float) -> float:
    if divisor:
        return value / divisor
    if not value or math.isnan(value):
        return math.nan
    return math.copysign(math.inf, value) * math.copysign(1, divisor)


def modulo(value: object, divisor: object) -> float:
    """Return the remainder, which has the sign of the divisor."""
    by = number(divisor)
    return _remainder(_remainder(number(value), by) + by, by)


def _remainder(value: float, divisor: float) -> float:
    if not divisor or math.isinf(value) or math.isnan(value) or math.isnan(divisor):
        return math.nan
    return math.fmod(value, divisor)


def round_half_up(value: object, digits: object = None) -> float:
    """Return a number rounded to so many digits behind the point, half away from zero."""
    exact, places = number(value), number(digits)
    scaled = _shifted(abs(exact), places)
    if not scaled <= javascript.MAX_SAFE_INTEGER:
        return exact
    whole = math.floor(scaled)
    result = _shifted(float(whole + (scaled - whole >= 0.5)), -places)
    return -result if exact < 0 else result


def _shifted(value: float, places: float) -> float:
    """Return a number times a power of ten, computed in digits so that 1.005 stays 1.005."""
    if not math.isfinite(value) or places != int(places if math.isfinite(places) else 0):
        return math.nan
    mantissa, _, power = number_text(value).partition("e")
    return float(f"{mantissa}e{int(power or 0) + int(places)}")


def to_integer(value: object) -> float:
    """Return a value as a number, which need not be whole; NaN where it is none."""
    return javascript.number(plain(value))
