"""Durations on the command line: 30s, 5m, 1h."""

# Apart from the other options: these are read before a command is known, and what the others
# import would make --help slow.

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

import typer

LONGEST: Final = 365 * 86_400.0
"""The longest duration in seconds; the clocks and timers of the system need a bound."""

DEFAULT_WAIT: Final = "10m"
"""The value of `--wait` where none is given."""

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_SECONDS: Final = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Return a duration in seconds. Raises typer.BadParameter."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise typer.BadParameter(f"{text!r} is not a valid duration; write 30s, 5m or 1h")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > LONGEST:
        raise typer.BadParameter(f"{text!r} is too long; at most {LONGEST / 3600:.0f}h")
    return seconds


def with_default_wait(arguments: Sequence[str]) -> list[str]:
    """Give `--wait` its default value where the next argument is not a duration.

    An argument that begins with a digit and does not name a file is meant as one: the option
    refuses it later, if it is not valid.
    """
    filled = list(arguments)
    for index, argument in enumerate(filled):
        following = filled[index + 1] if index + 1 < len(filled) else ""
        if argument == "--wait" and not _is_meant_as_duration(following):
            filled[index] = f"--wait={DEFAULT_WAIT}"
    return filled


def _is_meant_as_duration(text: str) -> bool:
    if _DURATION.fullmatch(text):
        return True
    return text[:1].isdigit() and not os.path.lexists(text)
