"""The newest value for each list, contact and field."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from itertools import groupby
from typing import Final

import msgspec

from listrak_sync.events.timestamps import NEVER
from listrak_sync.updates.changes import FieldValues
from listrak_sync.updates.columns import Updates

_LAST: Final = -1
_NO_NEXT: Final = array("i", [_LAST])


class Contact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A contact's final values in a window, and the newest line that gave one of them."""

    list_id: int
    email_address: str
    fields: FieldValues
    mappings: tuple[int, ...]
    file: int
    line: int


class Window:
    """Gathers updates until it is full; then everything in it may be sent in any order.

    A contact's field has one value here: the one of the newest event, or the later in input
    order where instants are equal or missing. A value costs a row in a few flat columns, so a
    million contacts fit into about 200 MB.
    """

    def __init__(self, single: Sequence[bool]) -> None:
        """Make a window; `single` says by mapping index whether its updates go out alone."""
        self._single = single if any(single) else ()
        self._lists: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._spelling: dict[tuple[int, str], str] = {}
        self._values: list[str] = []
        self._fields = array("i")
        self._mappings = array("i")
        self._instants = array("q")
        self._files = array("i")
        self._lines = array("q")
        self._next = array("i")
        self.contacts = 0
        """How many contacts there are values of."""
        self.given = 0
        """How many values it was given."""
        self.superseded = 0
        self.alone: list[Contact] = []
        """What goes out alone, in input order, without the values that came too late."""

    def __len__(self) -> int:
        """Return how much of a window is used, counted in contacts."""
        return self.contacts + len(self.alone)

    def add_all(self, updates: Updates, file: int) -> None:
        """Take updates of one file.

        The values that they replace, or that are newer than theirs, count as superseded.
        """
        updates = updates.parts()
        self.given += len(updates)
        keys = list(map(str.lower, updates.addresses))
        late = self._add_values(updates, keys, file)
        if self._spelling or keys != updates.addresses:
            self._spell(updates, keys, late)
        if self._single:
            self._add_alone(updates, late, file)

    def _add_values(self, updates: Updates, keys: Sequence[str], file: int) -> set[int]:
        """Take updates of one value each; return the indices of those that come too late."""
        values, fields, mappings = self._values, self._fields, self._mappings
        instants, lines, following = self._instants, self._lines, self._next
        late: set[int] = set()
        size = len(values)
        self._files += array("i", [file]) * len(updates)
        following += _NO_NEXT * len(updates)
        lists = [self._lists[change.list_id] for change in updates.changes]
        columns = zip(lists, keys, updates.changes, updates.instants, updates.lines, strict=True)
        for index, (contacts, key, change, instant, line) in enumerate(columns):
            ((field, value),) = change.fields
            row = contacts.setdefault(key, size)
            if row == size:
                self.contacts += 1
            else:
                while fields[row] != field:
                    if following[row] == _LAST:
                        following[row] = size
                    row = following[row]
                    if row == size:
                        break
            if row == size:
                values.append(value)
                fields.append(field)
                mappings.append(change.mapping)
                instants.append(instant)
                lines.append(line)
                size += 1
            elif NEVER < instant < instants[row]:
                late.add(index)
            else:
                self.superseded += not self._is_single(mappings[row])
                values[row], mappings[row], instants[row] = value, change.mapping, instant
                self._files[row], lines[row] = file, line
        self.superseded += len(late)
        del self._files[size:], following[size:]
        return late

    def _spell(self, updates: Updates, keys: Sequence[str], late: Container[int]) -> None:
        """Keep how contacts are written, by their newest updates."""
        spelling = self._spelling
        columns = zip(updates.changes, keys, updates.addresses, strict=True)
        for index, (change, key, address) in enumerate(columns):
            if (address != key or (change.list_id, key) in spelling) and index not in late:
                spelling[change.list_id, key] = address

    def _add_alone(self, updates: Updates, late: Container[int], file: int) -> None:
        """Keep what goes out alone: for each update, those of its values that are not late."""
        rows = (row for index, row in enumerate(updates) if index not in late)
        for (line, address, mapping, list_id), values in groupby(
            rows, key=lambda row: (row[0], row[1], row[2].mapping, row[2].list_id)
        ):
            if self._is_single(mapping):
                fields = tuple(change.fields[0] for _, _, change, _ in values)
                self.alone.append(Contact(list_id, address, fields, (mapping,), file, line))

    @property
    def contacts_to_send(self) -> int:
        """Return how many contacts the batches will hold, those that go out alone counted each."""
        together = sum(1 for _ in self.together()) if self._single else self.contacts
        return len(self.alone) + together

    @property
    def values(self) -> int:
        """Return how many values there are to send."""
        return sum(1 for _ in self._values_to_send()) if self._single else len(self._values)

    def off_values(self) -> tuple[int, int]:
        """Return how many of the values to send are `off`, and how many there are."""
        values = Counter(self._values_to_send())
        return values["off"], values.total()

    def _values_to_send(self) -> Iterator[str]:
        for contact in self.alone:
            for _, value in contact.fields:
                yield value
        for value, mapping in zip(self._values, self._mappings, strict=True):
            if not self._is_single(mapping):
                yield value

    def final(self) -> Iterator[Contact]:
        """Return every contact with all of its final values, lists and contacts as they came."""
        return self._contacts(with_alone=True)

    def together(self) -> Iterator[Contact]:
        """Return every contact with the final values that may go out in batches."""
        return self._contacts(with_alone=False)

    def _contacts(self, *, with_alone: bool) -> Iterator[Contact]:
        spelling, following = self._spelling, self._next
        values, fields, mappings = self._values, self._fields, self._mappings
        files, lines = self._files, self._lines
        all_rows = with_alone or not self._single
        for list_id, contacts in self._lists.items():
            for key, first in contacts.items():
                address = spelling.get((list_id, key), key) if spelling else key
                if all_rows and following[first] == _LAST:
                    yield Contact(
                        list_id,
                        address,
                        ((fields[first], values[first]),),
                        (mappings[first],),
                        files[first],
                        lines[first],
                    )
                    continue
                rows = [
                    row
                    for row in self._rows(first)
                    if all_rows or not self._is_single(mappings[row])
                ]
                if rows:
                    file, line = max((files[row], lines[row]) for row in rows)
                    yield Contact(
                        list_id,
                        address,
                        tuple(sorted((fields[row], values[row]) for row in rows)),
                        tuple(sorted({mappings[row] for row in rows})),
                        file,
                        line,
                    )

    def _rows(self, first: int) -> Iterator[int]:
        row = first
        while row != _LAST:
            yield row
            row = self._next[row]

    def _is_single(self, mapping: int) -> bool:
        return bool(self._single) and mapping >= 0 and self._single[mapping]
