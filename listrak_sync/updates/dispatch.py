"""Which mappings take an event, found by the texts that their triggers demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from listrak_sync.events.paths import Path
from listrak_sync.mapping.conditions import Condition
from listrak_sync.mapping.pins import Pins, pins, without
from listrak_sync.mapping.predicates import Test, compile_condition
from listrak_sync.updates.update import Maker

Taker: TypeAlias = tuple[Test | None, Maker]
"""What is left to test of a mapping's trigger, and what makes its updates."""

Takers: TypeAlias = tuple[Taker, ...]

_NOWHERE: Final[Path] = ("type",)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mapping's trigger, None for every event, and what makes its updates."""

    trigger: Condition | None
    maker: Maker


class Dispatch:
    """Finds the mappings that may take an event by one look into a dictionary.

    Triggers that demand one of some texts at a path are listed by text, for the path by which
    the fewest are left; every other trigger is tried for every event.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        demands = [pins(each.trigger) if each.trigger else {} for each in candidates]
        path = _best_path(demands)
        self.path = path
        """Where the text is that decides."""
        self.others: Takers = tuple(
            _taker(each, None)
            for each, pinned in zip(candidates, demands, strict=True)
            if path not in pinned
        )
        """What takes events without such a text, or with another one."""
        texts = frozenset[str]().union(*(pinned.get(path, ()) for pinned in demands))
        self.by_text: dict[str, Takers] = {
            text: tuple(
                _taker(each, path if path in pinned else None)
                for each, pinned in zip(candidates, demands, strict=True)
                if text in pinned.get(path, (text,))
            )
            for text in texts
        }
        """What takes events with one of these texts, in the order of the mappings."""
        self.decides = all(
            len(takers) <= 1 and all(test is None for test, _ in takers)
            for takers in (self.others, *self.by_text.values())
        )
        """Whether the text alone tells the one mapping that takes an event, if any does."""


def _taker(candidate: Candidate, path: Path | None) -> Taker:
    """Return what is left to do where the text at the path is one that the trigger demands."""
    trigger = candidate.trigger
    if trigger is not None and path is not None:
        trigger = without(trigger, path)
    return (None if trigger is None else compile_condition(trigger), candidate.maker)


def _best_path(demands: Sequence[Pins]) -> Path:
    """Return the path by which the fewest triggers are left to try, at worst."""

    def left(path: Path) -> int:
        texts = frozenset[str]().union(*(pinned.get(path, ()) for pinned in demands))
        return max(sum(text in pinned.get(path, (text,)) for pinned in demands) for text in texts)

    paths = dict.fromkeys(path for pinned in demands for path, texts in pinned.items() if texts)
    return min(paths, key=left, default=_NOWHERE)
