"""Evaluates a block of lines stage by stage, which is faster than line by line."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, count, repeat
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import UNSET

from listrak_sync.evaluation.compiled import CompiledMappings, Takers
from listrak_sync.evaluation.email_addresses import default_addresses
from listrak_sync.evaluation.event_times import Period, happened
from listrak_sync.evaluation.line_evaluator import LineEvaluator
from listrak_sync.evaluation.result import EvaluationResult, Updates, whole_numbers
from listrak_sync.evaluation.updates import UNMAKEABLE, RejectedUpdate, Update, UpdateMaker, made_by
from listrak_sync.events.acceptance import ACCEPTED_TYPES, INTEGRATIONS, TYPE, find_type
from listrak_sync.events.decoding import UNDECODABLE, is_utf8
from listrak_sync.events.key_paths import Event, over_slots, slots_reader
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.units import Block
from listrak_sync.reasons import Reason

_unusual: Final = over_slots(
    "[index for index, event in enumerate(events) if {3} not in accepted"
    " or {0} is not True and ({0} is False or {1} is False or {2} is False)]",
    *INTEGRATIONS,
    TYPE,
    accepted=ACCEPTED_TYPES,
)
"""Return the indices of events that may be skipped whatever the mappings say.

Their type is not one that is taken, or an entry of `integrations` is false.
"""


@dataclass(slots=True)
class _Stage:
    """What is known of the lines of a block: for each, the event and what may take it.

    `odd` are the indices of lines that do not look like events. They are left to the evaluator of
    lines. `skipped` counts the events that are skipped whatever the mappings say, and `passed` are
    the indices of some of them.
    """

    events: list[Event]
    takers: list[Takers]
    odd: set[int]
    skipped: Counter[Reason]
    passed: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Matches:
    """Numbers of lines, the events on them, and who takes them: parallel lists."""

    numbers: list[int]
    events: list[Event]
    makers: list[UpdateMaker]


class BlockEvaluator:
    """Evaluates blocks against compiled mappings; what is odd is left to `lines`."""

    def __init__(self, compiled: CompiledMappings, lines: LineEvaluator) -> None:
        self._compiled = compiled
        self._lines = lines
        self._texts = slots_reader(compiled.dispatch.path)
        self._are_addresses_usual = all(
            mapping.email_address is None for mapping in compiled.enabled.values()
        )
        self._looks_once = not compiled.whole_look.is_whole

    def evaluate(self, block: Block, result: EvaluationResult) -> None:
        """Evaluate the lines of a block into the result."""
        stage = self._look(block.lines)
        if self._compiled.rules.period is not None:
            self._leave_out(block.lines, stage, self._compiled.rules.period, result)
        if not self._looks_once:
            self._look_again(block.lines, stage)
        before = result.matched_lines
        matches = self._matches(block, stage)
        if self._compiled.asks_consent:
            matches = _consented(matches, stage.skipped)
        self._make(matches, block, stage.odd, result)
        matched = result.matched_lines - before
        for reason, lines in stage.skipped.items():
            result.skip(reason, lines)
        passed = len(block.lines) - len(stage.odd) - stage.skipped.total() - matched
        result.skip(Reason.NO_MAPPING_MATCHED, passed)
        # Where few lines are taken, the next block is looked at twice: the first look decodes no
        # more than tells which lines are.
        self._looks_once = matched * 3 > len(block.lines) and not self._compiled.whole_look.is_whole
        if stage.odd:
            in_order = len(result.updates)
            for index in sorted(stage.odd):
                number = block.first_line + index
                outcome = self._lines.outcome(number, block.lines[index].removesuffix(b"\n"))
                self._lines.record(outcome, number, result)
            result.rejects.sort(key=attrgetter("line"))
            if len(result.updates) > in_order:  # mostly not, as such a line is not an event
                result.updates = result.updates.by_line()

    def _look(self, lines: Sequence[bytes]) -> _Stage:
        """Decode every line, and find what may take its event.

        All are decoded before any is looked at: a loop in C is faster than one of ours.
        """
        look = self._compiled.whole_look if self._looks_once else self._compiled.first_look
        events: list[Event] = _each(map(look.parse, lines), look.nothing)
        if not all(map(bytes.isascii, lines)):  # the parser passes over text that it does not keep
            for index, line in enumerate(lines):
                if not is_utf8(line):
                    events[index] = look.nothing
        by_text, others = self._compiled.dispatch.by_text, self._compiled.dispatch.others
        unusual: Sequence[int]
        try:
            takers = list(map(by_text.get, self._texts(events), repeat(others)))
            unusual = _unusual(events)
        except (AttributeError, TypeError):  # an object where a text is expected, or the reverse
            takers, unusual = [()] * len(events), range(len(events))
        stage = _Stage(events, takers, set(), Counter())
        for index in unusual:
            event, takers[index] = events[index], ()
            if find_type(event) is UNSET:
                stage.odd.add(index)
            elif isinstance(found := self._compiled.takers(event), Reason):
                stage.skipped[found] += 1
                stage.passed.add(index)
            else:
                takers[index] = found
        return stage

    def _leave_out(
        self, lines: Sequence[bytes], stage: _Stage, period: Period, result: EvaluationResult
    ) -> None:
        """Skip the events that happened outside a period."""
        for index, instant in enumerate(happened(stage.events, lines.__getitem__)):
            if index in stage.odd or index in stage.passed:
                continue
            if instant not in period:
                stage.takers[index] = ()
                stage.skipped[Reason.OUTSIDE_TIME] += 1
            elif instant == NEVER:
                result.undated += 1

    def _look_again(self, lines: Sequence[bytes], stage: _Stage) -> None:
        """Decode all that the mappings read of the events that may be taken."""
        indices = list(compress(count(), stage.takers))
        looks = map(self._compiled.whole_look.parse, map(lines.__getitem__, indices))
        for index, event in zip(indices, _each(looks, None), strict=True):
            if event is None:
                stage.takers[index] = ()
                stage.odd.add(index)
            else:
                stage.events[index] = event

    def _matches(self, block: Block, stage: _Stage) -> _Matches:
        """Return the mappings that take events, one match after the other."""
        numbers = list(compress(count(block.first_line), stage.takers))
        events = list(compress(stage.events, stage.takers))
        takers = filter(None, stage.takers)
        if self._compiled.dispatch.decides:
            return _Matches(numbers, events, [maker for ((_, maker),) in takers])
        found = [
            (number, event, maker)
            for number, event, each in zip(numbers, events, takers, strict=True)
            for test, maker in each
            if test is None or test(event)
        ]
        return _Matches(
            [number for number, _, _ in found],
            [event for _, event, _ in found],
            [maker for _, _, maker in found],
        )

    def _make(
        self, matches: _Matches, block: Block, odd: set[int], result: EvaluationResult
    ) -> None:
        """Make the updates of all matches at once, or line by line where one cannot be made."""
        numbers, events, makers = matches.numbers, matches.events, matches.makers
        if not numbers:
            return
        try:
            updates = Updates(
                whole_numbers(numbers),
                self._addresses(makers, events),
                [maker.changes(event) for maker, event in zip(makers, events, strict=True)],
                self._instants(matches, block),
            )
        except (*UNMAKEABLE, msgspec.DecodeError):
            self._make_by_line(matches, block, odd, result)
        else:
            result.matched.update([maker.mapping for maker in makers])
            result.matched_lines += len(set(numbers))
            result.updates.extend(updates)

    def _make_by_line(
        self, matches: _Matches, block: Block, odd: set[int], result: EvaluationResult
    ) -> None:
        """Make the updates that can be made, and reject the others."""
        instants = self._instants(matches, block)
        rows = zip(matches.numbers, matches.events, matches.makers, instants, strict=True)
        updates: list[Update] = []
        rejected: list[tuple[int, RejectedUpdate]] = []
        undecodable = set[int]()
        for number, event, maker, instant in rows:
            try:
                made = maker.make(event, number, instant)
            except msgspec.DecodeError:
                undecodable.add(number)
                continue
            if isinstance(made, RejectedUpdate):
                rejected.append((number, made))
            else:
                updates.append(made)
        if undecodable:  # all that the mappings make of these lines is found out line by line
            odd.update(number - block.first_line for number in undecodable)
            updates = [update for update in updates if update[0] not in undecodable]
            rejected = [each for each in rejected if each[0] not in undecodable]
        result.matched_lines += len({number for number, *_ in (*updates, *rejected)})
        result.matched.update([made_by(update) for update in updates])
        result.updates.extend(Updates.of_rows(updates))
        for number, made in rejected:
            content = block.lines[number - block.first_line].removesuffix(b"\n")
            result.reject_update(number, made, self._compiled.names, content)

    def _instants(self, matches: _Matches, block: Block) -> array[int]:
        """Return when the events of matches happened."""
        numbers, first = matches.numbers, block.first_line
        if block.columns is not None:  # rows have no time
            return array("q", [NEVER]) * len(numbers)
        return self._compiled.instants(
            matches.events, lambda index: block.lines[numbers[index] - first]
        )

    def _addresses(self, makers: Sequence[UpdateMaker], events: Sequence[Event]) -> list[str]:
        """Return the addresses of events. Raises one of UNMAKEABLE, or msgspec.DecodeError."""
        if self._are_addresses_usual:
            return default_addresses(events)
        return [maker.address(event) for maker, event in zip(makers, events, strict=True)]


def _consented(matches: _Matches, skipped: Counter[Reason]) -> _Matches:
    """Return the matches to which their contact agreed; count the lines of which none is left."""
    rows = zip(matches.numbers, matches.events, matches.makers, strict=True)
    found = [
        (number, event, maker)
        for number, event, maker in rows
        if maker.lacks_consent is None or maker.lacks_consent(event) is None
    ]
    left = _Matches(
        [number for number, _, _ in found],
        [event for _, event, _ in found],
        [maker for _, _, maker in found],
    )
    skipped[Reason.FILTERED_BY_CONSENT] += len({*matches.numbers} - {*left.numbers})
    return left


def _each(making: Iterator[Any], instead: Any) -> list[Any]:  # noqa: ANN401 - whatever is made
    """Return what is made one after the other, something else where a line cannot be decoded."""
    made: list[Any] = []
    while True:
        try:
            made.extend(making)
        except UNDECODABLE:
            made.append(instead)  # CPython keeps what comes before an error
        else:
            return made
