"""SIGINT and SIGTERM end a command in order."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from listrak_sync.delivery.stop import Stop


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run in order; a second one ends it at once."""

    def request(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        stop.request(number)

    before = {each: signal.signal(each, request) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
