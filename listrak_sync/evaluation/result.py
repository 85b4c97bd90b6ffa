"""What became of some lines: their updates and rejects, and the counts of everything."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from listrak_sync.evaluation.updates import (
    Changes,
    FieldValues,
    Origin,
    RejectedUpdate,
    Update,
    field_values,
    given,
    origin_of,
    shared,
)
from listrak_sync.events.rejects import Reject
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.reasons import Reason

RESENT: Final = -1
"""The index in place of a mapping's for values read back from a rejects file."""

_STILL_JSON: Final = frozenset(
    {
        Reason.NOT_AN_OBJECT,
        Reason.NUMBER_OUT_OF_RANGE,
        Reason.INVALID_UPDATE,
        Reason.UNKNOWN_MAPPING,
    }
)
"""Reasons that leave a line JSON, so that its reject can hold it as an event."""


def whole_numbers(numbers: Iterable[int] = ()) -> array[int]:
    """Return numbers of 64 bits as a column."""
    return array("q", numbers)


@dataclass(slots=True)
class Updates:
    """Updates stored as four parallel columns, in input order.

    There is one for each match, and each holds little: as objects they would cost more to make
    than to find out.
    """

    lines: array[int] = field(default_factory=whole_numbers)
    addresses: list[str] = field(default_factory=list)
    changes: list[Changes] = field(default_factory=list)
    instants: array[int] = field(default_factory=whole_numbers)

    @classmethod
    def of_rows(cls, rows: Iterable[Update]) -> Updates:
        """Return updates that are given one by one."""
        rows = list(rows)
        return cls(
            whole_numbers([line for line, _, _, _ in rows]),
            [address for _, address, _, _ in rows],
            [changes for _, _, changes, _ in rows],
            whole_numbers([instant for _, _, _, instant in rows]),
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.changes)

    def __iter__(self) -> Iterator[Update]:
        """Yield them one by one."""
        return zip(self.lines, self.addresses, self.changes, self.instants, strict=True)

    def extend(self, more: Updates) -> None:
        """Add others."""
        self.lines += more.lines
        self.addresses += more.addresses
        self.changes += more.changes
        self.instants += more.instants

    def single_changes(self) -> Updates:
        """Return the updates with one change each."""
        return Updates.of_rows(
            (line, address, (change,), instant)
            for line, address, changes, instant in self
            for change in changes
        )

    def by_line(self) -> Updates:
        """Return the updates in the order of their lines; those of a line stay in theirs."""
        order = sorted(range(len(self.lines)), key=self.lines.__getitem__)
        return Updates(
            whole_numbers([self.lines[index] for index in order]),
            [self.addresses[index] for index in order],
            [self.changes[index] for index in order],
            whole_numbers([self.instants[index] for index in order]),
        )

    def between(self, start: int, end: int | None = None) -> Updates:
        """Return those from one index to before another, which is the end by default."""
        rows = slice(start, end)
        return Updates(
            self.lines[rows], self.addresses[rows], self.changes[rows], self.instants[rows]
        )


Packed: TypeAlias = tuple[
    bytes, str, bytes, bytes, list[tuple[int, int, FieldValues, Origin | None]]
]
"""Lines, addresses joined by line ends, indices of changes, instants.

And each of the changes once: by which mapping, of which list, which fields to which values, and
where an update given as input is from.
"""


def pack(updates: Updates) -> Packed:
    """Return updates for their way from one process to another."""
    index: defaultdict[Changes, int] = defaultdict(lambda: len(index))
    indices = array("I", map(index.__getitem__, updates.changes))
    return (
        updates.lines.tobytes(),
        "\n".join(updates.addresses),
        indices.tobytes(),
        updates.instants.tobytes(),
        [(each[0].mapping, each[0].list_id, field_values(each), origin_of(each)) for each in index],
    )


