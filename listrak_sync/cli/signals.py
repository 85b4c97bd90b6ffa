"""SIGINT and SIGTERM end a command in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from listrak_sync.cli.messages import Messages
from listrak_sync.delivery.stop import Stop

STOPPING: Final = "stopping: what is in flight is finished; a second signal ends it at once"


@contextmanager
def interruptible(stop: Stop, messages: Messages | None = None) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run in order; a second one ends it at once.

    The first is answered by a message if there is somebody to tell.
    """

    def request(number: int, _: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        if messages is not None:  # a thread, for this one may be in the middle of a message
            threading.Thread(target=messages.info, args=(STOPPING,), daemon=True).start()
        stop.request(number)

    before = {each: signal.signal(each, request) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
