"""Asks again, with growing pauses, until nothing is open or the time is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.progress import Awaited, Ended, Waiting

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 15.0
"""Seconds between two rounds of questions: they double from the first to the longest."""


@dataclass(frozen=True, slots=True)
class StillOpen:
    """How much is open after a round, and the pause in seconds that a reply asked for."""

    count: int
    pause: float = 0.0


def poll(
    ask: Callable[[Callable[[], bool]], StillOpen],
    awaited: Awaited,
    total: int,
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
) -> None:
    """Ask in rounds until nothing is open, `patience` seconds are over, or the run stops.

    `ask` is called at least once, with a function that says whether it has to break off. `total`
    is how much is open at first.
    """
    timing = options.timing
    until = timing.clock() + patience
    pause = FIRST_PAUSE
    options.on_progress(Waiting(awaited, 0, total, 0.0, patience))
    try:
        while True:
            still = ask(lambda: stop.event.is_set() or timing.clock() > until)
            left = until - timing.clock()
            if not still.count or left <= 0 or stop.event.is_set():
                return
            pause = min(max(pause, still.pause), left)
            done = total - still.count
            options.on_progress(Waiting(awaited, done, total, patience - left, patience, pause))
            timing.rest(stop.event, pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    finally:
        options.on_progress(Ended(Waiting))
