"""Asks again, with growing pauses, until nothing is open or the time is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from listrak_sync.delivery.sending import Awaited, DeliveryOptions, Waiting
from listrak_sync.delivery.stop import Stop

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
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
) -> None:
    """Ask in rounds until nothing is open, `patience` seconds are over, or the run stops.

    `ask` is called at least once, with a function that says whether it has to break off.
    """
    timing = options.timing
    until = timing.clock() + patience
    pause = FIRST_PAUSE
    while True:
        still = ask(lambda: stop.event.is_set() or timing.clock() > until)
        left = until - timing.clock()
        if not still.count or left <= 0 or stop.event.is_set():
            return
        pause = min(max(pause, still.pause), left)
        options.on_wait(Waiting(still.count, patience - left, pause, awaited))
        timing.rest(stop.event, pause)
        pause = min(pause * 2, LONGEST_PAUSE)
