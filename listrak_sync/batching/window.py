"""The newest value for each list, contact and field."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from itertools import chain, groupby
from typing import Any, Final, TypeAlias

import msgspec

from listrak_sync.evaluation.result import Updates
from listrak_sync.evaluation.updates import (
    Change,
    Changes,
    FieldValues,
    GivenChange,
    Origin,
    field_values,
)
from listrak_sync.events.timestamps import NEVER

LAST: Final = -1
"""In place of a row: no other row of the contact follows."""

_NO_NEXT: Final = array("i", [LAST])

_AT_ONCE: Final = 256
"""How many updates are taken at a time. Deleting a row moves at most that many others."""

_MOST_KNOWN: Final = 4096
"""How many combinations of changes keep their final values, for the contacts that share them."""

ValueKey: TypeAlias = tuple[int, int, int, str]
"""The mapping that gave a value, its list and field, and the value: on, off, or OTHER."""

OTHER: Final = ""
"""In place of any value that is neither on nor off."""

_SWITCHED: Final = frozenset({"on", "off"})

_FinalValues: TypeAlias = tuple[FieldValues, tuple[int, ...]]
"""The values of a contact's fields, and the mappings that gave them."""


class Contact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A contact's final values in a window, and the last line that gave one of them."""

    list_id: int
    email_address: str
    fields: FieldValues
    mappings: tuple[int, ...]
    file: int
    line: int
    origin: Origin | None = None
    """Where dry-run had the values from, where they are given as updates."""


