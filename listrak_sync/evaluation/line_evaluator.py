"""Evaluates one line, whatever it holds: an event, a line of a rejects file, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from msgspec import UNSET

from listrak_sync.evaluation.compiled import CompiledMappings
from listrak_sync.evaluation.result import RESENT, EvaluationResult, Updates
from listrak_sync.evaluation.updates import RejectedUpdate, Update, made_by, shared
from listrak_sync.events.acceptance import find_type
from listrak_sync.events.decoding import check_utf8, out_of_range
from listrak_sync.events.key_paths import Event
from listrak_sync.events.rejects import ContactUpdate, WrappedEvent, unwrap
from listrak_sync.events.timestamps import NEVER
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.reasons import Reason, RejectedError


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that is passed over; `event` is what was seen of it, if it is an event at all."""

    content: bytes
    reason: Reason
    event: Event | None = None
    only: str | None = None
    """The one mapping that looks at the event, None for all."""


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


@dataclass(frozen=True, slots=True)
class ResentLine:
    """A line with values that an earlier run could not deliver, taken as they are."""

    content: bytes
    made: tuple[Update]
    update: ContactUpdate


LineOutcome: TypeAlias = SkippedLine | RejectedLine | MatchedLine | ResentLine
"""What becomes of a line; `content` is its event, taken out of a rejects line if it was in one."""


class LineEvaluator:
    """Evaluates lines one by one against compiled mappings."""

    def __init__(self, compiled: CompiledMappings) -> None:
        self._compiled = compiled

    def outcome(self, number: int, line: bytes) -> LineOutcome:
        """Return what becomes of a line, given without its newline."""
        content, only = line, None
        try:
            check_utf8(line)
            seen = self._compiled.first_look.decode(line)
            while find_type(seen) is UNSET and (wrapped := unwrap(content)):
                if isinstance(wrapped, ContactUpdate):
                    return ResentLine(content, (_resent(number, wrapped),), wrapped)
                only = self._known(wrapped)
                content = wrapped.content
                seen = self._compiled.first_look.decode(content)
            return self._event(number, content, seen, only)
        except RejectedError as error:
            if content.strip():
                return RejectedLine(content, error.reason, error.detail)
            return SkippedLine(content, Reason.BLANK_LINE)

    def record(self, outcome: LineOutcome, number: int, result: EvaluationResult) -> None:
        """Write what becomes of a line into the result of the lines around it."""
        match outcome:
            case SkippedLine(reason=reason):
                result.skip(reason)
            case RejectedLine(content, reason, detail):
                result.reject_line(number, reason, detail, content)
            case MatchedLine(content, made) | ResentLine(content, made):
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
            return SkippedLine(content, takers, seen, only)
        if not takers:
            return SkippedLine(content, Reason.NO_MAPPING_MATCHED, seen, only)
        names = self._compiled.names
        event = self._compiled.whole_look.decode(content)
        (instant,) = self._compiled.happened((event,))
        try:
            made = tuple(
                maker.make(event, number, instant)
                for test, maker in takers
                if only in {None, names[maker.mapping]} and (test is None or test(event))
            )
        except msgspec.DecodeError:  # in an object that was left as text until now
            raise out_of_range() from None
        if not made:
            return SkippedLine(content, Reason.NO_MAPPING_MATCHED, event, only)
        return MatchedLine(content, made, event, only)

    def _known(self, wrapped: WrappedEvent) -> str | None:
        """Return the mapping that rejected an event, None where it was rejected as a whole.

        The other mappings made their updates of it then: they must not make them again. Raises
        RejectedError where that mapping does not look at events any more.
        """
        name, names = wrapped.mapping, self._compiled.names
        if name is None or any(names[index] == name for index in self._compiled.enabled):
            return name
        why = "is disabled" if name in names else "is not in the mapping file any more"
        detail = f"the mapping {name} {why}: correct its name in this line"
        raise RejectedError(Reason.UNKNOWN_MAPPING, detail)


def _resent(number: int, update: ContactUpdate) -> Update:
    """Return an update of values that an earlier run could not deliver. Raises RejectedError."""
    fields = tuple((parse_id(field) or 0, value) for field, value in update.fields.items())
    if not (
        fields
        and all(field for field, _ in fields)
        and parse_id(update.list_id)
        and is_email_address(update.email_address)
    ):
        detail = "an id or the e-mail address is not valid"
        raise RejectedError(Reason.INVALID_UPDATE, detail)
    return number, update.email_address, shared(RESENT, update.list_id, fields), NEVER
