"""Marks the passing of time in a stream that may be silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TypeVar

from listrak_sync.errors import InterruptedRunError, start_thread

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tick:
    """The interval between two ticks has passed."""


@dataclass(frozen=True, slots=True)
class _End:
    """The stream has ended, by itself or by an error."""

    error: BaseException | None = None


def with_ticks(
    items: Iterator[_T], every: float, clock: Callable[[], float] = monotonic
) -> Iterator[_T | Tick]:
    """Yield items as they come, and a Tick each time so many seconds have passed.

    The items are read by a thread of their own, each when it is asked for: what is left in a
    pipe can be read by somebody else. A signal's error ends the wait for an item; one that is
    there by then is yielded instead.
    """
    queue: SimpleQueue[_T | _End] = SimpleQueue()
    wanted = threading.Semaphore(0)
    start_thread(threading.Thread(target=_pump, args=(items, wanted, queue), daemon=True))
    due = clock() + every
    wanted.release()
    while True:
        try:
            item = queue.get(timeout=max(0.0, due - clock()))
        except Empty:
            yield Tick()
            due = clock() + every
            continue
        except InterruptedRunError:
            if queue.empty():
                raise
            item = queue.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
        if clock() >= due:
            yield Tick()
            due = clock() + every
        wanted.release()


def _pump(items: Iterator[_T], wanted: threading.Semaphore, queue: SimpleQueue[_T | _End]) -> None:
    try:
        while wanted.acquire():
            queue.put(next(items))
    except StopIteration:
        queue.put(_End())
    except BaseException as error:  # noqa: BLE001 - raised again by the thread that asks
        queue.put(_End(error))
