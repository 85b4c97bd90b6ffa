"""Marks the passing of time in a stream that may be silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, Queue
from time import monotonic
from typing import Final, TypeVar

_T = TypeVar("_T")
_AHEAD: Final = 2


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

    The items are read by a thread of their own, a little ahead of what is asked for.
    """
    queue: Queue[_T | _End] = Queue(_AHEAD)
    threading.Thread(target=_pump, args=(items, queue), daemon=True).start()
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


def _pump(items: Iterator[_T], queue: Queue[_T | _End]) -> None:
    try:
        for item in items:
            queue.put(item)
    except BaseException as error:  # noqa: BLE001 - raised again by the thread that asks
        queue.put(_End(error))
    else:
        queue.put(_End())
