"""Why a run has to end early, known to the thread that reads and to all that send."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, TypeVar

from listrak_sync.errors import ExhaustedError, InterruptedRunError, start_thread

STOPPING: Final = "stopping: what is in flight is finished; a second signal ends it at once"

_T = TypeVar("_T")


class Stop:
    """A reason to end the run, which any thread may give at any moment; the first one counts."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.event = threading.Event()
        self._waiting = False

    def because(self, error: Exception) -> None:
        """End the run for a reason: nothing new is read or sent."""
        if self.error is None:
            self.error = error
        self.event.set()

    def request(self, number: int) -> None:
        """End the run for a signal and break off what waits. Called by the main thread."""
        self.because(InterruptedRunError(number))
        if self._waiting:
            raise InterruptedRunError(number)

    @contextmanager
    def breaking_off(self) -> Iterator[None]:
        """Let a signal break off what waits in this block. It raises InterruptedRunError."""
        self._waiting = True
        try:
            # The signal may have come before this block began: nothing would break it off then.
            if isinstance(self.error, InterruptedRunError):
                raise self.error
            yield
        finally:
            self._waiting = False

    def until(self, items: Iterator[_T]) -> Iterator[_T]:
        """Yield items until the run has to end; what is read by then is still yielded."""
        while self.error is None:
            try:
                with self.breaking_off():
                    item = next(items, None)
            except InterruptedRunError:
                return
            if item is None:
                return
            yield item


@contextmanager
def interruptible(stop: Stop, on_signal: Callable[[str], object] | None = None) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run in order; a second one ends the process at once.

    `on_signal` is called with a message when the first one arrives.
    """

    def request(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        if on_signal is not None:
            # The signal may have interrupted a message halfway, and a stream cannot be written
            # to from within its own writing. Another thread waits until it is free.
            with suppress(ExhaustedError):
                start_thread(threading.Thread(target=on_signal, args=(STOPPING,), daemon=True))
        stop.request(number)

    before = {each: signal.signal(each, request) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
