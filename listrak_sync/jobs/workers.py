"""Sends input units to several workers, and yields their evaluation results in input order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.input.ranges import ByteRange, InputUnit, UnreadUnit
from listrak_sync.input.sources import can_be_read_again
from listrak_sync.input.ticks import Tick
from listrak_sync.input.units import Block
from listrak_sync.jobs.worker import AHEAD, END, FAILED, Worker, decode_result, start_worker

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TOGETHER_BYTES: Final = 1 << 20
"""How many bytes of blocks go in one message: small files and slow pipes come in small blocks."""

TOGETHER_SECONDS: Final = 0.1
"""How long a block of a slow pipe waits for others."""


UnitResult: TypeAlias = tuple[InputUnit, EvaluationResult]
"""An input unit, and what became of lines of it that follow those before."""


class LineNumbers:
    """Numbers the lines of byte ranges, and tells results that count from those that do not."""

    def __init__(self) -> None:
        self._source = -1
        self._last_line = 0
        self._is_broken = False

    def numbered(self, unit: InputUnit) -> InputUnit:
        """Return the next unit, a byte range with how many lines are before it."""
        if unit.source != self._source:
            self._source, self._last_line, self._is_broken = unit.source, 0, False
        if isinstance(unit, ByteRange) and unit.lines_before is None:
            return replace(unit, lines_before=self._last_line)
        return unit

    def counts(self, unit: InputUnit, result: EvaluationResult) -> bool:
        """Say whether a result of the unit that was numbered last goes on where others end.

        Nothing counts behind a place where the file cannot be read on, and nothing twice: what a
        worker does not evaluate to its end, the parent evaluates from its beginning.
        """
        if isinstance(unit, UnreadUnit):
            if self._is_broken or result.end.line <= self._last_line:
                return False
            self._is_broken = result.is_broken
        self._last_line = result.end.line
        return True

    def evaluated(self, evaluator: Evaluator, unit: InputUnit) -> Iterator[UnitResult]:
        """Yield the results of the next unit, evaluated in this process."""
        unit = self.numbered(unit)
        for result in evaluator.evaluate_unit(unit):
            if self.counts(unit, result):
                yield unit, result


def blocks_together(
    units: Iterator[InputUnit | Tick],
) -> Iterator[list[InputUnit] | Tick]:
    """Yield the units in lists: blocks up to a size, or what came within a while; others alone."""
    together: list[InputUnit] = []
    size, began = 0, monotonic()
    for unit in units:
        more = unit.size if isinstance(unit, Block) else TOGETHER_BYTES
        if together and size + more > TOGETHER_BYTES:
            yield together
            together, size, began = [], 0, monotonic()
        if isinstance(unit, Tick):
            yield unit
            continue
        together.append(unit)
        size += more
        if size >= TOGETHER_BYTES or monotonic() - began > TOGETHER_SECONDS:
            yield together
            together, size, began = [], 0, monotonic()
    if together:
        yield together


@dataclass(slots=True)
class _Message:
    """Units without their results yet, and the worker that has them; None is the parent."""

    units: deque[InputUnit]
    worker: Worker | None

    @property
    def can_be_read_again(self) -> bool:
        """Say whether a later run finds the units where this one did: a pipe's are gone."""
        return all(
            isinstance(unit, UnreadUnit) or can_be_read_again(unit.file) for unit in self.units
        )


class Workers:
    """Worker processes, and the messages sent to them, in input order."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._workers: list[Worker] = []
        self._messages: deque[_Message] = deque()
        self._line_numbers = LineNumbers()

    def results(
        self, units: Iterator[InputUnit | Tick], jobs: int, is_stopped: Callable[[], bool]
    ) -> Iterator[UnitResult | Tick]:
        """Start workers; yield units with their results in input order, ticks in their places.

        Once stopped, units that a later run can read again are dropped from the end.
        """
        try:
            for _ in range(jobs):
                self._workers.append(start_worker(self._evaluator))
            for together in blocks_together(units):
                if isinstance(together, Tick):
                    yield from self._rest(lambda: False)
                    yield together
                else:
                    yield from self._sent(together, is_stopped)
            yield from self._rest(is_stopped)
        finally:
            for worker in self._workers:
                worker.end()

    def _sent(
        self, units: Sequence[InputUnit], is_stopped: Callable[[], bool]
    ) -> Iterator[UnitResult]:
        """Send units as soon as a worker has room; yield the results that are known by then."""
        while (worker := self._worker_for(units)) is None and not is_stopped():
            self._receive()
            yield from self._known()
        is_sent = worker is not None and worker.send(units)
        self._messages.append(_Message(deque(units), worker if is_sent else None))
        self._receive(timeout=0)
        yield from self._known()

    def _worker_for(self, units: Sequence[InputUnit]) -> Worker | None:
        """Return the worker with the least to do that has room for units."""
        is_read = not isinstance(units[0], UnreadUnit)
        if is_read and len(self._messages) >= AHEAD * len(self._workers):
            return None  # what is read takes memory until its turn comes, answered or not
        able = (worker for worker in self._workers if worker.has_room(units))
        return min(able, key=lambda worker: len(worker.unanswered), default=None)

    def _rest(self, is_stopped: Callable[[], bool]) -> Iterator[UnitResult]:
        """Yield the results of all messages but those that are dropped."""
        while self._messages:
            while is_stopped() and self._messages and self._messages[-1].can_be_read_again:
                self._messages.pop()
            if self._messages:
                self._receive()
                yield from self._known()

    def _receive(self, timeout: float | None = None) -> None:
        """Receive the answers that are there, at least one unless a timeout in seconds ends.

        A worker waits while enough of its answers is held, but never the one that is next.
        """
        from multiprocessing.connection import wait  # noqa: PLC0415 - slow, and only for jobs

        first = self._messages[0].worker
        for _ in range(2 * AHEAD):  # mostly an answer and an END for each message
            able = {
                worker.connection: worker
                for worker in self._workers
                if worker.unanswered and (worker is first or worker.may_hold)
            }
            ready = wait(list(able), timeout)
            if not ready:
                return
            for connection in ready:
                able[cast("Connection", connection)].receive()
            timeout = 0

    def _known(self) -> Iterator[UnitResult]:
        """Yield the results that are next in input order, as far as they are received."""
        while self._messages:
            units, worker = self._messages[0].units, self._messages[0].worker
            answer = FAILED if worker is None else worker.next_answer()
            if answer is None:
                return
            if answer in {END, FAILED}:
                for unit in units if answer == FAILED else ():
                    yield from self._line_numbers.evaluated(self._evaluator, unit)
                self._messages.popleft()
                continue
            unit, result = self._line_numbers.numbered(units[0]), decode_result(answer)
            if isinstance(unit, ByteRange):
                result.follow(unit.lines_before or 0)
                units[0] = unit  # the next results of the range go by the same number
            elif not isinstance(unit, UnreadUnit):
                units.popleft()  # it has one result
            if self._line_numbers.counts(unit, result):
                yield unit, result
