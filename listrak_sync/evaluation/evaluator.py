"""Evaluates input units against the mappings of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from listrak_sync.evaluation.block_evaluator import BlockEvaluator
from listrak_sync.evaluation.compiled import CompiledMappings
from listrak_sync.evaluation.explain import Explainer, Explanation, Funnel
from listrak_sync.evaluation.line_evaluator import LineEvaluator, RejectedLine
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.input.blocks import Block, ReadUnit
from listrak_sync.input.checkpoints import checkpoint_after, first_checkpoint
from listrak_sync.input.ranges import InputUnit, UnreadUnit
from listrak_sync.mapping.model import Mapping

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
        *,
        ignore_integrations: bool = False,
        by_timestamp: bool = True,
        on_explanation: Callable[[Explanation], None] | None = None,
    ) -> None:
        compiled = CompiledMappings(
            mappings, ignore_integrations=ignore_integrations, by_timestamp=by_timestamp
        )
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
        result: EvaluationResult | None = None
        size = 0
        for read in unit.read():
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
        if isinstance(unit, Block):
            result.lines += len(unit.lines)
            if self._explainer is None:
                self._blocks.evaluate(unit, result)
            else:
                self._explain_lines(unit, self._explainer, result)
            return
        result.lines += 1
        outcome = RejectedLine(unit.beginning, unit.reason, unit.detail)
        if self._explainer is not None:
            self._explainer.explain(unit.file, unit.line, outcome)
        self._lines.record(outcome, unit.line, result)

    def _explain_lines(self, block: Block, explainer: Explainer, result: EvaluationResult) -> None:
        for number, line in enumerate(block.lines, block.first_line):
            outcome = self._lines.outcome(number, line.removesuffix(b"\n"))
            explainer.explain(block.file, number, outcome)
            self._lines.record(outcome, number, result)
