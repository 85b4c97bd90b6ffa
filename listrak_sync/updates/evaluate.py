"""Lines to updates: what becomes of each line, counted and with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import Any, Final, TypeAlias, assert_never

from msgspec import UNSET

from listrak_sync.events import integrations, rejects
from listrak_sync.events.blocks import MAX_LINE_BYTES, Block, BrokenFile, LongLine, Piece
from listrak_sync.events.event import ACCEPTED_TYPES, UNDECODABLE, Decoder, UnreadableError
from listrak_sync.events.integrations import is_enabled
from listrak_sync.events.paths import Event, Path, column_finder, finder, slot
from listrak_sync.events.positions import end_of
from listrak_sync.events.rejects import ContactUpdate, WrappedEvent
from listrak_sync.events.timestamps import NEVER, instants
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.updates.changes import shared
from listrak_sync.updates.columns import Updates, whole_numbers
from listrak_sync.updates.dispatch import Candidate, Dispatch, Takers
from listrak_sync.updates.email_addresses import default_addresses
from listrak_sync.updates.evaluated import (
    BLANK,
    FILTERED,
    NO_MATCH,
    RESENT,
    UNREADABLE_FILE,
    UNSUPPORTED,
    Evaluated,
)
from listrak_sync.updates.update import (
    TIMESTAMP,
    UNMAKEABLE,
    Maker,
    Rejected,
    Update,
    read_paths,
    update_maker,
)

_LOOK_CLOSER: Final = (*UNDECODABLE, AttributeError, TypeError)
"""What comes of a line that is no event, or of an event with something odd in an odd place."""

_UNLIKE: Final[tuple[Any, Any, Any]] = (None, None, None)
"""What is seen at a glance at what is unlike most events."""

_TYPE: Final[Path] = ("type",)
_find_type: Final = finder(_TYPE)
_timestamps: Final = column_finder(TIMESTAMP)

_Matches: TypeAlias = tuple[list[int], list[Event], list[Maker]]
"""The numbers of lines, the events on them, and who takes them."""

Outcome: TypeAlias = str | list[Update | Rejected]
"""What becomes of an event: the reason it is skipped, or one result for each mapping."""


class Evaluator:
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
        self._are_addresses_usual = all(mapping.email_address is None for mapping in mappings)
        self._find_text = finder(self._dispatch.path)
        self._is_enabled = _always if ignore_integrations else is_enabled
        self._happened = _happened if by_timestamp else _never
        paths = {path for mapping in mappings if mapping.enabled for path in read_paths(mapping)}
        deciding = {_TYPE, *integrations.PATHS, self._dispatch.path}
        self._first_look = Decoder(deciding)
        self._whole_look = Decoder(deciding | paths)
        self._looks_once = not self._whole_look.is_whole
        at_a_glance = (_TYPE, integrations.PATHS[0], self._dispatch.path)
        self._glance = attrgetter(*(".".join(map(slot, path)) for path in at_a_glance))

    def evaluate(self, piece: Piece) -> Evaluated:
        """Return what becomes of the lines of a piece."""
        result = Evaluated(piece.file, end_of(piece), piece.position, lines=1)
        match piece:
            case Block():
                self._lines(piece, result)
            case LongLine(line=number, beginning=beginning, length=length):
                detail = f"{length} bytes, more than {MAX_LINE_BYTES}; raw is its beginning"
                self._reject(result, number, UnreadableError("line_too_long", detail), beginning)
            case BrokenFile(line=number, beginning=beginning, problem=problem):
                self._reject(result, number, UnreadableError(UNREADABLE_FILE, problem), beginning)
            case _:
                assert_never(piece)
        result.count_updates()
        return result

    def outcome(self, event: Event, line: int, only: str | None = None) -> Outcome:
        """Return what becomes of an event on a line; `only` names the one mapping to look at."""
        takers = self._takers(event)
        return takers if isinstance(takers, str) else self._made(takers, event, line, only)

    def _takers(self, event: Event) -> str | Takers:
        """Return which mappings may take an event, or why none does."""
        kind = _find_type(event)
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
        glances = _each(map(self._glance, seen), (AttributeError,), _UNLIKE)
        looks = zip(count(block.first_line), lines, seen, glances, strict=False)
        for number, line, event, (kind, entry, text) in looks:
            try:
                takers = by_text.get(text, others) if kind in ACCEPTED_TYPES else None
                whole = event if looks_once or not takers else whole_look(line)
            except _LOOK_CLOSER:
                takers = None
            if takers is None:
                unlike += 1
                matched += self._make(matches, block, lines, result)  # they come before
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
        matched += self._make(matches, block, lines, result)
        self._looks_once = matched * 3 > len(lines) and not self._whole_look.is_whole
        result.lines = len(lines)
        result.matched_lines += matched
        result.skip(FILTERED, filtered)
        result.skip(NO_MATCH, len(lines) - unlike - filtered - matched)

    def _make(
        self, matches: _Matches, block: Block, lines: Sequence[bytes], result: Evaluated
    ) -> int:
        """Make the updates of matches; return how many lines these are on.

        They are made column by column, which is faster than one by one, unless one cannot be.
        """
        numbers, events, makers = matches
        try:
            updates = Updates(
                whole_numbers(numbers),
                self._addresses(makers, events),
                [maker.change(event) for maker, event in zip(makers, events, strict=True)],
                whole_numbers(self._happened(events)),
            )
        except UNMAKEABLE:
            updates = Updates.of_rows(self._made_one_by_one(matches, block, lines, result))
        result.updates.extend(updates)
        return len(set(numbers))

    def _made_one_by_one(
        self, matches: _Matches, block: Block, lines: Sequence[bytes], result: Evaluated
    ) -> Iterator[Update]:
        """Yield the updates of matches; reject what none can be made of, and say why."""
        instants = self._happened(matches[1])
        for number, event, maker, instant in zip(*matches, instants, strict=True):
            made = maker.make(event, number, instant)
            if isinstance(made, Rejected):
                line = lines[number - block.first_line].removesuffix(b"\n")
                result.reject_update(number, made, self.names[made.mapping], line)
            else:
                yield made

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
        seen: list[Event] = _each(map(look.parse, lines), UNDECODABLE, {})
        if not all(map(bytes.isascii, lines)):
            for index, line in enumerate(lines):
                if not _is_utf8(line):
                    seen[index] = {}
        return seen

    def _line(self, number: int, line: bytes, result: Evaluated) -> None:
        """Evaluate one line, without its newline, into the result: whatever it holds."""
        only: str | None = None
        try:
            seen = self._first_look.decode(_checked(line))
            while _find_type(seen) is UNSET and (wrapped := rejects.unwrap(line)):
                if isinstance(wrapped, ContactUpdate):
                    self._resend(number, wrapped, result)
                    return
                line, only = wrapped.content, self._known(wrapped)
                seen = self._first_look.decode(line)
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
            if isinstance(made, Rejected):
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

    def _resend(self, number: int, update: ContactUpdate, result: Evaluated) -> None:
        """Take values that an earlier run could not deliver as they are."""
        fields = tuple((parse_id(field) or 0, value) for field, value in update.fields.items())
        if not (
            fields
            and all(field for field, _ in fields)
            and parse_id(update.list_id)
            and is_email_address(update.email_address)
        ):
            raise UnreadableError("invalid_update", "the ids or the address cannot be sent")
        change = shared(RESENT, update.list_id, fields)
        result.matched_lines += 1
        result.updates.append((number, update.email_address, change, NEVER))

    def _reject(
        self, result: Evaluated, number: int, error: UnreadableError, content: bytes
    ) -> None:
        """Reject a line as a whole."""
        result.reject_line(number, error, content)


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


def _happened(events: Sequence[Event]) -> list[int]:
    """Return when events happened."""
    return instants(_timestamps(events))


def _never(events: Sequence[Event]) -> list[int]:
    """Return that nobody asks when events happened."""
    return [NEVER] * len(events)


def _always(_: Event) -> bool:
    """Take every event."""
    return True


def _checked(line: bytes) -> bytes:
    """Return the line. Raises UnreadableError where it is no UTF-8."""
    if not _is_utf8(line):
        raise UnreadableError("not_utf8", "the line is no UTF-8")
    return line


def _is_utf8(data: bytes) -> bool:
    """Check what the decoder passes over, too."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
