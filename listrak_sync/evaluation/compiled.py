"""The mappings of a run, compiled once: what they read, and which of them may take an event."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Final, TypeAlias

from listrak_sync.evaluation.event_times import TIMESTAMP, Period, happened
from listrak_sync.evaluation.updates import (
    UpdateMaker,
    rare_paths,
    trigger_paths,
    update_paths,
)
from listrak_sync.events.acceptance import (
    ACCEPTED_TYPES,
    INTEGRATIONS,
    TYPE,
    find_type,
    passes_integrations,
)
from listrak_sync.events.decoding import Decoder
from listrak_sync.events.key_paths import Event, KeyPath, finder
from listrak_sync.events.timestamps import NEVER
from listrak_sync.mapping.conditions import Condition
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.pins import Pins, pins, without
from listrak_sync.mapping.predicates import Test, compile_condition
from listrak_sync.reasons import Reason

Taker: TypeAlias = tuple[Test | None, UpdateMaker]
"""The rest of a mapping's trigger that is to be tested, if any, and the maker of its updates."""

Takers: TypeAlias = tuple[Taker, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mapping's trigger, None for every event, and the maker of its updates."""

    trigger: Condition | None
    maker: UpdateMaker


class Dispatch:
    """Finds the mappings that may take an event by one look into a dictionary.

    Triggers that demand one of some texts at a path are listed by text, for the path by which
    the fewest are left; every other trigger is tried for every event.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        demands = [pins(each.trigger) if each.trigger else {} for each in candidates]
        path = _best_path(demands)
        self.path = path
        """The key path of the text that decides."""
        takers, others, by_text = list[Taker](), list[int](), defaultdict[str, list[int]](list)
        for index, (each, pinned) in enumerate(zip(candidates, demands, strict=True)):
            takers.append(_taker(each, path if path in pinned else None))
            if path not in pinned:
                others.append(index)
            for text in pinned.get(path, ()):
                by_text[text].append(index)
        self.others: Takers = tuple(takers[index] for index in others)
        """The takers of events without such a text, or with another one."""
        self.by_text: dict[str, Takers] = {
            text: tuple(takers[index] for index in merge(others, indices))
            for text, indices in by_text.items()
        }
        """The takers of events with one of these texts, in the order of the mappings."""
        self.decides = all(
            len(each) <= 1 and all(test is None for test, _ in each)
            for each in (self.others, *self.by_text.values())
        )
        """Whether the text alone tells which mapping takes an event, if any does."""


def _taker(candidate: Candidate, path: KeyPath | None) -> Taker:
    """Return a taker of events whose text at the path is one that the trigger demands."""
    trigger = candidate.trigger
    if trigger is not None and path is not None:
        trigger = without(trigger, path)
    return (None if trigger is None else compile_condition(trigger), candidate.maker)


def _best_path(demands: Sequence[Pins]) -> KeyPath:
    """Return the path that leaves the fewest triggers to test, at worst."""

    def left(path: KeyPath) -> int:
        texts = Counter(text for pinned in demands for text in pinned.get(path, ()))
        return sum(path not in pinned for pinned in demands) + max(texts.values())

    paths = dict.fromkeys(path for pinned in demands for path, texts in pinned.items() if texts)
    return min(paths, key=left, default=TYPE)  # any will do where no trigger demands a text


@dataclass(frozen=True, slots=True)
class EvaluationRules:
    """By which rules events are evaluated, whatever the mappings say.

    `left_out` are the names of mappings that this run does not use: what they rejected in an
    earlier run is passed over.
    """

    ignore_integrations: bool = False
    by_timestamp: bool = True
    period: Period | None = None
    left_out: frozenset[str] = frozenset()


class CompiledMappings:
    """The enabled mappings as functions of events; `names` are those of all, by index."""

    def __init__(self, mappings: Sequence[Mapping], rules: EvaluationRules) -> None:
        self.rules: Final = rules
        self.names: Final = [mapping.name for mapping in mappings]
        self.enabled: Final = {
            index: mapping for index, mapping in enumerate(mappings) if mapping.enabled
        }
        self.dispatch: Final = Dispatch(
            [
                Candidate(mapping.trigger, UpdateMaker.of(index, mapping))
                for index, mapping in self.enabled.items()
            ]
        )
        self.asks_consent: Final = any(each.consent for each in self.enabled.values())
        self._find_text = finder(self.dispatch.path)
        deciding = {TYPE, *INTEGRATIONS, self.dispatch.path}
        if rules.period is not None:
            deciding.add(TIMESTAMP)
        read = {
            path
            for mapping in self.enabled.values()
            for path in (*trigger_paths(mapping), *update_paths(mapping))
        }
        rare = {path for mapping in self.enabled.values() for path in rare_paths(mapping)}
        self.first_look: Final = Decoder(deciding)
        """Decodes no more than tells which mappings may take an event."""
        self.whole_look: Final = Decoder(deciding | read, rare)
        """Decodes all that the mappings read."""

    def takers(self, event: Event) -> Reason | Takers:
        """Return the mappings that may take an event, or why none does."""
        kind = find_type(event)
        if not isinstance(kind, str) or kind not in ACCEPTED_TYPES:
            return Reason.UNSUPPORTED_EVENT_TYPE
        if not (self.rules.ignore_integrations or passes_integrations(event)):
            return Reason.FILTERED_BY_INTEGRATIONS_OBJECT
        text = self._find_text(event)
        others = self.dispatch.others
        return self.dispatch.by_text.get(text, others) if isinstance(text, str) else others

    def instants(self, events: Sequence[Event], line: Callable[[int], bytes]) -> array[int]:
        """Return when events happened, as far as that decides which of their values wins."""
        if not self.rules.by_timestamp:
            return array("q", [NEVER]) * len(events)
        return happened(events, line)
