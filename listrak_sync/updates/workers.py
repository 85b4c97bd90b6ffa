"""Evaluates blocks in several processes, with the results in the order of the input."""

from __future__ import annotations

import mmap
import os
import signal
import warnings
from collections import deque
from collections.abc import Generator, Iterator
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final, NoReturn, Self, TypeAlias

import msgspec

from listrak_sync.errors import ListrakSyncError
from listrak_sync.events.blocks import Block, Piece
from listrak_sync.events.ticks import Tick
from listrak_sync.updates.columns import Columns, by_column, by_row
from listrak_sync.updates.evaluate import Evaluator
from listrak_sync.updates.evaluated import Evaluated

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

START_BYTES: Final = 2 << 20
"""How much is read before processes are worth their start."""

TASK_BYTES: Final = 1 << 20
"""How much a process is given at a time, where nothing larger stands on one line."""

TASK_SECONDS: Final = 0.1
"""How long a block of a slow pipe waits for others."""

SLOT_BYTES: Final = 16 << 20
"""Room for a task, and for what becomes of it; where that needs more, we do it ourselves."""

AHEAD: Final = 3
"""How many tasks a process is given before the first is answered."""

_TOO_MUCH: Final = b""
_MOST_OPEN: Final = 65_536
"""A process opens no file with a higher number, unless it has thousands open."""

Result: TypeAlias = tuple[Piece, Evaluated]
_Task: TypeAlias = tuple[int, list[tuple[int, str, int]]]
_Answer: TypeAlias = tuple[Evaluated, Columns]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_task: Final = msgspec.msgpack.Decoder(_Task).decode
_decode_answers: Final = msgspec.msgpack.Decoder(list[_Answer]).decode


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def evaluate_in_order(
    evaluator: Evaluator, pieces: Iterator[Piece | Tick], jobs: int
) -> Generator[Result | Tick, None, None]:
    """Yield each piece with what becomes of it; the same for any number of jobs.

    A job is a process that is forked once some input is read: without `fork`, there is none.
    Close the iterator to end them. Raises ListrakSyncError where one of them dies.
    """
    left = START_BYTES if jobs > 1 and hasattr(os, "fork") else None
    for piece in pieces:
        if isinstance(piece, Tick):
            yield piece
            continue
        yield piece, evaluator.evaluate(piece)
        if left is not None and isinstance(piece, Block):
            left -= len(piece.data)
            if left <= 0:
                break
    else:
        return
    with _Workers(evaluator, jobs) as workers:
        yield from workers.results(pieces)


