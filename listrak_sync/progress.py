"""How far the phases of a run are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of the input that are read and evaluated, of all if that is known, and their lines.

    With `is_evaluating`, nothing is left to be read. An earlier input is that of `--previous`.
    """

    done: int
    total: int | None
    lines: int
    is_evaluating: bool = False
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Comparing:
    """Contacts of a list that were read to compare them; how many it has, nobody tells."""

    list_id: int
    done: int


@dataclass(frozen=True, slots=True)
class Sending:
    """Contacts that are answered for, of those to send so far; with `is_all`, no more will come."""

    done: int
    total: int
    is_all: bool


Awaited: TypeAlias = Literal["import", "value"]
"""What is waited for: an import's end, or that a value that was sent shows."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Imports that have ended, or values that show, of all that are waited for.

    `waited` and `at_most` are seconds; `pause` as well: until we ask again, 0 while we ask.
    """

    awaited: Awaited
    done: int
    total: int
    waited: float
    at_most: float
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Verifying:
    """Contacts of a list that were read to verify what was sent."""

    list_id: int
    done: int


Step: TypeAlias = Reading | Comparing | Sending | Waiting | Verifying
"""How far a phase is."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A phase is over, by the class of its steps."""

    phase: type[Step]


OnProgress: TypeAlias = Callable[[Step | Ended], object]
"""Told how far a run is, from several threads."""