def unpack(packed: Packed) -> Updates:
    """Return the updates that were packed."""
    lines, addresses, indices, instants, named = packed
    changes = [
        given(*each[:3], origin) if (origin := each[3]) else shared(*each[:3]) for each in named
    ]
    return Updates(
        array("q", lines),
        addresses.split("\n") if changes else [],
        list(map(changes.__getitem__, array("I", indices))),
        array("q", instants),
    )


class EvaluationResult(msgspec.Struct):
    """What became of some lines of one file, which is read up to `end` and `position` in bytes.

    `begins` are the checkpoints after some of the lines, the first among them.

    `lines` = the skipped + the unreadable (rejects without a mapping) + the matched;
    the matched = the updates + the rejects with a mapping: `matched` has by a mapping's index, or
    RESENT, how many lines it took.
    """

    file: str
    end: Checkpoint = msgspec.field(default_factory=Checkpoint)
    position: int = 0
    begins: list[Checkpoint] = msgspec.field(default_factory=list)
    lines: int = 0
    matched_lines: int = 0
    skipped: dict[Reason, int] = msgspec.field(default_factory=dict)
    rejects: list[Reject] = msgspec.field(default_factory=list)
    matched: Counter[int] = msgspec.field(default_factory=Counter)
    updates: Updates = msgspec.field(default_factory=Updates)
    undated: int = 0
    """How many events without an instant a period took in."""
    fed_back: list[int] = msgspec.field(default_factory=list)
    """The lines with updates of what was rejected before."""
    retries: int = 0
    """How often something of the input was asked for again."""
    not_events: dict[str, int] = msgspec.field(default_factory=dict)
    """What objects without a type are, each with the line of the first."""

    def skip(self, reason: Reason, lines: int = 1) -> None:
        """Count lines as skipped."""
        if lines:
            self.skipped[reason] = self.skipped.get(reason, 0) + lines

    def reject_line(self, line: int, reason: Reason, detail: str, content: bytes) -> None:
        """Reject a line as a whole."""
        is_json = reason in _STILL_JSON
        self.rejects.append(Reject(reason, detail, self.file, line, None, content, is_json))

    def reject_update(
        self, line: int, rejected: RejectedUpdate, names: Sequence[str], content: bytes
    ) -> None:
        """Count a match of a line, and reject it for its mapping (`names` by index)."""
        self.matched[rejected.mapping] += 1
        name = names[rejected.mapping]
        self.rejects.append(
            Reject(rejected.reason, rejected.detail, self.file, line, name, content)
        )

    def follow(self, lines: int) -> None:
        """Renumber the lines, which were counted from 1, to follow so many others."""
        if lines:
            self.end = replace(self.end, line=self.end.line + lines)
            self.begins = [replace(begin, line=begin.line + lines) for begin in self.begins]
            self.updates.lines = whole_numbers([line + lines for line in self.updates.lines])
            self.rejects = [replace(reject, line=reject.line + lines) for reject in self.rejects]
            self.fed_back = [line + lines for line in self.fed_back]
            self.not_events = {what: line + lines for what, line in self.not_events.items()}

    def renumber(self, numbers: Sequence[int]) -> None:
        """Give the lines, which were counted from 1, the numbers that they have."""
        self.updates.lines = whole_numbers([numbers[line - 1] for line in self.updates.lines])
        self.rejects = [replace(reject, line=numbers[reject.line - 1]) for reject in self.rejects]
        self.fed_back = [numbers[line - 1] for line in self.fed_back]

    def add(self, more: EvaluationResult) -> None:
        """Add what became of lines behind these; how far the file is read stays as it is."""
        self.lines += more.lines
        self.matched_lines += more.matched_lines
        self.undated += more.undated
        for reason, lines in more.skipped.items():
            self.skip(reason, lines)
        self.rejects += more.rejects
        self.fed_back += more.fed_back
        self.matched.update(more.matched)
        self.updates.extend(more.updates)

    @property
    def is_broken(self) -> bool:
        """Say whether the file could not be read to its end."""
        return any(reject.reason == Reason.UNREADABLE_FILE for reject in self.rejects)