class Window:
    """Keeps the newest value for each list, contact and field.

    Everything in a window may be sent in any order: a contact's field has one value here, that of
    the newest event, or the later in input order where instants are equal or missing.

    A value is a row of parallel columns; the rows of a contact are linked by `_next`. So a million
    contacts that are switched on or off fit into about 200 MB; a text costs fifty bytes more than
    its characters.
    """

    def __init__(self, single: Sequence[bool]) -> None:
        """Make an empty window; `single` says by mapping index whether its updates go out alone."""
        self._single = single if any(single) else ()
        self._lists: defaultdict[int, dict[str, int]] = defaultdict(_no_contacts)
        self._spelling: dict[tuple[int, str], str] = {}
        self._rows: list[Change] = []
        self._instants = array("q")
        self._files = array("i")
        self._lines = array("q")
        self._next = array("i")
        self.contacts = 0
        """How many contacts have a value."""
        self.given = 0
        """How many values it was given."""
        self.superseded = 0
        self.ordered_by_line = 0
        """How many values met another whose time, or its own, was missing: the later line won."""
        self.bytes = 0
        """How long the values are that it holds, in characters: about their bytes in memory."""
        self.alone: list[Contact] = []
        """The contacts that go out alone, in input order, without the values that came too late."""
        self._left_out: bytearray | None = None

    def __len__(self) -> int:
        """Return how full the window is, in contacts."""
        return self.contacts + len(self.alone)

    def add_all(self, updates: Updates, file: int) -> None:
        """Add updates of one file.

        Of two values for a field, the older counts as superseded.
        """
        for start in range(0, len(updates), _AT_ONCE):
            self._add(updates.between(start, start + _AT_ONCE), file)

    def _add(self, updates: Updates, file: int) -> None:
        """Add a few updates."""
        changes = list(chain.from_iterable(updates.changes))
        if len(changes) > len(updates):  # some set several fields, which is rare
            updates = updates.single_changes()
        self.given += len(changes)
        keys, together = updates.addresses, "".join(updates.addresses)
        if is_other := together.lower() != together:
            keys = list(map(str.lower, keys))
        late = self._add_rows(updates, changes, keys, file)
        if self._spelling or is_other:
            self._spell(updates, keys, late)
        if self._single:
            self._add_alone(updates, late, file)

    def _add_rows(
        self, updates: Updates, changes: Sequence[Change], keys: Sequence[str], file: int
    ) -> set[int]:
        """Add updates of one change each; return the indices of those that come too late.

        Each gets a row at first, because most need one. Where the field has a row already, the
        new row is deleted again.
        """
        rows, instants, lines = self._rows, self._instants, self._lines
        lists, following, late = self._lists, self._next, set[int]()
        before = size = len(rows)
        fields = 0
        rows += changes
        self.bytes += sum([len(change.value) for change in changes])
        instants += updates.instants
        lines += updates.lines
        self._files += array("i", [file]) * len(changes)
        following += _NO_NEXT * len(changes)
        for index, key, change in zip(range(len(keys)), keys, changes, strict=True):
            row = lists[change.list_id].setdefault(key, size)
            if row == size:  # a new contact
                size += 1
                continue
            while rows[row].field != change.field:
                if following[row] == LAST:  # a new field of the contact
                    following[row] = size
                    fields += 1
                row = following[row]
            if row == size:
                size += 1
                continue
            self.bytes -= len(rows[size].value)
            del rows[size]
            instant, line = instants.pop(size), lines.pop(size)
            if instant == NEVER or instants[row] == NEVER:
                self.ordered_by_line += 1
            if NEVER < instant < instants[row]:
                late.add(index)
            else:
                self.superseded += not self._is_single(rows[row].mapping)
                self.bytes += len(change.value) - len(rows[row].value)
                rows[row], instants[row] = change, instant
                self._files[row], lines[row] = file, line
        self.contacts += size - before - fields
        self.superseded += len(late)
        del self._files[size:], following[size:]
        return late

    def _spell(self, updates: Updates, keys: Sequence[str], late: Container[int]) -> None:
        """Keep the spelling of addresses with capitals; that of the last update counts."""
        spelling = self._spelling
        columns = zip(updates.changes, keys, updates.addresses, strict=True)
        for index, ((change,), key, address) in enumerate(columns):
            if (address != key or (change.list_id, key) in spelling) and index not in late:
                spelling[change.list_id, key] = address

    def _add_alone(self, updates: Updates, late: Container[int], file: int) -> None:
        """Keep the updates that go out alone, without their values that came too late.

        A mapping makes one update of a line, so changes that share both belong to one update.
        """
        in_time = (
            (line, address, change)
            for index, (line, address, (change,), _) in enumerate(updates)
            if index not in late
        )
        for (line, address, mapping, list_id), values in groupby(
            in_time, key=lambda each: (each[0], each[1], each[2].mapping, each[2].list_id)
        ):
            if self._is_single(mapping):
                fields = field_values(change for _, _, change in values)
                self.alone.append(Contact(list_id, address, fields, (mapping,), file, line))

    @property
    def rows(self) -> Sequence[Change]:
        """The final values of all contacts, in no order that matters."""
        return self._rows

    @property
    def next_rows(self) -> Sequence[int]:
        """For each row the next one of its contact, LAST where there is none."""
        return self._next

    @property
    def lists(self) -> Sequence[int]:
        """The lists for which it holds values."""
        return tuple(self._lists)

    def first_rows(self, list_id: int) -> MappingOf[str, int]:
        """Return the first row of each contact of a list, by its address in lower case."""
        return self._lists[list_id]

    def contact_rows(self, list_id: int, email: str) -> Iterator[int]:
        """Yield the rows of a contact."""
        row = self._lists[list_id].get(email.lower(), LAST) if list_id in self._lists else LAST
        while row != LAST:
            yield row
            row = self._next[row]

    def sent_rows(self) -> bytearray:
        """Return a number for each row: 1 where its value is sent."""
        if self._left_out is None:
            return bytearray(b"\1" * len(self._rows))
        return bytearray(not each for each in self._left_out)

    def row_of(self, list_id: int, email: str, field: int) -> int:
        """Return the row of a contact's field, LAST where it holds no value for it."""
        its = self.contact_rows(list_id, email)
        return next((row for row in its if self._rows[row].field == field), LAST)

    def rows_to_send(self) -> Iterator[int]:
        """Yield for each value to send the row that holds it, or a newer value for its field."""
        for contact in self.alone:
            for field, _ in contact.fields:
                yield self.row_of(contact.list_id, contact.email_address, field)
        for row, change in enumerate(self._rows):
            if not self._is_single(change.mapping) and not self._is_left_out(row):
                yield row

    def leave_out(self, rows: bytearray) -> None:
        """Let some values not be sent: those whose row has a number other than 0 in `rows`."""
        self._left_out = rows
        kept = []
        for contact in self.alone:
            fields = tuple(
                (field, value)
                for field, value in contact.fields
                if not rows[self.row_of(contact.list_id, contact.email_address, field)]
            )
            if fields:
                kept.append(msgspec.structs.replace(contact, fields=fields))
        self.alone = kept

    @property
    def contacts_to_send(self) -> int:
        """Return how many contacts the batches will hold, those that go out alone included."""
        together = sum(1 for _ in self.together()) if self._leaves_some else self.contacts
        return len(self.alone) + together

    def value_counts(self) -> Counter[ValueKey]:
        """Return how many values there are to send, by mapping, list, field and value."""
        counts: Counter[ValueKey] = Counter()
        for contact in self.alone:
            (mapping,) = contact.mappings
            for field, value in contact.fields:
                counts[mapping, contact.list_id, field, _kind(value)] += 1
        together: Iterable[Change] = self._rows
        if self._leaves_some:
            together = (
                change
                for row, change in enumerate(self._rows)
                if not self._is_single(change.mapping) and not self._is_left_out(row)
            )
        for change, count in Counter(together).items():
            counts[change.mapping, change.list_id, change.field, _kind(change.value)] += count
        return counts

    @property
    def _leaves_some(self) -> bool:
        """Say whether some rows do not go out in batches."""
        return bool(self._single) or self._left_out is not None

    def instants(self) -> Iterator[tuple[int, str, int, int]]:
        """Yield the list, address in lower case, field and instant of every value."""
        rows, instants, following = self._rows, self._instants, self._next
        for list_id, contacts in self._lists.items():
            for key, row in contacts.items():
                at = row
                while at != LAST:
                    yield list_id, key, rows[at].field, instants[at]
                    at = following[at]

    def final(self) -> Iterator[Contact]:
        """Yield every contact with all of its final values, lists and contacts in input order."""
        return self._contacts(with_alone=True)

    def together(self) -> Iterator[Contact]:
        """Yield every contact with the final values that may go out in batches."""
        return self._contacts(with_alone=False)

    def _contacts(self, *, with_alone: bool) -> Iterator[Contact]:
        spelling, following = self._spelling, self._next
        rows, files, lines = self._rows, self._files, self._lines
        all_rows = (with_alone or not self._single) and self._left_out is None
        for list_id, contacts in self._lists.items():
            known: dict[Changes, _FinalValues] = {}
            for key, first in contacts.items():
                address = spelling.get((list_id, key), key) if spelling else key
                if all_rows and following[first] == LAST:
                    changes: Changes = (rows[first],)
                    file, line = files[first], lines[first]
                else:
                    its = [first]
                    while (row := following[its[-1]]) != LAST:
                        its.append(row)
                    if not all_rows:
                        its = [
                            row
                            for row in its
                            if not self._is_left_out(row)
                            and (with_alone or not self._is_single(rows[row].mapping))
                        ]
                        if not its:
                            continue
                    changes = tuple([rows[row] for row in its])
                    file, line = max([(files[row], lines[row]) for row in its])
                if type(changes[-1]) is GivenChange or type(changes[0]) is GivenChange:
                    yield _given(list_id, address, changes, file, line)
                    continue
                fields, mappings = known.get(changes) or _final_values(changes, known)
                yield Contact(list_id, address, fields, mappings, file, line)

    def _is_single(self, mapping: int) -> bool:
        return bool(self._single) and mapping >= 0 and self._single[mapping]

    def _is_left_out(self, row: int) -> bool:
        return self._left_out is not None and bool(self._left_out[row])


