"""Values of options: counts, ratios, times and choices, as people write them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from listrak_sync.cli.usage import BadValueError
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.mapping.values import MAX_ID

_Choice = TypeVar("_Choice", bound=StrEnum)

_COUNT: Final = re.compile(r"(\d{1,18})(\.\d{1,9})?([kKMG])?", re.ASCII)
_FACTORS: Final = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_RATIO: Final = re.compile(r"(\d{1,9}(?:\.\d{1,18})?|\.\d{1,18})(%)?", re.ASCII)
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)(?: ago)?", re.ASCII)
_LONGEST_AGO: Final = 200 * 366 * 86_400
"""How many seconds ago a time may be: instants have 64 bits, and begin in 1677."""

_SHOWN: Final = 40
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in nanoseconds since 1970, and how it was written: 7d is another one tomorrow."""

    instant: int
    text: str


def parse_moment(text: str) -> Moment:
    """Return a time that is given, or how long ago it is. Raises BadValueError."""
    return Moment(_instant(text), text.strip())


def _instant(text: str) -> int:
    if ago := _AGO.fullmatch(text.strip()):
        seconds = float(ago[1]) * _SECONDS[ago[2]]
        if seconds > _LONGEST_AGO:
            raise BadValueError(f"{_quoted(text)} is too long ago; write 7d, or 2026-03-01")
        return time.time_ns() - round(seconds * 1_000_000_000)
    found = instant(text.strip())
    if found == NEVER:
        hint = "write 2026-03-01, 2026-03-01T12:00:00Z, 36h or 7d"
        raise BadValueError(f"{_quoted(text)} is not a valid time; {hint}")
    return found


def count(at_least: int = 0, at_most: int | None = None) -> Callable[[str | int], int]:
    """Return a function that reads a count, also as 10k, 1.5M or 2G. It raises BadValueError."""
    bound = f"{at_least:,} or more" if at_most is None else f"{at_least:,} to {at_most:,}"

    def parse_count(text: str | int) -> int:
        if isinstance(text, int):  # typer hands on defaults as well
            return text
        found = _COUNT.fullmatch(text.strip())
        value = _times(found) if found else None
        if value is None:
            raise BadValueError(f"{_quoted(text)} is not a whole number; write 5000, 10k or 1M")
        if value < at_least or (at_most is not None and value > at_most):
            raise BadValueError(f"{_quoted(text)} is out of bounds; it takes {bound}")
        return value

    return parse_count


def _times(found: re.Match[str]) -> int | None:
    """Return a number with its factor, None where that is not whole."""
    factor, fraction = _FACTORS[found[3] or ""], (found[2] or ".")[1:]
    above, below = divmod(int(fraction or 0) * factor, 10 ** len(fraction))
    return None if below else int(found[1]) * factor + above


def parse_id(text: str | int) -> int:
    """Return the id of a list or a field. Raises BadValueError."""
    if isinstance(text, int):  # typer hands on defaults as well
        return text
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or not 1 <= int(digits[:20]) <= MAX_ID:
        hint = "see: listrak-sync lists; listrak-sync fields LIST_ID"
        raise BadValueError(f"{_quoted(text)} is not a valid id; {hint}")
    return int(digits)


def shown_count(value: int) -> str:
    """Return a count as it can be written: 1M for a million."""
    for unit in "GMk":
        whole, rest = divmod(value, _FACTORS[unit])
        if whole and not rest:
            return f"{whole}{unit}"
    return str(value)


def parse_ratio(text: str | float) -> float:
    """Return a ratio from 0 to 1, which is also read as 0% to 100%. Raises BadValueError."""
    ratio = _ratio(text)
    if ratio is None or ratio > 1:
        raise BadValueError(f"{_quoted(str(text))} is not a share from 0 to 1; write 0.5 or 50%")
    return ratio


def parse_change(text: str | float) -> float:
    """Return by what share a number may change, which may be more than 1. Raises BadValueError."""
    ratio = _ratio(text)
    if ratio is None:
        raise BadValueError(f"{_quoted(str(text))} is not a share; write 0.2, 20% or 150%")
    return ratio


def _ratio(text: str | float) -> float | None:
    if isinstance(text, float):  # typer hands on defaults as well
        return text
    found = _RATIO.fullmatch(text.strip())
    return float(found[1]) / (100 if found[2] else 1) if found else None


def choice(of: type[_Choice]) -> dict[str, Any]:
    """Return what makes an option one of some words, for typer."""

    def parse_choice(text: str) -> _Choice:
        if isinstance(text, of):  # typer hands on defaults as well
            return text
        try:
            return of(text)
        except ValueError:
            words = ", ".join(of)
            raise BadValueError(f"{_quoted(text)} is not one of: {words}") from None

    return {"parser": parse_choice, "metavar": "|".join(of)}


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
