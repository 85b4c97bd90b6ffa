"""The newest value for each list, contact and field."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from listrak_sync.events.timestamps import NEVER
from listrak_sync.updates.changes import FieldValues
from listrak_sync.updates.update import Update

_LAST: Final = -1
_SHARED: Final = 1024
_LINE_BITS: Final = 40
_LINE_MASK: Final = (1 << _LINE_BITS) - 1


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
    order where instants are equal or missing. A value costs a row in a few flat arrays, so a
    million contacts fit into about 200 MB.
    """

    def __init__(self, single: Sequence[bool]) -> None:
        """Make a window; `single` says by mapping index whether its updates go out alone."""
        self._single = single if any(single) else ()
        self._lists: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._spelling: dict[tuple[int, str], str] = {}
        self._values: list[str] = []
        self._shared: dict[str, str] = {}
        self._fields = array("i")
        self._mappings = array("i")
        self._instants = array("q")
        self._places = array("q")
        self._next = array("i")
        self.contacts = 0
        self.superseded = 0
        self.alone: list[Contact] = []
        """What goes out alone, in input order, without the values that came too late."""

    def __len__(self) -> int:
        """Return how much of a window is used, counted in contacts."""
        return self.contacts + len(self.alone)

    def add_all(self, updates: Iterable[Update], file: int) -> None:
        """Take updates of one file.

        The values that they replace, or that are newer than theirs, count as superseded.
        """
        lists, spelling, values = self._lists, self._spelling, self._values
        single, first_place = self._single, file << _LINE_BITS
        for line, address, change, instant in updates:
            key, row, place = address.lower(), len(values), first_place | line
            taken = change.fields
            first = lists[change.list_id].setdefault(key, row)
            if first == row:
                self.contacts += 1
                self._add_row(taken[0], change.mapping, instant, place)
                if len(taken) > 1:
                    self._merge(row, taken[1:], change.mapping, instant, place)
            else:
                taken = self._merge(first, taken, change.mapping, instant, place)
            if taken and (address != key or (spelling and (change.list_id, key) in spelling)):
                spelling[change.list_id, key] = address
            if single and taken and self._is_single(change.mapping):
                mappings = (change.mapping,)
                contact = Contact(change.list_id, address, taken, mappings, file, line)
                self.alone.append(contact)

    def _merge(
        self, first: int, given: FieldValues, mapping: int, instant: int, place: int
    ) -> FieldValues:
        """Take those of the given values that no newer one is known for, and return them.

        The contact's rows begin with `first`.
        """
        fields, following, instants = self._fields, self._next, self._instants
        taken = []
        for each in given:
            field, value = each
            last, row = _LAST, first
            while row != _LAST and fields[row] != field:
                last, row = row, following[row]
            if row == _LAST:
                following[last] = len(fields)
                self._add_row(each, mapping, instant, place)
            elif NEVER < instant < instants[row]:
                self.superseded += 1
                continue
            else:
                self.superseded += not self._goes_alone(row)
                self._values[row], self._mappings[row] = self._one(value), mapping
                instants[row], self._places[row] = instant, place
            taken.append(each)
        return tuple(taken)

    def _add_row(
        self, field_value: tuple[int, str], mapping: int, instant: int, place: int
    ) -> None:
        """Add the last row of a contact."""
        field, value = field_value
        self._values.append(self._one(value))
        self._fields.append(field)
        self._mappings.append(mapping)
        self._instants.append(instant)
        self._places.append(place)
        self._next.append(_LAST)

    def _one(self, value: str) -> str:
        """Return the one copy of a value that recurs."""
        if len(self._shared) < _SHARED:
            return self._shared.setdefault(value, value)
        return self._shared.get(value, value)

    @property
    def contacts_to_send(self) -> int:
        """Return how many contacts the batches will hold, those that go out alone counted each."""
        together = sum(1 for _ in self.together()) if self._single else self.contacts
        return len(self.alone) + together

    @property
    def values(self) -> int:
        """Return how many values there are to send."""
        if not self._single:
            return len(self._values)
        alone = sum(len(contact.fields) for contact in self.alone)
        return alone + sum(not self._goes_alone(row) for row in range(len(self._values)))

    def off_values(self) -> tuple[int, int]:
        """Return how many of the values to send are `off`, and how many there are."""
        if not self._single:
            return self._values.count("off"), len(self._values)
        values = [value for each in self.alone for _, value in each.fields]
        values += (value for row, value in enumerate(self._values) if not self._goes_alone(row))
        return values.count("off"), len(values)

    def final(self) -> Iterator[Contact]:
        """Yield every contact with all of its final values, lists and contacts as they came."""
        yield from self._contacts(with_alone=True)

    def together(self) -> Iterator[Contact]:
        """Yield every contact with the final values that may go out in batches."""
        yield from self._contacts(with_alone=False)

    def _contacts(self, *, with_alone: bool) -> Iterator[Contact]:
        spelling, following = self._spelling, self._next
        values, fields, places, mappings = self._values, self._fields, self._places, self._mappings
        all_rows = with_alone or not self._single
        for list_id, contacts in self._lists.items():
            for key, first in contacts.items():
                address = spelling.get((list_id, key), key) if spelling else key
                if all_rows and following[first] == _LAST:
                    place, only = places[first], (fields[first], values[first])
                    yield Contact(
                        list_id,
                        address,
                        (only,),
                        (mappings[first],),
                        place >> _LINE_BITS,
                        place & _LINE_MASK,
                    )
                    continue
                rows = [row for row in self._rows(first) if all_rows or not self._goes_alone(row)]
                if rows:
                    place = max(places[row] for row in rows)
                    yield Contact(
                        list_id,
                        address,
                        tuple(sorted((fields[row], values[row]) for row in rows)),
                        tuple(sorted({mappings[row] for row in rows})),
                        place >> _LINE_BITS,
                        place & _LINE_MASK,
                    )

    def _rows(self, first: int) -> Iterator[int]:
        row = first
        while row != _LAST:
            yield row
            row = self._next[row]

    def _goes_alone(self, row: int) -> bool:
        return self._is_single(self._mappings[row])

    def _is_single(self, mapping: int) -> bool:
        return bool(self._single) and mapping >= 0 and self._single[mapping]
