"""Evaluates the input in its order, with several processes if there is enough of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import Final

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.input.ranges import InputUnit, UnreadUnit
from listrak_sync.input.ticks import Tick
from listrak_sync.input.units import Block
from listrak_sync.jobs.workers import LineNumbers, UnitResult, Workers

START_BYTES: Final = 2 << 20
"""How much is read before workers are worth their start."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Say whether the system can start workers."""
    return hasattr(os, "fork")


def evaluate_in_order(
    evaluator: Evaluator,
    units: Iterator[InputUnit | Tick],
    jobs: int,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Generator[UnitResult | Tick, None, None]:
    """Yield each unit of the input with its results, the same for any number of jobs.

    With two jobs or more, so many workers are started once some input is read, or at the first
    unit that they can read themselves. Close the iterator to end them. Once stopped, unread units
    are dropped. Raises ListrakSyncError if a worker dies.
    """
    left, line_numbers = START_BYTES, LineNumbers()
    for unit in units:
        if jobs > 1 and (left <= 0 or isinstance(unit, UnreadUnit)):
            yield from Workers(evaluator).results(chain((unit,), units), jobs, is_stopped)
            return
        if isinstance(unit, Tick):
            yield unit
            continue
        for found in line_numbers.evaluated(evaluator, unit):
            yield found
            if isinstance(unit, UnreadUnit) and is_stopped():
                return
        left -= unit.size if isinstance(unit, Block) else 0
