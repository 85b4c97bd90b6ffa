"""What a plan says of each list and field, as rows of the summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from listrak_sync.text import counted

if TYPE_CHECKING:
    from listrak_sync.account.plan import Examples, FieldPlan, ListPlan


def plan_rows(plan: ListPlan) -> Iterator[tuple[str, int, str]]:
    """Yield what would become of a list: a name, a count and a note each."""
    name = f" {plan.name}" if plan.name else ""
    yield f"  list {plan.list_id}{name}", plan.contacts, f"read in {_read(plan)}"
    yield "    to change", plan.to_change, ""
    yield "    already right", plan.already_right, ""
    yield "    not on the list", plan.not_on_list.contacts, _first(plan.not_on_list)
    yield "    unsubscribed", plan.unsubscribed.contacts, _first(plan.unsubscribed)
    for field in plan.fields:
        yield from _field(field)


def _field(field: FieldPlan) -> Iterator[tuple[str, int, str]]:
    name = f" {field.name}" if field.name else ""
    values = field.switch_on.contacts + field.switch_off.contacts + field.set.contacts
    yield f"    field {field.field_id}{name}", values + field.already_right, ""
    for what, examples in (
        ("to switch on", field.switch_on),
        ("to switch off", field.switch_off),
        ("to set", field.set),
    ):
        if examples.contacts or what != "to set":
            yield f"      {what}", examples.contacts, _first(examples)
    yield "      already right", field.already_right, ""


def _first(examples: Examples) -> str:
    more = examples.contacts - len(examples.first)
    return ", ".join(examples.first) + (f" and {more:,} more" if more else "")


def _read(plan: ListPlan) -> str:
    pages, single = plan.requests_for_pages, plan.requests_for_contacts
    parts = [counted(pages, "page")] if pages else []
    if single:
        parts.append(f"{counted(single, 'request')} for single contacts")
    return " and ".join(parts) or "no request"
