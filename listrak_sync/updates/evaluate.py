"""Lines to updates: what becomes of each line, counted and with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec import UNSET

from listrak_sync.events import integrations, rejects
from listrak_sync.events.blocks import MAX_LINE_BYTES, Block, BrokenFile, LongLine, Piece
from listrak_sync.events.event import ACCEPTED_TYPES, UNDECODABLE, Decoder, UnreadableError
from listrak_sync.events.integrations import is_enabled
from listrak_sync.events.paths import Event, Path, finder, slot
from listrak_sync.events.rejects import ContactUpdate, Reject, WrappedEvent
from listrak_sync.events.timestamps import NEVER
from listrak_sync.mapping.file import Mapping
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.updates.dispatch import Candidate, Dispatch, Takers
from listrak_sync.updates.update import Rejected, Update, read_paths, update_maker

RESENT: Final = -1
"""The index in place of a mapping's for values read back from a rejects file."""

UNSUPPORTED: Final = "unsupported_event_type"
FILTERED: Final = "filtered_by_integrations_object"
NO_MATCH: Final = "no_mapping_matched"
SKIPS: Final = ("blank_line", UNSUPPORTED, FILTERED, NO_MATCH)
"""Why a line is skipped."""

_LOOK_CLOSER: Final = (*UNDECODABLE, AttributeError, TypeError)
"""What comes of a line that is no event, or of an event with something odd in an odd place."""

_TYPE: Final[Path] = ("type",)
_find_type: Final = finder(_TYPE)
_STILL_JSON: Final = {
    "not_an_object",
    "number_out_of_range",
    "invalid_update",
    "unknown_mapping",
}

Outcome: TypeAlias = str | list[Update | Rejected]
"""What becomes of an event: the reason it is skipped, or one result for each mapping."""


class Evaluated(msgspec.Struct, gc=False):
    """What became of some lines of one file.

    `lines` = the skipped + the unreadable (rejects without a mapping) + those with matches;
    the sum of `matched` (by mapping index) = the updates + the rejects with a mapping.
    """

    file: str
    position: int
    lines: int = 0
    skipped: Counter[str] = msgspec.field(default_factory=Counter)
    matched: Counter[int] = msgspec.field(default_factory=Counter)
    updates: list[tuple[int, Update]] = msgspec.field(default_factory=list)
    rejects: list[Reject] = msgspec.field(default_factory=list)


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
            Candidate(mapping.trigger, update_maker(index, mapping, by_timestamp=by_timestamp))
            for index, mapping in enumerate(mappings)
            if mapping.enabled
        ]
        self._dispatch = Dispatch(candidates)
        self._find_text = finder(self._dispatch.path)
        self._is_enabled = _always if ignore_integrations else is_enabled
        paths = {path for mapping in mappings if mapping.enabled for path in read_paths(mapping)}
        deciding = {_TYPE, *integrations.PATHS, self._dispatch.path}
        self._first_look = Decoder(deciding)
        self._whole_look = Decoder(deciding | paths)
        self._looks_once = not self._whole_look.is_whole
        at_a_glance = (_TYPE, integrations.PATHS[0], self._dispatch.path)
        self._glance = attrgetter(*(".".join(map(slot, path)) for path in at_a_glance))

    def evaluate(self, piece: Piece) -> Evaluated:
        """Return what becomes of the lines of a piece."""
        result = Evaluated(piece.file, piece.position, lines=1)
        match piece:
            case Block():
                self._lines(piece, result)
            case LongLine(line=number, beginning=beginning, length=length):
                detail = f"{length} bytes, more than {MAX_LINE_BYTES}; raw is its beginning"
                self._reject(result, number, UnreadableError("line_too_long", detail), beginning)
            case BrokenFile(line=number, beginning=beginning, problem=problem):
                self._reject(result, number, UnreadableError("unreadable_file", problem), beginning)
            case _:
                assert_never(piece)
        result.skipped = +result.skipped
        result.matched.update(update.mapping for _, update in result.updates)
        return result

    def outcome(self, event: Event, only: str | None = None) -> Outcome:
        """Return what becomes of an event; `only` names the one mapping to look at."""
        takers = self._takers(event)
        return takers if isinstance(takers, str) else self._made(takers, event, only)

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

    def _made(self, takers: Takers, event: Event, only: str | None) -> Outcome:
        """Return what mappings that may take an event make of it."""
        made = [make(event) for test, make in takers if test is None or test(event)]
        return [each for each in made if only in {None, self.names[each.mapping]}] or NO_MATCH

    def _lines(self, block: Block, result: Evaluated) -> None:
        """Evaluate the lines of a block into the result.

        Where few lines are taken, a first look decodes no more than tells which. What is unlike
        most events in some way is left to `_line`, which takes its time.
        """
        whole_look, looks_once = self._whole_look.parse, self._looks_once
        look = whole_look if looks_once else self._first_look.parse
        by_text, others = self._dispatch.by_text, self._dispatch.others
        glance, is_enabled, is_utf8 = self._glance, self._is_enabled, _is_utf8(block.data)
        add_update = result.updates.append
        filtered = unmatched = taken = 0
        number = block.first_line - 1
        for number, line in block.lines():
            try:
                event = look(line)
                kind, entry, text = glance(event)
                takers = by_text.get(text, others)
                is_unlike = kind not in ACCEPTED_TYPES or not (is_utf8 or _is_utf8(line))
                if takers and not looks_once:
                    event = whole_look(line)
            except _LOOK_CLOSER:
                is_unlike = True
            if is_unlike:
                self._line(number, line.removesuffix(b"\n"), result)
            elif entry is not True and not is_enabled(event):
                filtered += 1
            elif takers:
                taken += 1
                matches = 0
                for test, make in takers:
                    if test is None or test(event):
                        matches += 1
                        made = make(event)
                        if isinstance(made, Update):
                            add_update((number, made))
                        else:
                            self._reject_update(result, number, made, line.removesuffix(b"\n"))
                unmatched += not matches
            else:
                unmatched += 1
        result.lines = number - block.first_line + 1
        self._looks_once = taken * 3 > result.lines and not self._whole_look.is_whole
        result.skipped[FILTERED] += filtered
        result.skipped[NO_MATCH] += unmatched

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
            outcome = self._judge(line, seen, only)
        except UnreadableError as error:
            if line.strip():
                self._reject(result, number, error, line)
            else:
                result.skipped["blank_line"] += 1
            return
        if isinstance(outcome, str):
            result.skipped[outcome] += 1
            return
        for made in outcome:
            if isinstance(made, Update):
                result.updates.append((number, made))
            else:
                self._reject_update(result, number, made, line)

    def _judge(self, line: bytes, seen: Event, only: str | None) -> Outcome:
        """Return what becomes of an event after a first look at it. Raises UnreadableError."""
        takers = self._takers(seen)
        if isinstance(takers, str):
            return takers
        return self._made(takers, self._whole_look.decode(line), only) if takers else NO_MATCH

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
        made = Update(RESENT, update.list_id, update.email_address, fields, NEVER)
        result.updates.append((number, made))

    def _reject_update(
        self, result: Evaluated, number: int, made: Rejected, content: bytes
    ) -> None:
        name = self.names[made.mapping]
        result.matched[made.mapping] += 1
        result.rejects.append(Reject(made.reason, made.detail, result.file, number, name, content))

    def _reject(
        self, result: Evaluated, number: int, error: UnreadableError, content: bytes
    ) -> None:
        is_json = error.reason in _STILL_JSON
        result.rejects.append(
            Reject(error.reason, error.detail, result.file, number, None, content, is_json)
        )


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
