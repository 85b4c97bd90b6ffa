"""Why a run has to end early, known to its reader and its senders alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from listrak_sync.errors import InterruptedRunError

_T = TypeVar("_T")


class Stop:
    """A reason to end the run, given at any moment by anybody; the first one counts."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.event = threading.Event()
        self._waiting = False

    def because(self, error: Exception) -> None:
        """End the run for a reason: nothing new is read or sent."""
        if self.error is None:
            self.error = error
        self.event.set()

    def request(self, signal: int) -> None:
        """End the run for a signal; breaks off what waits. For the main thread."""
        self.because(InterruptedRunError(signal))
        if self._waiting:
            raise InterruptedRunError(signal)

    @contextmanager
    def breaking_off(self) -> Iterator[None]:
        """Let a signal break off what waits inside, by InterruptedRunError."""
        self._waiting = True
        try:
            if isinstance(self.error, InterruptedRunError):
                raise self.error
            yield
        finally:
            self._waiting = False

    def until(self, items: Iterator[_T]) -> Iterator[_T]:
        """Yield input until the run has to end; what is read by then is handed on."""
        while self.error is None:
            try:
                with self.breaking_off():
                    item = next(items, None)
            except InterruptedRunError:
                return
            if item is None:
                return
            yield item
