"""Evaluates the input, in several processes where there is enough of it, in its order."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import Final

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.input.blocks import Block
from listrak_sync.input.ranges import InputUnit, UnreadUnit
from listrak_sync.input.ticks import Tick
from listrak_sync.jobs.workers import Numbering, Result, Workers

START_BYTES: Final = 2 << 20
"""How much is read before processes are worth their start."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Say whether there can be processes beside this one."""
    return hasattr(os, "fork")


def evaluate_in_order(
    evaluator: Evaluator,
    parts: Iterator[InputUnit | Tick],
    jobs: int,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Generator[Result | Tick, None, None]:
    """Yield each part of the input with what becomes of it; the same for any number of jobs.

    Jobs are processes, this one among them; the others are forked once some input is read, or at
    the first portion. Close the iterator to end them. Once stopped, portions are not read any
    more. Raises ListrakSyncError where a process dies.
    """
    left, numbering = START_BYTES, Numbering()
    for part in parts:
        if jobs > 1 and (left <= 0 or isinstance(part, UnreadUnit)):
            with Workers(evaluator, jobs) as workers:
                yield from workers.results(chain((part,), parts), is_stopped)
            return
        if isinstance(part, Tick):
            yield part
        elif isinstance(part, UnreadUnit):
            numbered = numbering.numbered(part)
            for found in evaluator.evaluate_unread(numbered):
                if numbering.take(numbered, found):
                    yield numbered, found
                if is_stopped():
                    return
        else:
            yield part, evaluator.evaluate(part)
            left -= part.size if isinstance(part, Block) else 0
