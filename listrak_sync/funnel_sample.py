"""How far events come in each mapping, by a sample: to explain every line would take too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from listrak_sync.delivery.sending import ignore
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.explain import Funnel
from listrak_sync.input.blocks import read
from listrak_sync.input.sources import Source
from listrak_sync.input.units import Block
from listrak_sync.run_settings import RunSettings

MOST_LINES: Final = 300
_MOST_FILES: Final = 20


@dataclass(frozen=True, slots=True)
class FunnelSample:
    """The funnels of so many lines."""

    funnels: tuple[Funnel, ...]
    lines: int


def sample_funnels(settings: RunSettings) -> FunnelSample:
    """Explain the first lines of some files, a few hundred in all.

    Pipes cannot be read again, and the rows of CSV all look alike: neither is looked at.
    """
    chosen = [*_spread([each for each in settings.sources if each.can_be_read_again])]
    evaluator, lines = Evaluator(settings.mappings, settings.rules, on_explanation=ignore), 0
    for source in chosen:
        for block in _first(source, MOST_LINES // len(chosen)):
            evaluator.evaluate(block)
            lines += len(block.lines)
    return FunnelSample(evaluator.funnels() if lines else (), lines)


def _spread(sources: Sequence[Source]) -> Iterator[Source]:
    """Yield some of the sources, as far apart as they are."""
    yield from sources[:: max(1, -(-len(sources) // _MOST_FILES))]


def _first(source: Source, lines: int) -> Iterator[Block]:
    """Yield the first lines of a source, without those that cannot be read."""
    for unit in read((source,)):
        if not isinstance(unit, Block) or unit.columns is not None:
            return
        yield replace(unit, lines=unit.lines[:lines])
        lines -= len(unit.lines)
        if lines <= 0:
            return