class _Workers:
    """Processes that each have a few tasks at most, dealt to them in turn."""

    def __init__(self, evaluator: Evaluator, jobs: int) -> None:
        self._evaluator = evaluator
        self._memory = mmap.mmap(-1, jobs * AHEAD * SLOT_BYTES)
        self._processes: list[tuple[int, Connection]] = []
        for _ in range(jobs):
            self._fork()

    def __enter__(self) -> Self:
        """Return the running processes."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes, whatever they are doing."""
        for process, connection in self._processes:
            connection.close()
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self._memory.close()

    def results(self, pieces: Iterator[Piece | Tick]) -> Iterator[Result | Tick]:
        """Yield each piece with what becomes of it, and ticks as soon as all before is there."""
        dealt: deque[tuple[list[Piece], int | None]] = deque()
        slots = len(self._processes) * AHEAD
        turn = 0
        for task in _tasks(pieces):
            if isinstance(task, Tick):
                while dealt:
                    yield from self._results(*dealt.popleft())
                yield task
                continue
            while dealt and (len(dealt) == slots or self._is_answered(dealt[0][1])):
                yield from self._results(*dealt.popleft())
            blocks = [piece for piece in task if isinstance(piece, Block)]
            if len(blocks) == len(task) and _size(blocks) <= SLOT_BYTES:
                self._deal(blocks, turn)
                dealt.append((task, turn))
                turn = (turn + 1) % slots
            else:
                dealt.append((task, None))
        while dealt:
            yield from self._results(*dealt.popleft())

    def _deal(self, blocks: list[Block], slot: int) -> None:
        start = slot * SLOT_BYTES
        for block in blocks:
            self._memory[start : start + len(block.data)] = block.data
            start += len(block.data)
        process, connection = self._processes[slot % len(self._processes)]
        task = [(len(block.data), block.file, block.first_line) for block in blocks]
        try:
            connection.send_bytes(_encode((slot, task)))
        except OSError:
            raise _died(process) from None

    def _results(self, task: list[Piece], slot: int | None) -> Iterator[Result]:
        answers = self._answers(slot) if slot is not None else None
        if answers is None:
            yield from ((piece, self._evaluator.evaluate(piece)) for piece in task)
            return
        for piece, (evaluated, columns) in zip(task, answers, strict=True):
            evaluated.position = piece.position
            evaluated.updates = by_row(columns)
            yield piece, evaluated

    def _is_answered(self, slot: int | None) -> bool:
        """Say whether what was dealt first need not be waited for."""
        return slot is None or self._processes[slot % len(self._processes)][1].poll()

    def _answers(self, slot: int) -> list[_Answer] | None:
        """Return what a process says of a task, None where it leaves that to us."""
        process, connection = self._processes[slot % len(self._processes)]
        try:
            length = int.from_bytes(connection.recv_bytes(), "little")
        except (EOFError, OSError):
            raise _died(process) from None
        start = slot * SLOT_BYTES
        return _decode_answers(self._memory[start : start + length]) if length else None

    def _fork(self) -> None:
        from multiprocessing.connection import Pipe  # noqa: PLC0415 - slow, and only for jobs

        ours, theirs = Pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads: see _work
            process = os.fork()
        if not process:
            _work(self._evaluator, theirs, self._memory)
        theirs.close()
        self._processes.append((process, ours))


def _work(evaluator: Evaluator, connection: Connection, memory: mmap.mmap) -> NoReturn:
    """Answer for blocks until there is nobody who asks; signals are for the parent to heed.

    Nothing that another thread of the parent may hold is touched: no lock, no file, no output.
    What is open is not kept open: where the parent is killed, nobody else holds its journal.
    """
    try:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, _MOST_OPEN)
        while True:
            slot, task = _decode_task(connection.recv_bytes())
            end = start = slot * SLOT_BYTES
            blocks = []
            for length, file, first_line in task:
                blocks.append(Block(file, first_line, memory[end : end + length]))
                end += length
            answer = _answer(evaluator, blocks)
            memory[start : start + len(answer)] = answer
            connection.send_bytes(len(answer).to_bytes(4, "little"))
    finally:
        os._exit(0)


def _answer(evaluator: Evaluator, blocks: list[Block]) -> bytes:
    """Return what becomes of blocks, or nothing where the parent has to find out itself."""
    answers = []
    try:
        for found in map(evaluator.evaluate, blocks):
            columns, found.updates = by_column(found.updates), []
            answers.append((found, columns))
    except Exception:  # noqa: BLE001 - the parent meets it again and can say more
        return _TOO_MUCH
    answer = _encode(answers)
    return answer if len(answer) <= SLOT_BYTES else _TOO_MUCH


def _tasks(pieces: Iterator[Piece | Tick]) -> Iterator[list[Piece] | Tick]:
    """Yield blocks in bundles, large ones or what came within a while; all else as it comes."""
    bundle: list[Piece] = []
    size, begun = 0, monotonic()
    for piece in pieces:
        length = len(piece.data) if isinstance(piece, Block) else TASK_BYTES
        if bundle and size + length > TASK_BYTES:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
        if isinstance(piece, Tick):
            yield piece
            continue
        bundle.append(piece)
        size += length
        if monotonic() - begun > TASK_SECONDS:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
    if bundle:
        yield bundle


def _size(blocks: list[Block]) -> int:
    return sum(len(block.data) for block in blocks)


def _died(process: int) -> ListrakSyncError:
    hint = "Was it killed, for want of memory perhaps? Run again, with --jobs 1 if need be."
    return ListrakSyncError(f"worker process {process} died", hint)
