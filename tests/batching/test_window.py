"""A window keeps the newest value for each list, contact and field, and loses count of none."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.batching.window import Contact, Window
from listrak_sync.evaluation.result import RESENT, Updates
from listrak_sync.evaluation.updates import FieldValues, Update, shared
from listrak_sync.events.timestamps import NEVER

SINGLE = (False, False, True, True)
"""Which of four mappings' updates go out alone."""


FILE_LINES = 350
"""How many updates are of one file: more than are taken at a time."""


class Given(NamedTuple):
    """An update that stands on no line yet."""

    mapping: int
    list_id: int
    email_address: str
    fields: FieldValues
    instant: int

    def on(self, line: int) -> Update:
        """Return the update of a line."""
        changes = shared(self.mapping, self.list_id, self.fields)
        return line, self.email_address, changes, self.instant


UPDATES = st.builds(
    Given,
    mapping=st.sampled_from([RESENT, 0, 1, 2, 3]),
    list_id=st.sampled_from([1, 2, 2**31 - 1]),
    email_address=st.sampled_from(["ann@example.com", "Ann@example.com", "ben@example.com"]),
    fields=st.dictionaries(st.integers(1, 3), st.text(max_size=2), min_size=1).map(
        lambda fields: tuple(fields.items())
    ),
    instant=st.sampled_from([NEVER, NEVER + 1, -5, 0, 0, 7, 2**63 - 1]),
)

State = dict[tuple[int, str], dict[int, str]]


@dataclass
class Cell:
    """The value of one field in the model, and the update that gave it."""

    value: str
    update: Given
    line: int


@dataclass
class Model:
    """What a window is to do, in plain dictionaries."""

    cells: dict[tuple[int, str, int], Cell] = field(default_factory=dict)
    spelling: dict[tuple[int, str], str] = field(default_factory=dict)
    alone: list[Contact] = field(default_factory=list)

    def add(self, update: Given, line: int) -> None:
        """Keep those of an update's values that no newer one is known for."""
        taken = []
        for field_id, value in update.fields:
            key = update.list_id, update.email_address.lower(), field_id
            known = self.cells.get(key)
            comparable = known and NEVER not in {known.update.instant, update.instant}
            if known and comparable and update.instant < known.update.instant:
                continue
            self.cells[key] = Cell(value, update, line)
            self.spelling[key[:2]] = update.email_address
            taken.append((field_id, value))
        if taken and _is_single(update):
            contact = Contact(
                update.list_id, update.email_address, tuple(taken), (update.mapping,), 0, line
            )
            self.alone.append(contact)

    def contacts(self, *, with_alone: bool) -> dict[tuple[int, str], Contact]:
        """Return the contacts with their final values."""
        found: dict[tuple[int, str], Contact] = {}
        for key, spelling in self.spelling.items():
            cells = {
                field_id: cell
                for (list_id, email, field_id), cell in sorted(
                    self.cells.items(), key=lambda item: item[0]
                )
                if (list_id, email) == key and (with_alone or not _is_single(cell.update))
            }
            if cells:
                fields = tuple((field_id, cell.value) for field_id, cell in cells.items())
                mappings = tuple(sorted({cell.update.mapping for cell in cells.values()}))
                line = max(cell.line for cell in cells.values())
                found[key] = Contact(key[0], spelling, fields, mappings, 0, line)
        return found


def _is_single(update: Given) -> bool:
    return update.mapping >= 0 and SINGLE[update.mapping]


def _keyed(contacts: list[Contact]) -> dict[tuple[int, str], Contact]:
    found = {(contact.list_id, contact.email_address.lower()): contact for contact in contacts}
    assert len(found) == len(contacts)
    return found


def _applied(contacts: list[Contact]) -> State:
    state: State = {}
    for contact in contacts:
        key = contact.list_id, contact.email_address.lower()
        state.setdefault(key, {}).update(contact.fields)
    return state


