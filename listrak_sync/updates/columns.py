"""Updates by column: made, handed on and gathered many at a time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from listrak_sync.updates.changes import Changes, FieldValues, field_values, shared
from listrak_sync.updates.update import Update


def whole_numbers(numbers: Iterable[int] = ()) -> array[int]:
    """Return numbers of 64 bits as a column."""
    return array("q", numbers)


@dataclass(slots=True)
class Updates:
    """Updates in input order, one from each place of the four columns.

    There is one for each match, and they hold little: as objects they would cost more to make
    than to find out.
    """

    lines: array[int] = field(default_factory=whole_numbers)
    addresses: list[str] = field(default_factory=list)
    changes: list[Changes] = field(default_factory=list)
    instants: array[int] = field(default_factory=whole_numbers)

    @classmethod
    def of_rows(cls, rows: Iterable[Update]) -> Updates:
        """Return updates given one by one."""
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

    def append(self, update: Update) -> None:
        """Add one."""
        line, address, changes, instant = update
        self.lines.append(line)
        self.addresses.append(address)
        self.changes.append(changes)
        self.instants.append(instant)

    def extend(self, more: Updates) -> None:
        """Add others."""
        self.lines += more.lines
        self.addresses += more.addresses
        self.changes += more.changes
        self.instants += more.instants

    def parts(self) -> Updates:
        """Return them with one change each."""
        return Updates.of_rows(
            (line, address, (change,), instant)
            for line, address, changes, instant in self
            for change in changes
        )

    def between(self, start: int, end: int | None = None) -> Updates:
        """Return those from one index to before another, which is the end by default."""
        span = slice(start, end)
        return Updates(
            self.lines[span], self.addresses[span], self.changes[span], self.instants[span]
        )


Packed: TypeAlias = tuple[bytes, str, bytes, bytes, list[tuple[int, int, FieldValues]]]
"""Lines, addresses with line ends between, indices of changes, instants.

And each of the changes once: by which mapping, of which list, which fields to which values.
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
        [(each[0].mapping, each[0].list_id, field_values(each)) for each in index],
    )


def unpack(packed: Packed) -> Updates:
    """Return what was packed."""
    lines, addresses, indices, instants, named = packed
    changes = [shared(*each) for each in named]
    return Updates(
        array("q", lines),
        addresses.split("\n") if changes else [],
        list(map(changes.__getitem__, array("I", indices))),
        array("q", instants),
    )
