"""Marks the passing of time in a stream that may be silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tick:
    """A span of time has passed."""


@dataclass(frozen=True, slots=True)
class _End:
    """The stream has ended, by itself or by an error."""

    error: BaseException | None = None


def with_ticks(
    items: Iterator[_T], every: float, clock: Callable[[], float] = monotonic
) -> Iterator[_T | Tick]:
    """Yield items as they come, and a Tick each time so many seconds have passed.

    The items are read by a thread of their own, each when the one before has been dealt with:
    nothing is read ahead that an end of the run would lose.
    """
    queue: SimpleQueue[_T | _End] = SimpleQueue()
    wanted = threading.Semaphore()
    threading.Thread(target=_pump, args=(items, queue, wanted), daemon=True).start()
    due = clock() + every
    while True:
        left = due - clock()
        if left <= 0:
            yield Tick()
            due = clock() + every
            continue
        try:
            item = queue.get(timeout=left)
        except Empty:
            continue
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
        wanted.release()


def _pump(items: Iterator[_T], queue: SimpleQueue[_T | _End], wanted: threading.Semaphore) -> None:
    try:
        wanted.acquire()
        for item in items:
            queue.put(item)
            wanted.acquire()
    except BaseException as error:  # noqa: BLE001 - raised again by the thread that asks
        queue.put(_End(error))
    else:
        queue.put(_End())
