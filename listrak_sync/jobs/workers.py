"""Deals the input to several processes, and takes their answers in its order."""

from __future__ import annotations

import mmap
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias, TypeVar, cast

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.input.blocks import Block
from listrak_sync.input.ranges import ByteRange, CompressedFile, InputUnit, UnreadUnit
from listrak_sync.input.ticks import Tick
from listrak_sync.jobs.bundles import bundles
from listrak_sync.jobs.worker import (
    AHEAD,
    END,
    FAILED,
    NamedFile,
    NamedSpan,
    SharedBlock,
    Task,
    Worker,
    encode,
    fork,
    read_answer,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


_Part = TypeVar("_Part", bound=InputUnit)


class Numbering:
    """Numbers the lines of spans, and drops what stands behind a place that cannot be read."""

    def __init__(self) -> None:
        self._last_line = 0
        self._broken: int | None = None

    def numbered(self, part: _Part) -> _Part | ByteRange:
        """Return the part that follows, with how many lines stand before it."""
        if isinstance(part, ByteRange) and part.lines_before is None:
            return replace(part, lines_before=self._last_line)
        return part

    def take(self, part: InputUnit, found: EvaluationResult) -> bool:
        """Go on after lines of a part; say whether they count."""
        if part.source == self._broken:
            return False
        self._last_line = found.end.line
        self._broken = part.source if isinstance(part, ByteRange) and found.is_broken else None
        return True


@dataclass(slots=True)
class Assignment:
    """Parts of the input, and who evaluates them: we do, where there is no worker."""

    parts: deque[InputUnit]
    worker: Worker | None = None
    found: deque[EvaluationResult | bytes] = field(default_factory=deque)
    """What we have found before it is asked for, as answers."""
    line: int = 0
    """Up to which line of the first part there is an answer."""

    @property
    def is_portion(self) -> bool:
        """Say whether it is not read yet."""
        return isinstance(self.parts[0], UnreadUnit)

    @property
    def is_compressed(self) -> bool:
        """Say whether it is a compressed file as a whole."""
        return isinstance(self.parts[0], CompressedFile)

    @property
    def is_of_a_file(self) -> bool:
        """Say whether all of it can be read again."""
        return self.is_portion or all(Path(part.file).is_file() for part in self.parts)

    def evaluate(self, evaluator: Evaluator) -> None:
        """Evaluate all before it is asked for; where that fails, it is tried anew by then."""
        with suppress(Exception):
            for part in self.parts:
                self.found.extend(evaluator.evaluate_unit(part))
                self.found.append(END)

    def take(self) -> EvaluationResult | bytes | None:
        """Return the next answer, None where it is not there yet."""
        if self.worker is not None:
            return self.worker.take()
        return self.found.popleft() if self.found else FAILED


SLOT_BYTES: Final = 16 << 20
"""Room for the blocks of a task; what needs more we evaluate ourselves."""

Result: TypeAlias = tuple[InputUnit, EvaluationResult]
"""A part of the input, and what became of lines of it that follow those before."""


class Workers:
    """Processes that each have a few tasks at most, dealt to whoever has the fewest.

    We are one of the jobs and evaluate, too, while all others have enough to do; but no compressed
    files, which are long: the last of the processes is there for these, and for nothing else.
    """

    def __init__(self, evaluator: Evaluator, jobs: int) -> None:
        self._evaluator = evaluator
        self._jobs = jobs
        self._memory = mmap.mmap(-1, jobs * AHEAD * SLOT_BYTES)
        self._workers: list[Worker] = []
        self._dealt: deque[Assignment] = deque()
        self._numbering = Numbering()
        for number in range(jobs):
            start = number * AHEAD * SLOT_BYTES
            self._workers.append(fork(evaluator, self._memory, start))

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
        for worker in self._workers:
            os.waitpid(worker.process, 0)
        self._memory.close()

    def results(
        self, parts: Iterator[InputUnit | Tick], is_stopped: Callable[[], bool]
    ) -> Iterator[Result | Tick]:
        """Yield each part with what becomes of it, and ticks as soon as all before is there."""
        for bundle in bundles(parts):
            if isinstance(bundle, Tick):
                yield from self._rest()
                yield bundle
                continue
            dealt = Assignment(deque(bundle))
            while not (is_over := dealt.is_portion and is_stopped()) and not self._deal(dealt):
                self._receive()
                yield from self._there()
            if is_over:
                break
            self._receive(timeout=0)
            yield from self._there()
        yield from self._rest(is_stopped)

    def _rest(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[Result]:
        """Yield what becomes of all that is dealt; once stopped, of no portion any more."""
        yield from self._there()
        while self._dealt:
            if is_stopped():
                self._drop_portions()
            if self._dealt:
                self._receive()
                yield from self._there()

    def _drop_portions(self) -> None:
        """Drop portions and what follows them, unless that came from a pipe."""
        portions = (index for index, dealt in enumerate(self._dealt) if dealt.is_portion)
        first = next(portions, len(self._dealt))
        if all(dealt.is_of_a_file for dealt in islice(self._dealt, first, None)):
            self._dealt = deque(islice(self._dealt, first))

    def _there(self) -> Iterator[Result]:
        """Yield what is known by now of what was dealt first."""
        while self._dealt:
            first = self._dealt[0]
            answer = first.take()
            if answer is None:
                return
            part = first.parts[0] = self._numbering.numbered(first.parts[0])
            if answer == FAILED:
                for found in self._evaluator.evaluate_unit(part):
                    yield from self._result(first, found)
            elif answer != END:
                found = read_answer(answer) if isinstance(answer, bytes) else answer
                if isinstance(part, ByteRange):
                    found.follow(part.lines_before or 0)
                yield from self._result(first, found)
                continue
            first.parts.popleft()
            first.line = 0
            if not first.parts:
                self._dealt.popleft()

    def _result(self, dealt: Assignment, found: EvaluationResult) -> Iterator[Result]:
        """Yield what was found unless it is known already, or does not count."""
        part = dealt.parts[0]
        if found.end.line > dealt.line and self._numbering.take(part, found):
            dealt.line = found.end.line
            yield part, found

    def _receive(self, timeout: float | None = None) -> None:
        """Hold what answers there are, at least one unless a timeout in seconds ends before."""
        from multiprocessing.connection import wait  # noqa: PLC0415 - slow, and only for jobs

        first = self._dealt[0].worker
        for _ in range(2 * AHEAD):  # mostly there is an answer to a task, and the end of it
            waiting = {
                worker.connection: worker
                for worker in self._workers
                if worker.unanswered and (worker is first or worker.has_space)
            }
            there = wait(list(waiting), timeout)
            if not there:
                return
            for connection in there:
                waiting[cast("Connection", connection)].receive()
            timeout = 0

    def _deal(self, dealt: Assignment) -> bool:
        """Give parts to whoever has the fewest tasks, or evaluate them; return False if none can.

        What is read already, or found by ourselves, is held as it is: there is no more of it than
        fits the tasks of all jobs.
        """
        others = self._workers[::-1] if dealt.is_compressed else self._workers[:-1]
        worker = min(others, key=lambda each: (not each.has_room, len(each.unanswered)))
        is_far_ahead = len(self._dealt) >= self._jobs * AHEAD
        if worker.has_room and (dealt.is_portion or not is_far_ahead):
            self._give(dealt, worker)
        elif is_far_ahead or dealt.is_compressed:
            return False
        else:
            dealt.evaluate(self._evaluator)
        self._dealt.append(dealt)
        return True

    def _give(self, dealt: Assignment, worker: Worker) -> None:
        """Give a process what it can evaluate; the rest is left to us."""
        start = worker.memory_start + worker.tasks % AHEAD * SLOT_BYTES
        room = start + SLOT_BYTES
        task: Task = []
        for part in dealt.parts:
            match part:
                case Block(file, first_line, lines, position, source) if start + part.size <= room:
                    end = start + part.size
                    self._memory[start:end] = b"".join(lines)
                    task.append(SharedBlock(file, start, end, first_line, position, source))
                    start = end
                case ByteRange(file, path, opened, first, last, _, source):
                    name = os.fsencode(path)
                    task.append(NamedSpan(file, name, opened.identity, first, last, source))
                case CompressedFile(file, path, identity, source):
                    task.append(NamedFile(file, os.fsencode(path), identity, source))
                case _:
                    return
        text = encode(task)
        if start + len(text) <= room:
            self._memory[start : start + len(text)] = text
            worker.give((start, start + len(text)), len(task))
            dealt.worker = worker
