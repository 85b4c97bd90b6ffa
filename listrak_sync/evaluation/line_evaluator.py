"""Evaluates one line, whatever it holds: an event, a line of a rejects file, or neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.evaluation.compiled import CompiledMappings
from listrak_sync.evaluation.event_times import happened
from listrak_sync.evaluation.given_updates import checked, update_of
from listrak_sync.evaluation.not_events import what_it_is
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.evaluation.updates import RejectedUpdate, Update, made_by
from listrak_sync.events.acceptance import find_type
from listrak_sync.events.decoding import check_utf8, out_of_range
from listrak_sync.events.key_paths import Event
from listrak_sync.events.rejects import (
    ContactUpdate,
    GivenUpdate,
    WrappedEvent,
    given_update,
    unwrap,
)
from listrak_sync.events.timestamps import NEVER, instant, written
from listrak_sync.input.formats import BOM
from listrak_sync.reasons import Reason, RejectedError

_STILL_ESCAPED: Final = "an escape such as \\xe9 stands where a byte was: write the character"


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that is passed over; `event` is what was seen of it, if it is an event at all."""

    content: bytes
    reason: Reason
    event: Event | None = None
    only: str | None = None
    """The one mapping that looks at the event, None for all."""
    is_undated: bool = False
    is_event: bool = True
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that cannot be used as a whole, and why."""

    # Not the error itself: its traceback would keep all the lines of the block in memory.
    content: bytes
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A line with what the mappings that take it make of it: one result for each."""

    content: bytes
    made: tuple[Update | RejectedUpdate, ...]
    event: Event
    only: str | None = None
    is_undated: bool = False
    is_fed_back: bool = False


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line with an update that is given as input, taken as it is."""

    content: bytes
    made: tuple[Update]
    update: ContactUpdate
    is_undated: bool = False
    is_fed_back: bool = False


LineOutcome: TypeAlias = SkippedLine | RejectedLine | MatchedLine | GivenLine
"""What becomes of a line; `content` is its event, taken out of a rejects line if it was in one."""


class LineEvaluator:
    """Evaluates lines one by one against compiled mappings."""

    def __init__(self, compiled: CompiledMappings) -> None:
        self._compiled = compiled

    def outcome(self, number: int, line: bytes) -> LineOutcome:
        """Return what becomes of a line, given without its newline."""
        content, only, row = line.removeprefix(BOM), None, None
        is_fed_back = False
        try:
            check_utf8(line)
            seen = self._compiled.first_look.decode(content)
            while find_type(seen) is UNSET:
                if update := given_update(content):
                    return self._given(number, content, update)
                if (wrapped := unwrap(content)) is None:
                    break
                is_fed_back = True
                if isinstance(wrapped, GivenUpdate):
                    given = self._given(number, content, wrapped)
                    return _fed_back(given)
                only = self._known(wrapped)
                content, row = wrapped.content, wrapped.row
                _check_escapes(wrapped)
                seen = self._compiled.first_look.decode(content)
            found = self._event(number, content, seen, only)
            return _fed_back(found) if is_fed_back else found
        except RejectedError as error:
            if row is not None:
                detail = f"a row is not an event: correct it in {row}, and read that file again"
                return RejectedLine(content, Reason.BAD_ROW, detail)
            if content.strip():
                return RejectedLine(content, error.reason, error.detail)
            return SkippedLine(content, Reason.BLANK_LINE)

    def record(self, outcome: LineOutcome, number: int, result: EvaluationResult) -> None:
        """Write what becomes of a line into the result of the lines around it."""
        if not isinstance(outcome, RejectedLine):
            result.undated += outcome.is_undated
        match outcome:
            case SkippedLine(content, reason, is_event=is_event):
                result.skip(reason)
                if not is_event:
                    result.not_events.setdefault(what_it_is(content), number)
            case RejectedLine(content, reason, detail):
                result.reject_line(number, reason, detail, content)
            case MatchedLine(content, made) | GivenLine(content, made):
                if outcome.is_fed_back:
                    result.fed_back.append(number)
                result.matched_lines += 1
                for each in made:
                    if isinstance(each, RejectedUpdate):
                        result.reject_update(number, each, self._compiled.names, content)
                    else:
                        result.matched[made_by(each)] += 1
                        result.updates.extend(Updates.of_rows((each,)))

    def _event(self, number: int, content: bytes, seen: Event, only: str | None) -> LineOutcome:
        """Return what becomes of an event after a first look at it. Raises RejectedError."""
        takers = self._compiled.takers(seen)
        if isinstance(takers, Reason):
            is_event = find_type(seen) is not UNSET
            return SkippedLine(content, takers, seen, only, is_event=is_event)
        period, is_undated = self._compiled.rules.period, False
        if period is not None:
            (moment,) = happened((seen,), lambda _: content)
            if moment not in period:
                return _outside(content, moment)
            is_undated = moment == NEVER
        if not takers:
            skipped = SkippedLine(content, Reason.NO_MAPPING_MATCHED, seen, only)
            return replace(skipped, is_undated=is_undated)
        names = self._compiled.names
        event = self._compiled.whole_look.decode(content)
        (instant,) = self._compiled.instants((event,), lambda _: content)
        try:
            taking = [
                maker
                for test, maker in takers
                if only in {None, names[maker.mapping]} and (test is None or test(event))
            ]
            agreed = [
                maker
                for maker in taking
                if maker.lacks_consent is None or maker.lacks_consent(event) is None
            ]
            made = tuple(maker.make(event, number, instant) for maker in agreed)
        except msgspec.DecodeError:  # in an object that was left as text until now
            raise out_of_range() from None
        if not made:
            reason = Reason.FILTERED_BY_CONSENT if taking else Reason.NO_MAPPING_MATCHED
            return SkippedLine(content, reason, event, only, is_undated=is_undated)
        return MatchedLine(content, made, event, only, is_undated)

    def _given(self, number: int, content: bytes, given: GivenUpdate) -> LineOutcome:
        """Return what becomes of an update that is given as input. Raises RejectedError."""
        values, moment, rules = checked(given), instant(given.timestamp), self._compiled.rules
        if rules.period is not None and moment not in rules.period:
            return _outside(content, moment)
        made = update_of(number, values, given, moment if rules.by_timestamp else NEVER)
        return GivenLine(content, (made,), values, rules.period is not None and moment == NEVER)

    def _known(self, wrapped: WrappedEvent) -> str | None:
        """Return the mapping that rejected an event, None where it was rejected as a whole.

        The other mappings made their updates of it then: they must not make them again. Raises
        RejectedError where that mapping does not look at events any more.
        """
        name, names = wrapped.mapping, self._compiled.names
        if name in self._compiled.rules.left_out:
            return name
        if name is None or any(names[index] == name for index in self._compiled.enabled):
            return name
        why = "is disabled" if name in names else "is not in the mapping file any more"
        detail = f"the mapping {name} {why}: correct its name in this line"
        raise RejectedError(Reason.UNKNOWN_MAPPING, detail)


def _check_escapes(wrapped: WrappedEvent) -> None:
    r"""Raise RejectedError where bytes still stand as escapes: `\xe9` is not what was meant."""
    if wrapped.has_escaped_bytes:
        raise RejectedError(Reason.NOT_UTF8, _STILL_ESCAPED)


def _fed_back(outcome: LineOutcome) -> LineOutcome:
    """Return the outcome of a line that was rejected before."""
    if isinstance(outcome, MatchedLine | GivenLine):
        return replace(outcome, is_fed_back=True)
    return outcome


def _outside(content: bytes, moment: int) -> SkippedLine:
    """Return a line that is passed over because of when its event happened."""
    detail = "it has no time" if moment == NEVER else f"it is of {written(moment)}"
    return SkippedLine(content, Reason.OUTSIDE_TIME, detail=detail)
