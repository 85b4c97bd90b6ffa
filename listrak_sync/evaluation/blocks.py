"""Evaluates blocks of lines: those that are like most together, the others one by one."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress, count, repeat
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from listrak_sync.evaluation.dispatch import Takers
from listrak_sync.evaluation.email_addresses import default_addresses
from listrak_sync.evaluation.lines import TYPE, LineEvaluator, find_type
from listrak_sync.evaluation.result import NO_MATCH, EvaluationResult, Updates, whole_numbers
from listrak_sync.evaluation.updates import UNMAKEABLE, RejectedUpdate, Update, UpdateMaker
from listrak_sync.events import integrations
from listrak_sync.events.decoding import ACCEPTED_TYPES, UNDECODABLE, is_utf8
from listrak_sync.events.key_paths import Event, over_slots, slots_reader
from listrak_sync.input.blocks import Block
from listrak_sync.mapping.model import Mapping

_unusual: Final = over_slots(
    "[index for index, event in enumerate(events) if {3} not in accepted"
    " or {0} is not True and ({0} is False or {1} is False or {2} is False)]",
    *integrations.PATHS,
    TYPE,
    accepted=ACCEPTED_TYPES,
)
"""Return the indices of events that may be skipped whatever the mappings say.

Their type is none that is taken, or something of `integrations` is false: see `is_enabled`.
"""

_Matches: TypeAlias = tuple[Sequence[int], Sequence[Event], Sequence[UpdateMaker]]
"""The numbers of lines, the events on them, and who takes them."""


class Evaluator(LineEvaluator):
    """Evaluates as its parent does, but stage by stage: that is faster than line by line."""

    def __init__(
        self,
        mappings: Sequence[Mapping],
        *,
        ignore_integrations: bool = False,
        by_timestamp: bool = True,
    ) -> None:
        super().__init__(
            mappings, ignore_integrations=ignore_integrations, by_timestamp=by_timestamp
        )
        self._are_addresses_usual = all(mapping.email_address is None for mapping in mappings)
        self._looks_once = not self._whole_look.is_whole
        self._texts = slots_reader(self._dispatch.path)

    def _lines(self, block: Block, result: EvaluationResult) -> None:
        """Evaluate the lines of a block into the result.

        Where few lines are taken, a first look decodes no more than tells which. What does not
        look like an event is left to `_line`, which takes its time.
        """
        events, unlike = self._seen(block.lines), list[int]()
        takers, skipped = self._takers_of_all(events, unlike)
        if not self._looks_once:
            self._look_again(block.lines, events, takers, unlike)
        matches = numbers, _, _ = self._matches(block, events, takers)
        matched = len(set(numbers))
        result.matched_lines += matched
        for reason, lines in skipped.items():
            result.skip(reason, lines)
        result.skip(NO_MATCH, len(events) - len(unlike) - skipped.total() - matched)
        self._looks_once = matched * 3 > len(events) and not self._whole_look.is_whole
        start = 0
        for index in sorted(unlike):
            number = block.first_line + index
            end = bisect(numbers, number)
            self._make(_between(matches, start, end), block, result)
            self._line(number, block.lines[index].removesuffix(b"\n"), result)
            start = end
        self._make(_between(matches, start), block, result)

    def _takers_of_all(
        self, events: Sequence[Event], unlike: list[int]
    ) -> tuple[list[Takers], Counter[str]]:
        """Return for each event what may take it; note the indices of what looks like none.

        And how many events are skipped whatever the mappings say, by reason.
        """
        skipped = Counter[str]()
        by_text, others = self._dispatch.by_text, self._dispatch.others
        unusual: Sequence[int]
        try:
            takers = list(map(by_text.get, self._texts(events), repeat(others)))
            unusual = _unusual(events)
        except (AttributeError, TypeError):  # something odd in an odd place
            takers, unusual = [()] * len(events), range(len(events))
        for index in unusual:
            event, takers[index] = events[index], ()
            if find_type(event) is UNSET:
                unlike.append(index)
            elif isinstance(found := self._takers(event), str):
                skipped[found] += 1
            else:
                takers[index] = found
        return takers, skipped

    def _look_again(
        self,
        lines: Sequence[bytes],
        events: list[Event],
        takers: list[Takers],
        unlike: list[int],
    ) -> None:
        """Decode all that the mappings read of the events that may be taken."""
        indices = list(compress(count(), takers))
        looks = map(self._whole_look.parse, map(lines.__getitem__, indices))
        for index, event in zip(indices, _each(looks, UNDECODABLE, None), strict=True):
            if event is None:
                takers[index] = ()
                unlike.append(index)
            else:
                events[index] = event

    def _matches(self, block: Block, events: Sequence[Event], takers: Sequence[Takers]) -> _Matches:
        """Return what takes events, one match after the other."""
        numbers = list(compress(count(block.first_line), takers))
        taken = list(compress(events, takers))
        if self._dispatch.decides:
            return numbers, taken, [maker for ((_, maker),) in filter(None, takers)]
        matches = [
            (number, event, maker)
            for number, event, each in zip(numbers, taken, filter(None, takers), strict=True)
            for test, maker in each
            if test is None or test(event)
        ]
        return (
            [number for number, _, _ in matches],
            [event for _, event, _ in matches],
            [maker for _, _, maker in matches],
        )

    def _make(self, matches: _Matches, block: Block, result: EvaluationResult) -> None:
        """Make the updates of matches, if there are any."""
        numbers, events, makers = matches
        if not numbers:
            return
        result.matched.update([maker.mapping for maker in makers])
        try:
            updates = Updates(
                whole_numbers(numbers),
                self._addresses(makers, events),
                [maker.changes(event) for maker, event in zip(makers, events, strict=True)],
                self._happened(events),
            )
        except UNMAKEABLE:
            self._make_one_by_one(matches, block, result)
        else:
            result.updates.extend(updates)

    def _make_one_by_one(self, matches: _Matches, block: Block, result: EvaluationResult) -> None:
        """Make the updates of matches but for those that cannot be made: reject these."""
        numbers, events, makers = matches
        columns = zip(numbers, events, makers, self._happened(events), strict=True)
        updates: list[Update] = []
        for number, event, maker, instant in columns:
            made = maker.make(event, number, instant)
            if isinstance(made, RejectedUpdate):
                line = block.lines[number - block.first_line].removesuffix(b"\n")
                result.reject_update(number, made, self.names[made.mapping], line)
            else:
                updates.append(made)
        result.updates.extend(Updates.of_rows(updates))

    def _addresses(self, makers: Sequence[UpdateMaker], events: Sequence[Event]) -> list[str]:
        """Return the addresses of events. Raises one of UNMAKEABLE."""
        if self._are_addresses_usual:
            return default_addresses(events)
        return [maker.address(event) for maker, event in zip(makers, events, strict=True)]

    def _seen(self, lines: Sequence[bytes]) -> list[Event]:
        """Return what is seen on each line of a block at first, nothing where it is no event.

        All are decoded before any is looked at: that is faster than line by line.
        """
        look = self._whole_look if self._looks_once else self._first_look
        seen: list[Event] = _each(map(look.parse, lines), UNDECODABLE, look.nothing)
        if not all(map(bytes.isascii, lines)):
            for index, line in enumerate(lines):
                if not is_utf8(line):
                    seen[index] = look.nothing
        return seen


def _each(making: Iterator[Any], errors: tuple[type[Exception], ...], instead: Any) -> list[Any]:  # noqa: ANN401 - whatever is made
    """Return what is made one after the other, something else where that raises an error."""
    made: list[Any] = []
    while True:
        try:
            made.extend(making)
        except errors:
            made.append(instead)  # CPython keeps what comes before an error
        else:
            return made


def _between(matches: _Matches, start: int, end: int | None = None) -> _Matches:
    """Return the matches from one index to before another, which is the end by default."""
    numbers, events, makers = matches
    return numbers[start:end], events[start:end], makers[start:end]
