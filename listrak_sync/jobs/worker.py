"""A process that evaluates input units for the one that started it."""

from __future__ import annotations

import copyreg
import gc
import mmap
import os
import pickle
import signal
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Final, NoReturn, cast

from listrak_sync.errors import ExhaustedError
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult, Updates, pack, unpack
from listrak_sync.input.ranges import (
    ByteRange,
    CompressedFile,
    InputUnit,
    OpenFile,
    WholeObject,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

AHEAD: Final = 3
"""How many messages a worker is sent before the first is answered, so that it never idles."""

MESSAGE_BYTES: Final = 16 << 20
"""The most that a message holds: what is larger, the parent evaluates itself."""

HELD_BYTES: Final = 64 << 20
"""How much of a worker's answers the parent holds while earlier units are waited for."""

READ: Final = b"?"
"""Tells a worker that there is a message for it."""

END: Final = b""
"""The answer after those to all units of a message."""

FAILED: Final = b"!"
"""The answer where the parent has to evaluate what is not answered yet."""

_MOST_OPEN: Final = 65_536
"""Descriptors are below this, unless the parent has more files open than that."""


@dataclass(slots=True, eq=False)
class Worker:
    """The parent's side of a worker: what it is busy with, and its answers that are held."""

    process: int
    connection: Connection
    messages: Sequence[mmap.mmap]
    """Shared memory for the messages: each is written where the answered one before was."""
    sent: int = 0
    unanswered: deque[int] = field(default_factory=deque)
    """The weight of each message that is not answered to its end."""
    held: deque[bytes] = field(default_factory=deque)
    held_bytes: int = 0

    @property
    def may_hold(self) -> bool:
        """Say whether more of its answers may be held."""
        return self.held_bytes < HELD_BYTES

    def has_room(self, units: Sequence[InputUnit]) -> bool:
        """Say whether it may be sent these units now."""
        return sum(self.unanswered) + _weight(units) <= AHEAD and self.may_hold

    def send(self, units: Sequence[InputUnit]) -> bool:
        """Send units that it has room for; return False if they are too large for a message.

        Raises ExhaustedError if the worker has died.
        """
        # Only a byte goes through the connection: sending much could wait for a worker that
        # waits for us to receive its answers.
        memory = self.messages[self.sent % AHEAD]
        memory.seek(0)
        try:
            pickle.dump(units, memory, pickle.HIGHEST_PROTOCOL)
        except ValueError:
            return False
        try:
            self.connection.send_bytes(READ)
        except OSError:
            raise self._died() from None
        self.sent += 1
        self.unanswered.append(_weight(units))
        return True

    def receive(self) -> None:
        """Wait for its next answer and hold it. Raises ExhaustedError if the worker has died."""
        try:
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            raise self._died() from None
        self.held.append(answer)
        self.held_bytes += len(answer)
        if answer in {END, FAILED}:
            self.unanswered.popleft()

    def next_answer(self) -> bytes | None:
        """Return the first of its answers that are held, None if there is none."""
        if not self.held:
            return None
        answer = self.held.popleft()
        self.held_bytes -= len(answer)
        return answer

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        for memory in self.messages:
            memory.close()

    def _died(self) -> ExhaustedError:
        hint = "It may have run out of memory. Run again, with fewer --jobs if it happens again."
        return ExhaustedError(f"worker process {self.process} died", hint)


def _weight(units: Sequence[InputUnit]) -> int:
    """Return how many messages units count for: a whole file or object, which is long, for all."""
    return AHEAD if isinstance(units[0], CompressedFile | WholeObject) else 1


def start_worker(evaluator: Evaluator) -> Worker:
    """Fork a process that evaluates what it is sent."""
    from multiprocessing.connection import Pipe  # noqa: PLC0415 - slow, and only for jobs

    ours, theirs = Pipe()
    # Memory is taken only for what is written.
    messages = [mmap.mmap(-1, MESSAGE_BYTES) for _ in range(AHEAD)]
    with warnings.catch_warnings():
        # Python 3.12 warns where threads exist, because they may hold locks: see _work.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if not process:
        _work(evaluator, theirs, messages)
    theirs.close()
    return Worker(process, ours, messages)


def _work(evaluator: Evaluator, connection: Connection, messages: Sequence[mmap.mmap]) -> NoReturn:
    """Answer messages until the parent has closed the connection, or has died.

    Touches nothing that another thread of the parent may have held during the fork: no lock, no
    open file, no output.
    """
    try:
        # Inherited objects must never be collected: their files' descriptors are reused here.
        gc.freeze()
        # Ctrl-C reaches all processes of a terminal; the parent decides what it means.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        # The journal's lock must not outlive the parent, nor a connection its other end.
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, _MOST_OPEN)
        for memory in cycle(messages):
            connection.recv_bytes()
            memory.seek(0)
            for answer in _answers(evaluator, memory):
                connection.send_bytes(answer)
    finally:
        os._exit(0)  # runs no handler and flushes no buffer that is the parent's


def _answers(evaluator: Evaluator, message: mmap.mmap) -> Iterator[bytes]:
    """Yield the answers to a message."""
    try:
        for unit in pickle.load(message):  # noqa: S301 - from the parent
            yield from map(encode_result, _results(evaluator, unit))
    except Exception:  # noqa: BLE001 - the parent runs into it as well, and raises it
        yield FAILED
    else:
        yield END


def _results(evaluator: Evaluator, unit: InputUnit) -> Iterator[EvaluationResult]:
    """Yield the results of a unit. Raises OSError if the parent may see another file, or more."""
    if isinstance(unit, CompressedFile):
        OpenFile.reopened(unit.path, unit.identity)
    for result in evaluator.evaluate_unit(unit):
        if isinstance(unit, ByteRange) and result.is_broken:
            raise OSError("the parent has the file open, and may be able to read on")
        yield result


# Updates are packed on their way: what many of them share is sent once, and shared again.
copyreg.pickle(Updates, lambda updates: (unpack, (pack(updates),)))


def encode_result(result: EvaluationResult) -> bytes:
    """Return an evaluation result as an answer."""
    return pickle.dumps(result, pickle.HIGHEST_PROTOCOL)


def decode_result(answer: bytes) -> EvaluationResult:
    """Return the evaluation result that an answer holds."""
    return cast("EvaluationResult", pickle.loads(answer))  # noqa: S301 - from a worker
