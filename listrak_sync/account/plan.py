"""What a push would change at Listrak, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from listrak_sync.account.comparison import TO_SEND, Comparison, Standing
from listrak_sync.account.values import SWITCHED, is_on, is_same
from listrak_sync.text import json_line

SHOWN: Final = 5
"""How many addresses are named as examples."""

_STATES: Final = {
    Standing.NOT_ON_LIST: "not_on_list",
    Standing.UNSUBSCRIBED: "unsubscribed",
}


class Examples(msgspec.Struct):
    """How many contacts something holds for, and the first few of them."""

    contacts: int = 0
    first: list[str] = []

    def add(self, email: str) -> None:
        """Count a contact."""
        self.contacts += 1
        if len(self.first) < SHOWN:
            self.first.append(email)


class FieldPlan(msgspec.Struct):
    """What would become of a field."""

    field_id: int
    name: str | None
    switch_on: Examples = msgspec.field(default_factory=Examples)
    switch_off: Examples = msgspec.field(default_factory=Examples)
    set: Examples = msgspec.field(default_factory=Examples)
    already_right: int = 0


class ListPlan(msgspec.Struct):
    """What would become of a list: contacts to change, and those that are passed over."""

    list_id: int
    name: str | None
    contacts: int = 0
    to_change: int = 0
    already_right: int = 0
    not_on_list: Examples = msgspec.field(default_factory=Examples)
    unsubscribed: Examples = msgspec.field(default_factory=Examples)
    fields: list[FieldPlan] = []
    requests_for_pages: int = 0
    requests_for_contacts: int = 0


def add_to_plan(plan: dict[int, ListPlan], comparison: Comparison) -> None:
    """Add what a window would change."""
    for list_id in comparison.window.lists:
        known = comparison.lists[list_id]
        one = plan.setdefault(list_id, ListPlan(list_id, known.name))
        reading = comparison.readings[list_id]
        one.requests_for_pages += reading.pages
        one.requests_for_contacts += reading.one_by_one
        fields = {each.field_id: each for each in one.fields}
        for field in comparison.fields(list_id):
            if field not in fields:
                fields[field] = FieldPlan(field, known.name_of(field))
        one.fields = [fields[field] for field in sorted(fields)]
        for email, first in comparison.window.first_rows(list_id).items():
            _add_contact(one, fields, comparison, email, first)


def _add_contact(
    one: ListPlan, fields: dict[int, FieldPlan], comparison: Comparison, email: str, first: int
) -> None:
    one.contacts += 1
    match comparison.standing(first):
        case Standing.NOT_ON_LIST:
            one.not_on_list.add(email)
        case Standing.UNSUBSCRIBED:
            one.unsubscribed.add(email)
        case Standing.RIGHT:
            one.already_right += 1
        case _:
            one.to_change += 1
    for row in comparison.rows(first):
        change, standing = comparison.window.rows[row], comparison.standings[row]
        field = fields[change.field]
        if standing == Standing.RIGHT:
            field.already_right += 1
        elif standing in TO_SEND:
            data_type = comparison.lists[one.list_id].type_of(change.field)
            _kind(field, data_type, change.value).add(email)


def _kind(field: FieldPlan, data_type: str | None, value: str) -> Examples:
    """Return where a value that is to be sent belongs: on, off, or another one."""
    if data_type in SWITCHED or (data_type is None and value in {"on", "off"}):
        if is_on(value):
            return field.switch_on
        if is_same("CheckBox", "off", value):
            return field.switch_off
    return field.set


class _Change(msgspec.Struct):
    """A value that is not the one that is wanted; `from` is null where there is none."""

    from_: str | None = msgspec.field(name="from")
    to: str


class _Line(msgspec.Struct):
    """A line of `plan --format changes`."""

    list_id: int
    email_address: str
    state: str
    changes: dict[str, _Change]
    right: list[str]


def change_lines(comparison: Comparison) -> Iterator[bytes]:
    """Yield a JSON line for each contact of which something is not right.

    For a contact that is not on the list, or unsubscribed, the changes are those that do not
    reach it.
    """
    held = comparison.held or []
    for list_id in comparison.window.lists:
        for email, first in comparison.window.first_rows(list_id).items():
            standing = comparison.standing(first)
            if standing is None or standing == Standing.RIGHT:
                continue
            line = _Line(list_id, email, _STATES.get(standing, "subscribed"), {}, [])
            rows = sorted(comparison.rows(first), key=lambda row: comparison.window.rows[row].field)
            for row in rows:
                change = comparison.window.rows[row]
                if comparison.standings[row] == Standing.RIGHT:
                    line.right.append(str(change.field))
                else:
                    line.changes[str(change.field)] = _Change(held[row], change.value)
            yield json_line(line)