def _filled(
    updates: list[Given], single: tuple[bool, ...] = SINGLE, at_once: int = FILE_LINES
) -> Window:
    window = Window(single)
    rows = [update.on(line) for line, update in enumerate(updates, 1)]
    for start in range(0, len(rows), at_once):
        window.add_all(Updates.of_rows(rows[start : start + at_once]), start // FILE_LINES)
    return window


@given(updates=st.lists(UPDATES, max_size=25), at_once=st.sampled_from([1, 4, 25]))
def test_model(updates: list[Given], at_once: int) -> None:
    """The window holds what plain dictionaries hold by the same rules, given few or many."""
    window, model = _filled(updates, at_once=at_once), Model()
    for line, update in enumerate(updates, 1):
        model.add(update, line)
    assert _keyed(list(window.final())) == model.contacts(with_alone=True)
    assert _keyed(list(window.together())) == model.contacts(with_alone=False)
    assert window.alone == model.alone
    assert len(window) == len(model.spelling) + len(model.alone)


@given(few=st.lists(UPDATES, min_size=1, max_size=25), order=st.randoms())
def test_many_at_once(few: list[Given], order: Random) -> None:
    """However many updates come at once, it is as if they had come one by one."""
    updates = order.choices(few[: len(few) // 2 + 1], k=2 * FILE_LINES) + few
    together, singly = _filled(updates, at_once=FILE_LINES), _filled(updates, at_once=1)
    assert list(together.final()) == list(singly.final())
    assert all(each.file == (each.line - 1) // FILE_LINES for each in together.final())
    assert together.alone == singly.alone
    assert (together.given, together.superseded, len(together), together.value_counts()) == (
        (singly.given, singly.superseded, len(singly), singly.value_counts())
    )


@given(updates=st.lists(UPDATES, max_size=25))
def test_sums(updates: list[Given]) -> None:
    """Every value is superseded, sent in a batch or sent alone."""
    window = _filled(updates)
    together = sum(len(contact.fields) for contact in window.together())
    alone = sum(len(contact.fields) for contact in window.alone)
    assert window.value_counts().total() == together + alone
    assert window.given == sum(len(update.fields) for update in updates)
    assert window.given == window.superseded + window.value_counts().total()


@given(updates=st.lists(UPDATES, max_size=25))
def test_bytes(updates: list[Given]) -> None:
    """The length of what it holds is that of the final values: superseded ones are let go."""
    window = _filled(updates)
    final = sum(len(value) for contact in window.final() for _, value in contact.fields)
    assert window.bytes == final


@given(updates=st.lists(UPDATES, max_size=25))
def test_sent_is_final(updates: list[Given]) -> None:
    """What goes alone, in its order, and then the rest add up to the final values."""
    window = _filled(updates)
    sent = _applied([*window.alone, *window.together()])
    assert sent == _applied(list(window.final()))


@given(
    updates=st.lists(UPDATES, max_size=12, unique_by=lambda update: update.instant), data=st.data()
)
def test_any_order(updates: list[Given], data: st.DataObject) -> None:
    """Where all instants differ and compare, the order of the input does not matter."""
    updates = [update for update in updates if update.instant != NEVER]
    other = data.draw(st.permutations(updates))
    assert _applied(list(_filled(updates).final())) == _applied(list(_filled(other).final()))


def _update(
    value: str, instant: int = NEVER, mapping: int = 0, email: str = "a@example.com"
) -> Given:
    return Given(mapping, 1, email, ((7, value),), instant)


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [(1, 2, "b"), (2, 1, "a"), (1, 1, "b"), (NEVER, 1, "b"), (1, NEVER, "b"), (NEVER, NEVER, "b")],
)
@pytest.mark.parametrize("mappings", [(0, 0), (0, 2), (2, 0), (2, 3)])
def test_newest(first: int, second: int, winner: str, mappings: tuple[int, int]) -> None:
    """The newer event wins; where instants are equal or missing, the later line."""
    window = _filled([_update("a", first, mappings[0]), _update("b", second, mappings[1])])
    (contact,) = window.final()
    assert contact.fields == ((7, winner),)


def test_late_alone() -> None:
    """What comes too late is not sent, alone neither; what went alone is not superseded."""
    window = _filled([_update("new", 5, 2), _update("old", 3, 2), _update("newer", 6, 2)])
    assert [contact.fields for contact in window.alone] == [((7, "new"),), ((7, "newer"),)]
    assert (window.superseded, window.value_counts().total(), list(window.together())) == (1, 2, [])


def test_spelling() -> None:
    """A contact is the same in any case, and is written as its newest update writes it."""
    updates = [
        _update("a", 1),
        _update("b", 3, email="A@Example.com"),
        _update("c", 2, email="A@EXAMPLE.COM"),
    ]
    (contact,) = _filled(updates).final()
    assert (contact.email_address, contact.fields) == ("A@Example.com", ((7, "b"),))
    (contact,) = _filled([*updates, _update("d", 4)]).final()
    assert contact.email_address == "a@example.com"


def test_one_copy() -> None:
    """A value that recurs is kept once, whether it is the first of its field or replaces one."""
    texts = [b"member".decode() for _ in range(3)]
    given = [_update(texts[0]), _update("x", email="b@example.com")]
    given += [_update(texts[1], email="b@example.com"), _update(texts[2])]
    one, two = _filled(given).final()
    assert one.fields[0][1] is two.fields[0][1]


def test_place() -> None:
    """A contact stands where the newest of its final values stood: the last file's last line."""
    window = Window((False, False))
    window.add_all(
        Updates.of_rows([Given(1, 1, "a@example.com", ((7, "x"), (8, "y")), 5).on(90)]), 0
    )
    window.add_all(Updates.of_rows([Given(0, 1, "a@example.com", ((7, "z"),), 6).on(2)]), 1)
    window.add_all(Updates.of_rows([Given(0, 1, "a@example.com", ((8, "late"),), 1).on(1)]), 2)
    (contact,) = window.final()
    assert (contact.file, contact.line, contact.mappings) == (1, 2, (0, 1))


def test_order() -> None:
    """Lists and contacts come in the order of their first update, fields by id."""
    window = Window(())
    for list_id, email in [(2, "b"), (1, "b"), (2, "a"), (2, "b")]:
        update = Given(0, list_id, f"{email}@example.com", ((9, "x"), (8, "y")), NEVER)
        window.add_all(Updates.of_rows([update.on(1)]), 0)
    found = list(window.final())
    assert [(one.list_id, one.email_address[0]) for one in found] == [(2, "b"), (2, "a"), (1, "b")]
    assert {one.fields for one in found} == {((8, "y"), (9, "x"))}


def test_many_combinations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each list the first combinations of values are made once; every contact has its own."""
    monkeypatch.setattr("listrak_sync.batching.window._MOST_KNOWN", 3)
    updates = [
        Given(0, list_id, f"{number}@example.com", ((7, str(number % 5)),), NEVER)
        for list_id in (1, 2)
        for number in range(50)
    ]
    contacts = [*_filled(updates).final()]
    assert all(one.fields == ((7, str(int(one.email_address[:-12]) % 5)),) for one in contacts)
    for list_id in (1, 2):
        made = {(one.fields, id(one.fields)) for one in contacts if one.list_id == list_id}
        assert len(made) == 3 + 2 * 10


def test_long_values_are_let_go() -> None:
    """Of long values for one field, only the newest stays in memory."""
    window = Window((False,))
    tracemalloc.start()
    try:
        for number in range(50):
            fields = ((789, chr(97 + number % 26) * 1_000_000),)
            row = number, "a@example.com", shared(0, 12345, fields), number
            window.add_all(Updates.of_rows([row]), 0)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert window.bytes == 1_000_000
    assert held < 3_000_000


def test_memory() -> None:
    """A contact with one field costs less than 260 bytes, so a million fit into 260 MB."""
    count = 200_000
    changes = shared(0, 12345, ((789, "on"),))
    tracemalloc.start()
    try:
        window = Window((False,))
        before, _ = tracemalloc.get_traced_memory()
        for first in range(0, count, 1000):
            numbers = range(first, first + 1000)
            updates = ((each, f"contact{each}@example.com", changes, each) for each in numbers)
            window.add_all(Updates.of_rows(updates), 0)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(window) == count
    assert (after - before) / count < 260