def _kind(value: str) -> str:
    return value if value in _SWITCHED else OTHER


def _given(list_id: int, address: str, changes: Changes, file: int, line: int) -> Contact:
    """Return a contact with values that are given as input, and where all of them are from.

    Of several lines, the last counts, as it does for the values of events.
    """
    fields, mappings = _final_values(changes, {})
    origins = [change.origin for change in changes if isinstance(change, GivenChange)]
    names = tuple(dict.fromkeys(name for origin in origins for name in origin.mappings))
    last = max(origins, key=lambda origin: (origin.file, origin.line))
    origin = Origin(names, last.file, last.line)
    return Contact(list_id, address, fields, mappings, file, line, origin)


def _no_contacts() -> dict[str, int]:
    """Return an empty dictionary of contacts.

    With a million texts as keys, most of the time goes into fetching each text for its hash.
    """
    # CPython stores hashes beside the keys, and does not need the text, once a key was not a text.
    contacts: dict[Any, int] = {None: LAST}
    del contacts[None]
    return contacts


def _final_values(changes: Changes, known: dict[Changes, _FinalValues]) -> _FinalValues:
    """Return the final values that changes come to; keep them, because many contacts share them."""
    fields, mappings = field_values(changes), tuple([change.mapping for change in changes])
    if len(changes) > 1:
        fields, mappings = tuple(sorted(fields)), tuple(sorted({*mappings}))
    found = fields, mappings
    if len(known) < _MOST_KNOWN:
        known[changes] = found
    return found
