"""Evaluates input units against the mappings of a run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from listrak_sync.errors import UsageError
from listrak_sync.evaluation.block_evaluator import BlockEvaluator
from listrak_sync.evaluation.compiled import CompiledMappings, EvaluationRules
from listrak_sync.evaluation.explain import Explainer, Explanation, Funnel
from listrak_sync.evaluation.line_evaluator import (
    LineEvaluator,
    LineOutcome,
    MatchedLine,
    RejectedLine,
    SkippedLine,
)
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.evaluation.stack_room import stack_room
from listrak_sync.input.checkpoints import checkpoint_after, first_checkpoint
from listrak_sync.input.columns import Columns
from listrak_sync.input.ranges import InputUnit, UnreadUnit
from listrak_sync.input.row_events import RowEvents, row_events
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.mapping.model import Mapping
from listrak_sync.reasons import Reason

NO_RULES: Final = EvaluationRules()

RESULT_LINES: Final = 4096
RESULT_BYTES: Final = 4 << 20
"""How much of an unread unit is evaluated for one result, at most a block more."""


class Evaluator:
    """Evaluates lines against the enabled mappings, all compiled beforehand.

    With `on_explanation`, events are evaluated line by line, and each is told why it matched a
    mapping or not.
    """

    def __init__(
        self,
        mappings: Sequence[Mapping],
        rules: EvaluationRules = NO_RULES,
        *,
        on_explanation: Callable[[Explanation], None] | None = None,
    ) -> None:
        compiled = CompiledMappings(mappings, rules)
        self._has_mappings = bool(compiled.names)
        self._lines = LineEvaluator(compiled)
        self._blocks = BlockEvaluator(compiled, self._lines)
        self._explainer = Explainer(compiled, on_explanation) if on_explanation else None

    def evaluate(self, unit: ReadUnit) -> EvaluationResult:
        """Return what becomes of lines that are read already."""
        result = EvaluationResult(unit.file)
        self._evaluate_into(unit, result)
        return result

    def evaluate_unread(self, unit: UnreadUnit) -> Iterator[EvaluationResult]:
        """Yield what becomes of the lines of a unit while they are read."""
        return self.evaluate_all(unit.read())

    def evaluate_all(self, units: Iterable[ReadUnit]) -> Iterator[EvaluationResult]:
        """Yield what becomes of the lines of one file while they are read, some thousand each."""
        result: EvaluationResult | None = None
        size = 0
        for read in units:
            result = result or EvaluationResult(read.file)
            self._evaluate_into(read, result)
            size += read.size if isinstance(read, Block) else 0
            if result.lines >= RESULT_LINES or size >= RESULT_BYTES:
                yield result
                result, size = None, 0
        if result is not None:
            yield result

    def evaluate_unit(self, unit: InputUnit) -> Iterator[EvaluationResult]:
        """Yield what becomes of the lines of a unit, whether they are read already or not."""
        if isinstance(unit, UnreadUnit):
            yield from self.evaluate_unread(unit)
        else:
            yield self.evaluate(unit)

    def funnels(self) -> tuple[Funnel, ...]:
        """Return how far the events came in each mapping; empty where nobody is told."""
        return tuple(self._explainer.funnels()) if self._explainer else ()

    def _evaluate_into(self, unit: ReadUnit, result: EvaluationResult) -> None:
        """Evaluate the lines of a unit into the result, behind those before."""
        result.end, result.position = checkpoint_after(unit), unit.position
        result.begins.append(first_checkpoint(unit))
        result.retries += unit.retries if isinstance(unit, Block) else 0
        with stack_room():
            match unit:
                case Block(columns=None):
                    result.lines += len(unit.lines)
                    if self._explainer is None and self._has_mappings:
                        self._blocks.evaluate(unit, result)
                    else:
                        numbers = range(unit.first_line, unit.last_line + 1)
                        self._each_line(unit.lines, numbers, result)
                case Block(columns=Columns() as columns):
                    self._evaluate_rows(unit, row_events(unit, columns), result)
                case UnreadableLine():
                    self._reject(unit, result)

    def _evaluate_rows(self, block: Block, found: RowEvents, result: EvaluationResult) -> None:
        """Evaluate the events of rows, which have the numbers of their rows' first lines."""
        part = EvaluationResult(block.file)
        part.lines = len(found.lines)
        if self._explainer is None and self._has_mappings:
            events = replace(block, first_line=1, lines=found.lines)
            self._blocks.evaluate(events, part)
            part.renumber(found.numbers)
            for row in found.rejected:
                self._reject(row, part)
        else:
            self._each_row(found, part)
        part.rejects.sort(key=attrgetter("line"))
        result.add(part)

    def _each_row(self, found: RowEvents, result: EvaluationResult) -> None:
        """Evaluate rows one by one, in their order."""
        done = 0
        for row in found.rejected:
            until = bisect_left(found.numbers, row.line)
            some = slice(done, until)
            self._each_line(found.lines[some], found.numbers[some], result)
            self._reject(row, result)
            done = until
        self._each_line(found.lines[done:], found.numbers[done:], result)

    def _reject(self, unit: UnreadableLine, result: EvaluationResult) -> None:
        result.lines += 1
        outcome = RejectedLine(unit.beginning, unit.reason, unit.detail)
        if self._explainer is not None:
            self._explainer.explain(unit.file, unit.line, outcome)
        self._lines.record(outcome, unit.line, result)

    def _each_line(
        self, lines: Sequence[bytes], numbers: Sequence[int], result: EvaluationResult
    ) -> None:
        """Evaluate lines one by one. Raises UsageError for an event where there is no mapping."""
        for number, line in zip(numbers, lines, strict=True):
            outcome = self._lines.outcome(number, line.removesuffix(b"\n"))
            if not self._has_mappings and _needs_mapping(outcome):
                raise no_mapping_file(f"{result.file}:{number}: this is not an update, and ")
            if self._explainer is not None:
                self._explainer.explain(result.file, number, outcome)
            self._lines.record(outcome, number, result)


def no_mapping_file(why: str) -> UsageError:
    """Return the error of a run that is given events, and no mapping file."""
    hint = "Name one with -m FILE or LISTRAK_SYNC_MAPPING; only updates can do without."
    return UsageError(f"{why}{'there is ' if why else ''}no mapping file", hint)


def _needs_mapping(outcome: LineOutcome) -> bool:
    """Say whether a line is meant for mappings."""
    match outcome:
        case SkippedLine(reason=reason):
            return reason is not Reason.BLANK_LINE
        case RejectedLine(reason=reason):
            return reason is Reason.UNKNOWN_MAPPING
    return isinstance(outcome, MatchedLine)
