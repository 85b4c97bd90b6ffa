"""Evaluates blocks of lines: those that are like most together, the others one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final, TypeAlias

from listrak_sync.events import integrations
from listrak_sync.events.blocks import Block
from listrak_sync.events.event import ACCEPTED_TYPES, UNDECODABLE
from listrak_sync.events.paths import Event, slots_reader
from listrak_sync.mapping.model import Mapping
from listrak_sync.updates.columns import Updates, whole_numbers
from listrak_sync.updates.email_addresses import default_addresses
from listrak_sync.updates.evaluated import FILTERED, NO_MATCH, Evaluated
from listrak_sync.updates.lines import TYPE, LineEvaluator, is_utf8
from listrak_sync.updates.update import UNMAKEABLE, Maker, Rejected

_LOOK_CLOSER: Final = (*UNDECODABLE, AttributeError, TypeError)
"""What comes of a line that is no event, or of an event with something odd in an odd place."""

_UNLIKE: Final[tuple[Any, Any, Any]] = (None, None, None)
"""What is seen at a glance at what is unlike most events."""

_FEW: Final = 8
"""So many matches are made one by one where one of them cannot be."""

_Matches: TypeAlias = tuple[list[int], list[Event], list[Maker]]
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
        at_a_glance = (TYPE, integrations.PATHS[0], self._dispatch.path)
        self._at_a_glance = slots_reader(*at_a_glance)

    def _lines(self, block: Block, result: Evaluated) -> None:
        """Evaluate the lines of a block into the result.

        Where few lines are taken, a first look decodes no more than tells which. What is unlike
        most events in some way is left to `_line`, which takes its time.
        """
        lines, looks_once = block.lines, self._looks_once
        seen = self._seen(lines)
        whole_look, is_enabled = self._whole_look.parse, self._is_enabled
        by_text, others = self._dispatch.by_text, self._dispatch.others
        filtered = unlike = matched = 0
        matches = numbers, events, makers = _no_matches()
        looks = zip(count(block.first_line), lines, seen, self._glances(seen), strict=False)
        for number, line, event, (kind, entry, text) in looks:
            try:
                takers = by_text.get(text, others) if kind in ACCEPTED_TYPES else None
                whole = event if looks_once or not takers else whole_look(line)
            except _LOOK_CLOSER:
                takers = None
            if takers is None:
                unlike += 1
                matched += self._make(matches, block, result)  # they come before
                matches = numbers, events, makers = _no_matches()
                self._line(number, line.removesuffix(b"\n"), result)
            elif entry is not True and not is_enabled(event):
                filtered += 1
            else:
                for test, maker in takers:
                    if test is None or test(whole):
                        numbers.append(number)
                        events.append(whole)
                        makers.append(maker)
        matched += self._make(matches, block, result)
        self._looks_once = matched * 3 > len(lines) and not self._whole_look.is_whole
        result.lines = len(lines)
        result.matched_lines += matched
        result.skip(FILTERED, filtered)
        result.skip(NO_MATCH, len(lines) - unlike - filtered - matched)

    def _make(self, matches: _Matches, block: Block, result: Evaluated) -> int:
        """Make the updates of matches; return how many lines these are on."""
        numbers, events, makers = matches
        try:
            updates = Updates(
                whole_numbers(numbers),
                self._addresses(makers, events),
                [maker.changes(event) for maker, event in zip(makers, events, strict=True)],
                whole_numbers(self._happened(events)),
            )
        except UNMAKEABLE:
            self._make_in_halves(matches, block, result)
        else:
            result.updates.extend(updates)
        return len(set(numbers))

    def _make_in_halves(self, matches: _Matches, block: Block, result: Evaluated) -> None:
        """Make the updates of matches but for those that cannot be made: reject these."""
        numbers, events, makers = matches
        half = len(numbers) // 2
        if half > _FEW:
            self._make((numbers[:half], events[:half], makers[:half]), block, result)
            self._make((numbers[half:], events[half:], makers[half:]), block, result)
            return
        columns = zip(numbers, events, makers, self._happened(events), strict=True)
        for number, event, maker, instant in columns:
            made = maker.make(event, number, instant)
            if isinstance(made, Rejected):
                line = block.lines[number - block.first_line].removesuffix(b"\n")
                result.reject_update(number, made, self.names[made.mapping], line)
            else:
                result.updates.append(made)

    def _addresses(self, makers: Sequence[Maker], events: Sequence[Event]) -> list[str]:
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

    def _glances(self, events: Sequence[Event]) -> list[Any]:
        """Return what is seen of events at a glance."""
        try:
            return self._at_a_glance(events)
        except AttributeError:
            singly = map(self._at_a_glance, zip(events, strict=True))
            return [seen for (seen,) in _each(singly, (AttributeError,), (_UNLIKE,))]


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


def _no_matches() -> _Matches:
    """Return three columns with nothing in them yet."""
    return [], [], []
