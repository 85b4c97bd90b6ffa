"""Evaluates events line by line, whatever the lines hold."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, assert_never

from msgspec import UNSET

from listrak_sync.evaluation.dispatch import Candidate, Dispatch, Takers
from listrak_sync.evaluation.result import (
    BLANK,
    FILTERED,
    NO_MATCH,
    RESENT,
    UNREADABLE_FILE,
    UNSUPPORTED,
    EvaluationResult,
)
from listrak_sync.evaluation.updates import (
    TIMESTAMP,
    RejectedUpdate,
    Update,
    made_by,
    read_paths,
    seldom_paths,
    shared,
    update_maker,
)
from listrak_sync.events import integrations, rejects
from listrak_sync.events.decoding import ACCEPTED_TYPES, Decoder, UnreadableError, checked
from listrak_sync.events.integrations import is_enabled
from listrak_sync.events.key_paths import Event, KeyPath, column_finder, finder
from listrak_sync.events.rejects import ContactUpdate, WrappedEvent
from listrak_sync.events.timestamps import NEVER, instants
from listrak_sync.input.blocks import MAX_LINE_BYTES, Block, BrokenFile, LongLine, ReadUnit
from listrak_sync.input.checkpoints import checkpoint_after, first_checkpoint
from listrak_sync.input.ranges import InputUnit, UnreadUnit
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.values import is_email_address, parse_id

ANSWER_LINES: Final = 4096
ANSWER_BYTES: Final = 4 << 20
"""How much of a portion is evaluated before it is told what becomes of it, at most a block more."""

TYPE: Final[KeyPath] = ("type",)
find_type: Final = finder(TYPE)
_timestamps: Final = column_finder(TIMESTAMP)

Outcome: TypeAlias = str | list[Update | RejectedUpdate]
"""What becomes of an event: the reason it is skipped, or one result for each mapping."""


class LineEvaluator:
    """Evaluates lines against the enabled mappings, all compiled beforehand."""

    def __init__(
        self,
        mappings: Sequence[Mapping],
        *,
        ignore_integrations: bool = False,
        by_timestamp: bool = True,
    ) -> None:
        self.names = [mapping.name for mapping in mappings]
        self._looking = {mapping.name for mapping in mappings if mapping.enabled}
        candidates = [
            Candidate(mapping.trigger, update_maker(index, mapping))
            for index, mapping in enumerate(mappings)
            if mapping.enabled
        ]
        self._dispatch = Dispatch(candidates)
        self._find_text = finder(self._dispatch.path)
        self._is_enabled = _always if ignore_integrations else is_enabled
        self._happened = _happened if by_timestamp else _never
        enabled = [mapping for mapping in mappings if mapping.enabled]
        paths = {path for mapping in enabled for path in read_paths(mapping)}
        seldom = {path for mapping in enabled for path in seldom_paths(mapping)}
        deciding = {TYPE, *integrations.PATHS, self._dispatch.path}
        self._first_look = Decoder(deciding)
        self._whole_look = Decoder(deciding | paths, seldom)

    def evaluate_part(self, part: InputUnit) -> Iterator[EvaluationResult]:
        """Yield what becomes of the lines of a part, whether it is read already or not."""
        if isinstance(part, UnreadUnit):
            yield from self.evaluate_portion(part)
        else:
            yield self.evaluate(part)

    def evaluate(self, piece: ReadUnit) -> EvaluationResult:
        """Return what becomes of the lines of a piece."""
        result = EvaluationResult(piece.file)
        self._piece(piece, result)
        return result

    def evaluate_portion(self, portion: UnreadUnit) -> Iterator[EvaluationResult]:
        """Yield what becomes of the lines of a portion while they are read."""
        result: EvaluationResult | None = None
        size = 0
        for piece in portion.pieces():
            result = result or EvaluationResult(piece.file)
            self._piece(piece, result)
            size += piece.size if isinstance(piece, Block) else 0
            if result.lines >= ANSWER_LINES or size >= ANSWER_BYTES:
                yield result
                result, size = None, 0
        if result is not None:
            yield result

    def outcome(self, event: Event, line: int, only: str | None = None) -> Outcome:
        """Return what becomes of an event on a line; `only` names the one mapping to look at."""
        takers = self._takers(event)
        return takers if isinstance(takers, str) else self._made(takers, event, line, only)

    def _takers(self, event: Event) -> str | Takers:
        """Return which mappings may take an event, or why none does."""
        kind = find_type(event)
        if not isinstance(kind, str) or kind not in ACCEPTED_TYPES:
            return UNSUPPORTED
        if not self._is_enabled(event):
            return FILTERED
        text = self._find_text(event)
        others = self._dispatch.others
        return self._dispatch.by_text.get(text, others) if isinstance(text, str) else others

    def _made(self, takers: Takers, event: Event, line: int, only: str | None) -> Outcome:
        """Return what mappings that may take an event make of it."""
        (instant,) = self._happened((event,))
        made = [
            maker.make(event, line, instant)
            for test, maker in takers
            if only in {None, self.names[maker.mapping]} and (test is None or test(event))
        ]
        return made or NO_MATCH

    def _piece(self, piece: ReadUnit, result: EvaluationResult) -> None:
        """Evaluate the lines of a piece into the result, behind those before."""
        result.end, result.position = checkpoint_after(piece), piece.position
        result.begins.append(first_checkpoint(piece))
        match piece:
            case Block(lines=lines):
                result.lines += len(lines)
                self._lines(piece, result)
                return
            case LongLine(length=length):
                detail = f"{length} bytes, more than {MAX_LINE_BYTES}; raw is its beginning"
                error = UnreadableError("line_too_long", detail)
            case BrokenFile(problem=problem):
                error = UnreadableError(UNREADABLE_FILE, problem)
            case _:
                assert_never(piece)
        result.lines += 1
        self._reject(result, piece.line, error, piece.beginning)

    def _lines(self, block: Block, result: EvaluationResult) -> None:
        """Evaluate the lines of a block into the result."""
        for number, line in enumerate(block.lines, block.first_line):
            self._line(number, line.removesuffix(b"\n"), result)

    def _line(self, number: int, line: bytes, result: EvaluationResult) -> None:
        """Evaluate one line, without its newline, into the result: whatever it holds."""
        only: str | None = None
        try:
            seen = self._first_look.decode(checked(line))
            while find_type(seen) is UNSET and (wrapped := rejects.unwrap(line)):
                if isinstance(wrapped, ContactUpdate):
                    outcome: Outcome = [self._resent(number, wrapped)]
                    break
                line, only = wrapped.content, self._known(wrapped)
                seen = self._first_look.decode(line)
            else:
                outcome = self._judge(line, seen, number, only)
        except UnreadableError as error:
            if line.strip():
                self._reject(result, number, error, line)
            else:
                result.skip(BLANK)
            return
        if isinstance(outcome, str):
            result.skip(outcome)
            return
        result.matched_lines += 1
        for made in outcome:
            result.matched[made_by(made)] += 1
            if isinstance(made, RejectedUpdate):
                result.reject_update(number, made, self.names[made.mapping], line)
            else:
                result.updates.append(made)

    def _judge(self, line: bytes, seen: Event, number: int, only: str | None) -> Outcome:
        """Return what becomes of an event after a first look at it. Raises UnreadableError."""
        takers = self._takers(seen)
        if isinstance(takers, str):
            return takers
        if not takers:
            return NO_MATCH
        return self._made(takers, self._whole_look.decode(line), number, only)

    def _known(self, wrapped: WrappedEvent) -> str | None:
        """Return the mapping that rejected an event, None where it was rejected as a whole.

        Others have made their updates of it then: they must not make them anew.
        """
        if wrapped.mapping is None or wrapped.mapping in self._looking:
            return wrapped.mapping
        why = "is disabled" if wrapped.mapping in self.names else "is in the mapping file no more"
        detail = f"the mapping {wrapped.mapping} {why}: correct its name in this line"
        raise UnreadableError("unknown_mapping", detail)

    def _resent(self, number: int, update: ContactUpdate) -> Update:
        """Return values that an earlier run could not deliver. Raises UnreadableError."""
        fields = tuple((parse_id(field) or 0, value) for field, value in update.fields.items())
        if not (
            fields
            and all(field for field, _ in fields)
            and parse_id(update.list_id)
            and is_email_address(update.email_address)
        ):
            raise UnreadableError("invalid_update", "the ids or the address cannot be sent")
        return number, update.email_address, shared(RESENT, update.list_id, fields), NEVER

    def _reject(
        self, result: EvaluationResult, number: int, error: UnreadableError, content: bytes
    ) -> None:
        """Reject a line as a whole."""
        result.reject_line(number, error, content)


def _happened(events: Sequence[Event]) -> array[int]:
    """Return when events happened."""
    return instants(_timestamps(events))


def _never(events: Sequence[Event]) -> array[int]:
    """Return that nobody asks when events happened."""
    return array("q", [NEVER]) * len(events)


def _always(_: Event) -> bool:
    """Take every event."""
    return True
