"""Evaluates the input in several processes, with the results in its order."""

from __future__ import annotations

import mmap
import os
import signal
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias, TypeVar, cast

from listrak_sync.errors import ListrakSyncError
from listrak_sync.events.blocks import Block, Piece
from listrak_sync.events.portions import CompressedFile, Portion, Span
from listrak_sync.events.ticks import Tick
from listrak_sync.updates.evaluated import Evaluated
from listrak_sync.updates.lines import LineEvaluator
from listrak_sync.updates.worker import (
    END,
    FAILED,
    NamedFile,
    NamedSpan,
    SharedBlock,
    Task,
    encode_task,
    evaluate_portion,
    read_answer,
    work,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

START_BYTES: Final = 2 << 20
"""How much is read before processes are worth their start."""

TASK_BYTES: Final = 1 << 20
"""How much a process is given at a time, where nothing larger stands on one line."""

TASK_SECONDS: Final = 0.1
"""How long a block of a slow pipe waits for others."""

SLOT_BYTES: Final = 16 << 20
"""Room for the blocks of a task; what needs more we evaluate ourselves."""

AHEAD: Final = 3
"""How many tasks a process is given before the first is answered."""

HELD_BYTES: Final = 64 << 20
"""How much of a process's answers is held while those before are waited for."""

_Part: TypeAlias = Piece | Portion
_Bundle: TypeAlias = list[_Part]
_T = TypeVar("_T")

Result: TypeAlias = tuple[_Part, Evaluated]
"""A part of the input, and what became of lines of it that follow those before."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Say whether there can be processes beside this one."""
    return hasattr(os, "fork")


def evaluate_in_order(
    evaluator: LineEvaluator,
    parts: Iterator[_Part | Tick],
    jobs: int,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Generator[Result | Tick, None, None]:
    """Yield each part of the input with what becomes of it; the same for any number of jobs.

    Jobs are processes, forked once some input is read, or at the first portion. Close the
    iterator to end them. Once stopped, portions are not read any more. Raises ListrakSyncError
    where a process dies.
    """
    left, spans = START_BYTES, _Spans()
    for part in parts:
        if jobs > 1 and (left <= 0 or isinstance(part, Portion)):
            with _Workers(evaluator, jobs) as workers:
                yield from workers.results(chain((part,), parts), is_stopped)
            return
        if isinstance(part, Tick):
            yield part
        elif isinstance(part, Portion):
            numbered = spans.numbered(part)
            for found in evaluate_portion(evaluator, numbered):
                if spans.take(numbered, found):
                    yield numbered, found
                if is_stopped():
                    return
        else:
            yield part, evaluator.evaluate(part)
            left -= part.size if isinstance(part, Block) else 0


class _Spans:
    """Numbers the lines of spans, and drops what stands behind a place that cannot be read."""

    def __init__(self) -> None:
        self._last_line = 0
        self._broken: int | None = None

    def numbered(self, part: _T) -> _T | Span:
        """Return the part that follows, with how many lines stand before it."""
        if isinstance(part, Span) and part.lines_before is None:
            return replace(part, lines_before=self._last_line)
        return part

    def take(self, part: _Part, found: Evaluated) -> bool:
        """Go on after lines of a part; say whether they count."""
        if part.source == self._broken:
            return False
        self._last_line = found.end.line
        self._broken = part.source if isinstance(part, Span) and found.is_broken else None
        return True


@dataclass(slots=True, eq=False)
class _Worker:
    """A process: how many parts it has not answered for yet, and what is held of its answers."""

    process: int
    connection: Connection
    memory_start: int
    tasks: int = 0
    unanswered: deque[int] = field(default_factory=deque)
    held: deque[bytes] = field(default_factory=deque)
    held_bytes: int = 0

    @property
    def has_room(self) -> bool:
        """Say whether it can be given a task."""
        return len(self.unanswered) < AHEAD and self.held_bytes < HELD_BYTES

    def give(self, task: Task) -> None:
        """Give it a task. Raises ListrakSyncError where it has died."""
        try:
            self.connection.send_bytes(encode_task(task))
        except OSError:
            raise _died(self.process) from None
        self.tasks += 1
        self.unanswered.append(len(task))

    def receive(self) -> None:
        """Hold the next of its answers. Raises ListrakSyncError where it has died."""
        try:
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            raise _died(self.process) from None
        self.held.append(answer)
        self.held_bytes += len(answer)
        if answer in {END, FAILED}:
            self.unanswered[0] -= 1
            if not self.unanswered[0]:
                self.unanswered.popleft()

    def take(self) -> bytes | None:
        """Return the first of its answers that are held, None where none is."""
        if not self.held:
            return None
        answer = self.held.popleft()
        self.held_bytes -= len(answer)
        return answer


@dataclass(slots=True)
class _Dealt:
    """Parts of the input, and who evaluates them: nobody else, where there is no worker."""

    parts: deque[_Part]
    worker: _Worker | None = None
    line: int = 0
    """Up to which line of the first part there is an answer."""

    @property
    def is_portion(self) -> bool:
        """Say whether it is not read yet."""
        return isinstance(self.parts[0], Portion)


class _Workers:
    """Processes that each have a few tasks at most, dealt to whoever has the fewest."""

    def __init__(self, evaluator: LineEvaluator, jobs: int) -> None:
        self._evaluator = evaluator
        self._memory = mmap.mmap(-1, jobs * AHEAD * SLOT_BYTES)
        self._workers: list[_Worker] = []
        self._dealt: deque[_Dealt] = deque()
        self._spans = _Spans()
        for number in range(jobs):
            self._fork(number * AHEAD * SLOT_BYTES)

    def __enter__(self) -> Self:
        """Return the running processes."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._workers:
            worker.connection.close()
            os.kill(worker.process, signal.SIGKILL)
            os.waitpid(worker.process, 0)
        self._memory.close()

    def results(
        self, parts: Iterator[_Part | Tick], is_stopped: Callable[[], bool]
    ) -> Iterator[Result | Tick]:
        """Yield each part with what becomes of it, and ticks as soon as all before is there."""
        for bundle in _bundles(parts):
            if isinstance(bundle, Tick):
                yield from self._rest()
                yield bundle
                continue
            dealt = _Dealt(deque(bundle))
            while not (worker := self._with_room(dealt)) and not (
                dealt.is_portion and is_stopped()
            ):
                self._receive()
                yield from self._there()
            if worker is None:
                break
            self._deal(dealt, worker)
            self._receive(timeout=0)
            yield from self._there()
        yield from self._rest(is_stopped)

    def _rest(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[Result]:
        """Yield what becomes of all that is dealt, but for portions at the end once stopped."""
        yield from self._there()
        while self._dealt:
            if is_stopped() and self._dealt[-1].is_portion:
                self._dealt.pop()
            else:
                self._receive()
                yield from self._there()

    def _there(self) -> Iterator[Result]:
        """Yield what is known by now of what was dealt first."""
        while self._dealt:
            first = self._dealt[0]
            answer = first.worker.take() if first.worker else FAILED
            if answer is None:
                return
            part = first.parts[0] = self._spans.numbered(first.parts[0])
            if answer == FAILED:
                for found in self._by_ourselves(part):
                    yield from self._result(first, found)
            elif answer != END:
                found = read_answer(answer)
                if isinstance(part, Span):
                    found.follow(part.lines_before or 0)
                yield from self._result(first, found)
                continue
            first.parts.popleft()
            first.line = 0
            if not first.parts:
                self._dealt.popleft()

    def _by_ourselves(self, part: _Part) -> Iterator[Evaluated]:
        """Yield what becomes of a part that nobody else answers for."""
        if isinstance(part, Portion):
            return evaluate_portion(self._evaluator, part)
        return iter((self._evaluator.evaluate(part),))

    def _result(self, dealt: _Dealt, found: Evaluated) -> Iterator[Result]:
        """Yield what was found unless it is known already, or does not count."""
        part = dealt.parts[0]
        if found.end.line > dealt.line and self._spans.take(part, found):
            dealt.line = found.end.line
            yield part, found

    def _with_room(self, dealt: _Dealt) -> _Worker | None:
        """Return who has the fewest tasks, if there is room for one more.

        Of what is read already, no more is dealt than fits: it need not be held for long.
        """
        if not dealt.is_portion and len(self._dealt) >= len(self._workers) * AHEAD:
            return None
        worker = min(self._workers, key=lambda each: (not each.has_room, len(each.unanswered)))
        return worker if worker.has_room else None

    def _receive(self, timeout: float | None = None) -> None:
        """Hold what answers there are, at least one unless there is a timeout in seconds."""
        from multiprocessing.connection import wait  # noqa: PLC0415 - slow, and only for jobs

        first = self._dealt[0].worker
        waiting = {
            worker.connection: worker
            for worker in self._workers
            if worker.unanswered and (worker is first or worker.held_bytes < HELD_BYTES)
        }
        for connection in wait(list(waiting), timeout):
            waiting[cast("Connection", connection)].receive()

    def _deal(self, dealt: _Dealt, worker: _Worker) -> None:
        """Give a process what it can evaluate; the rest is left to us."""
        self._dealt.append(dealt)
        start = worker.memory_start + worker.tasks % AHEAD * SLOT_BYTES
        task: Task = []
        for part in dealt.parts:
            match part:
                case Block(file, first_line, lines, position, source) if part.size <= SLOT_BYTES:
                    end = start + part.size
                    self._memory[start:end] = b"".join(lines)
                    task.append(SharedBlock(file, start, end, first_line, position, source))
                    start = end
                case Span(file, path, opened, first, last, _, source):
                    name = os.fsencode(path)
                    task.append(NamedSpan(file, name, opened.identity, first, last, source))
                case CompressedFile(file, path, source):
                    task.append(NamedFile(file, os.fsencode(path), source))
                case _:
                    return
        worker.give(task)
        dealt.worker = worker

    def _fork(self, memory_start: int) -> None:
        from multiprocessing.connection import Pipe  # noqa: PLC0415 - slow, and only for jobs

        ours, theirs = Pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads: see work
            process = os.fork()
        if not process:
            work(self._evaluator, theirs, self._memory)
        theirs.close()
        self._workers.append(_Worker(process, ours, memory_start))


def _bundles(parts: Iterator[_Part | Tick]) -> Iterator[_Bundle | Tick]:
    """Yield blocks in bundles, large ones or what came within a while; all else as it comes."""
    bundle: _Bundle = []
    size, begun = 0, monotonic()
    for part in parts:
        length = part.size if isinstance(part, Block) else TASK_BYTES
        if bundle and size + length > TASK_BYTES:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
        if isinstance(part, Tick):
            yield part
            continue
        bundle.append(part)
        size += length
        if monotonic() - begun > TASK_SECONDS:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
    if bundle:
        yield bundle


def _died(process: int) -> ListrakSyncError:
    hint = "Was it killed, for want of memory perhaps? Run again, with --jobs 1 if need be."
    return ListrakSyncError(f"worker process {process} died", hint)
