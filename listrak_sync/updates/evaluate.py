"""Lines to updates: what becomes of each line, counted and with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Final, TypeAlias, assert_never

import msgspec

from listrak_sync.events import integrations, rejects
from listrak_sync.events.event import ACCEPTED_TYPES, UNDECODABLE, Decoder, UnreadableError
from listrak_sync.events.integrations import is_enabled
from listrak_sync.events.paths import Event
from listrak_sync.events.rejects import ContactUpdate, Reject, WrappedEvent
from listrak_sync.events.sources import MAX_LINE_BYTES, Block, BrokenFile, LongLine, Piece
from listrak_sync.events.timestamps import NEVER
from listrak_sync.mapping.file import Mapping
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.updates.dispatch import Candidate, Dispatch
from listrak_sync.updates.update import Rejected, Update, read_paths, update_maker

RESENT: Final = -1
"""The index in place of a mapping's for values read back from a rejects file."""

NO_MATCH: Final = "no_mapping_matched"
SKIPS: Final = (
    "blank_line",
    "unsupported_event_type",
    "filtered_by_integrations_object",
    NO_MATCH,
)
"""Why a line is skipped."""

_STILL_JSON: Final = {"not_an_object", "number_out_of_range", "invalid_update"}

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
    events: int = 0
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
        candidates = [
            Candidate(mapping.trigger, update_maker(index, mapping, by_timestamp=by_timestamp))
            for index, mapping in enumerate(mappings)
            if mapping.enabled
        ]
        self._decide = _decider(Dispatch(candidates), heed_integrations=not ignore_integrations)
        paths = {path for mapping in mappings if mapping.enabled for path in read_paths(mapping)}
        self._decoder = Decoder({("type",), *integrations.PATHS, *paths})

    def evaluate(self, piece: Piece) -> Evaluated:
        """Return what becomes of the lines of a piece."""
        result = Evaluated(piece.file, piece.position)
        match piece:
            case Block(first_line=first, data=data):
                self._lines(first, data, result)
            case LongLine(line=number, beginning=beginning, length=length):
                detail = f"{length} bytes, more than {MAX_LINE_BYTES}; raw is its beginning"
                self._reject(result, number, UnreadableError("line_too_long", detail), beginning)
            case BrokenFile(line=number, beginning=beginning, problem=problem):
                self._reject(result, number, UnreadableError("unreadable_file", problem), beginning)
            case _:
                assert_never(piece)
        return result

    def outcome(self, event: Event, only: str | None = None) -> Outcome:
        """Return what becomes of an event; `only` names the one mapping to look at."""
        outcome = self._decide(event)
        if only is None or isinstance(outcome, str):
            return outcome
        return [made for made in outcome if self.names[made.mapping] == only] or NO_MATCH

    def _lines(self, first: int, data: bytes, result: Evaluated) -> None:
        """Evaluate the lines of a block into the result."""
        parse, decide, is_utf8 = self._decoder.parse, self._decide, _is_utf8(data)
        outcomes: list[str] = []
        matched: list[int] = []
        add_update, add_outcome = result.updates.append, outcomes.append
        for number, line in enumerate(BytesIO(data), first):
            try:
                event = parse(line)
            except UNDECODABLE:
                event = {}
            if "type" not in event or not (is_utf8 or _is_utf8(line)):
                self._line(number, line.removesuffix(b"\n"), result)
                continue
            outcome = decide(event)
            if isinstance(outcome, str):
                add_outcome(outcome)
                continue
            add_outcome("")
            for made in outcome:
                matched.append(made.mapping)
                if isinstance(made, Update):
                    add_update((number, made))
                else:
                    self._reject_update(result, number, made, line.removesuffix(b"\n"))
        counts = Counter(outcomes)
        result.lines += len(outcomes)
        result.events += len(outcomes)
        del counts[""]
        result.skipped += counts
        result.matched.update(matched)

    def _line(self, number: int, line: bytes, result: Evaluated) -> None:
        """Evaluate one line, without its newline, into the result: whatever it holds."""
        only: str | None = None
        try:
            event = self._decoder.decode(_checked(line))
            while "type" not in event and (wrapped := rejects.unwrap(line)):
                if isinstance(wrapped, ContactUpdate):
                    self._resend(number, wrapped, result)
                    return
                line, only = wrapped.content, self._known(wrapped)
                event = self._decoder.decode(line)
        except UnreadableError as error:
            if line.strip():
                self._reject(result, number, error, line)
            else:
                result.lines += 1
                result.skipped["blank_line"] += 1
            return
        result.lines += 1
        result.events += 1
        outcome = self.outcome(event, only)
        if isinstance(outcome, str):
            result.skipped[outcome] += 1
            return
        for made in outcome:
            result.matched[made.mapping] += 1
            if isinstance(made, Update):
                result.updates.append((number, made))
            else:
                self._reject_update(result, number, made, line)

    def _known(self, wrapped: WrappedEvent) -> str | None:
        """Return the mapping that rejected an event, if it still goes by its name."""
        return wrapped.mapping if wrapped.mapping in self.names else None

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
        result.lines += 1
        result.events += 1
        result.matched[RESENT] += 1
        result.updates.append((number, made))

    def _reject_update(
        self, result: Evaluated, number: int, made: Rejected, content: bytes
    ) -> None:
        name = self.names[made.mapping]
        result.rejects.append(Reject(made.reason, made.detail, result.file, number, name, content))

    def _reject(
        self, result: Evaluated, number: int, error: UnreadableError, content: bytes
    ) -> None:
        is_json = error.reason in _STILL_JSON
        result.lines += 1
        result.rejects.append(
            Reject(error.reason, error.detail, result.file, number, None, content, is_json)
        )


def _decider(dispatch: Dispatch, *, heed_integrations: bool) -> Callable[[Event], Outcome]:
    """Return what tells the outcome of an event; it is called for every one."""
    find, by_text, others = dispatch.find, dispatch.by_text, dispatch.others

    def decide(event: Event) -> Outcome:
        kind = event.get("type")
        if type(kind) is not str or kind not in ACCEPTED_TYPES:
            return "unsupported_event_type"
        if heed_integrations and not is_enabled(event):
            return "filtered_by_integrations_object"
        text = find(event)
        takers = by_text.get(text, others) if type(text) is str else others
        results = []
        for test, make in takers:
            if test is None or test(event):
                results.append(make(event))
        return results or NO_MATCH

    return decide


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
