"""Evaluates blocks in several processes, with the results in the order of the input."""

from __future__ import annotations

import mmap
import os
import signal
import warnings
from collections import Counter, deque
from collections.abc import Generator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final, NoReturn, Self, TypeAlias

import msgspec

from listrak_sync.errors import ListrakSyncError
from listrak_sync.events.blocks import Block, Piece
from listrak_sync.events.rejects import Reject
from listrak_sync.events.ticks import Tick
from listrak_sync.updates.evaluate import Evaluated, Evaluator
from listrak_sync.updates.update import Update

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

START_BYTES: Final = 2 << 20
"""How much is read before processes are worth their start."""

SLOT_BYTES: Final = 4 << 20
"""Room for a block, and for what becomes of it; where that needs more, we do it ourselves."""

_AHEAD: Final = 2
_TOO_MUCH: Final = b""
_MOST_OPEN: Final = 65_536
"""A process opens no file with a higher number, unless it has thousands open."""

Result: TypeAlias = tuple[Piece, Evaluated]
_Counts: TypeAlias = tuple[int, dict[str, int], dict[int, int]]
_Answer: TypeAlias = tuple[_Counts, list[tuple[int, Update]], list[Reject]]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_task: Final = msgspec.msgpack.Decoder(tuple[int, int, str, int]).decode
_decode_answer: Final = msgspec.msgpack.Decoder(_Answer).decode


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
    """Processes that each hold a few blocks at most, dealt to them in turn."""

    def __init__(self, evaluator: Evaluator, jobs: int) -> None:
        self._evaluator = evaluator
        self._memory = mmap.mmap(-1, jobs * _AHEAD * SLOT_BYTES)
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
        dealt: deque[tuple[Piece, int | None]] = deque()
        slots = len(self._processes) * _AHEAD
        turn = 0
        for piece in pieces:
            if isinstance(piece, Tick):
                yield from map(self._result, _drained(dealt))
                yield piece
                continue
            if len(dealt) == slots:
                yield self._result(dealt.popleft())
            if isinstance(piece, Block) and len(piece.data) <= SLOT_BYTES:
                self._deal(piece, turn)
                dealt.append((piece, turn))
                turn = (turn + 1) % slots
            else:
                dealt.append((piece, None))
        yield from map(self._result, _drained(dealt))

    def _deal(self, block: Block, slot: int) -> None:
        start = slot * SLOT_BYTES
        self._memory[start : start + len(block.data)] = block.data
        process, connection = self._processes[slot % len(self._processes)]
        try:
            connection.send_bytes(_encode((slot, len(block.data), block.file, block.first_line)))
        except OSError:
            raise _died(process) from None

    def _result(self, dealt: tuple[Piece, int | None]) -> Result:
        piece, slot = dealt
        if slot is None:
            return piece, self._evaluator.evaluate(piece)
        process, connection = self._processes[slot % len(self._processes)]
        try:
            length = int.from_bytes(connection.recv_bytes(), "little")
        except (EOFError, OSError):
            raise _died(process) from None
        if not length:
            return piece, self._evaluator.evaluate(piece)
        start = slot * SLOT_BYTES
        counts, updates, rejects = _decode_answer(self._memory[start : start + length])
        lines, skipped, matched = counts
        evaluated = Evaluated(
            piece.file,
            piece.position,
            lines,
            Counter(skipped),
            Counter(matched),
            updates,
            rejects,
        )
        return piece, evaluated

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
            slot, length, file, first = _decode_task(connection.recv_bytes())
            start = slot * SLOT_BYTES
            answer = _answer(evaluator, Block(file, first, memory[start : start + length]))
            memory[start : start + len(answer)] = answer
            connection.send_bytes(len(answer).to_bytes(4, "little"))
    finally:
        os._exit(0)


def _answer(evaluator: Evaluator, block: Block) -> bytes:
    """Return what becomes of a block, or nothing where the parent has to find out itself."""
    try:
        found = evaluator.evaluate(block)
    except Exception:  # noqa: BLE001 - the parent meets it again and can say more
        return _TOO_MUCH
    counts = (found.lines, found.skipped, found.matched)
    answer = _encode((counts, found.updates, found.rejects))
    return answer if len(answer) <= SLOT_BYTES else _TOO_MUCH


def _drained(dealt: deque[tuple[Piece, int | None]]) -> Iterator[tuple[Piece, int | None]]:
    while dealt:
        yield dealt.popleft()


def _died(process: int) -> ListrakSyncError:
    hint = "Was it killed, for want of memory perhaps? Run again, with --jobs 1 if need be."
    return ListrakSyncError(f"worker process {process} died", hint)
