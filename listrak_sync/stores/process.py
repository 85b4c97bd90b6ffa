"""The process that uses the library, whose threads do not survive a fork: we fork workers."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from queue import SimpleQueue
from typing import BinaryIO, NoReturn

from listrak_sync.stores.library import answer
from listrak_sync.stores.messages import Request


def serve(requests: BinaryIO, answers: BinaryIO) -> NoReturn:
    """Answer pickled requests in their order, and end with who asks, whatever is under way."""
    waiting: SimpleQueue[Request] = SimpleQueue()
    threading.Thread(target=_answer_all, args=(waiting, answers), daemon=True).start()
    try:
        while True:
            waiting.put(pickle.load(requests))  # noqa: S301 - from who started us
    finally:
        os._exit(0)


def _answer_all(waiting: SimpleQueue[Request], answers: BinaryIO) -> None:
    try:
        while True:
            pickle.dump(answer(waiting.get()), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()
    finally:
        os._exit(1)  # who asks sees the end of the answers


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
