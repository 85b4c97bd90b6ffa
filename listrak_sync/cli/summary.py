"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from listrak_sync.cli.columns import Table
from listrak_sync.cli.plan_tables import plan_rows
from listrak_sync.text import counted

if TYPE_CHECKING:
    from listrak_sync.account.state import Verified
    from listrak_sync.delivery.imports import Applied
    from listrak_sync.report.record import FieldRecord, ListRecord, MappingRecord, RunRecord


Row: TypeAlias = tuple[str, int, str]
"""What is counted, the count, and a note."""

SHOWN_IMPORTS = 5
"""How many import ids of a list are shown; --json has all of them."""


def summary(title: str, record: RunRecord) -> Table:
    """Return the table at the end of a run, which counts every line, match, value and contact."""
    rows = [(f"  {name}", f"{count:,}", note) for name, count, note in summary_rows(record)]
    rate = f"{record.lines_per_second:,} lines/s" if record.lines_per_second is not None else ""
    rows.append(("  time", f"{record.seconds:,.1f} s", rate))
    return Table(rows, title=title, numbers=(False, True, False), notes=True)


def summary_rows(record: RunRecord) -> Iterator[Row]:
    """Yield what is counted, each with its count and a note."""
    sends = record.command == "push"
    if record.files_read_before:
        yield "files read before", record.files_read_before, "left out by --once"
    yield "lines read", record.lines, ""
    yield from _reasons("skipped", record.skipped)
    yield from _reasons("rejected", record.rejected)
    if record.undated:
        yield "without a time, kept", record.undated, "--undated skip leaves them out"
    yield "events matched", record.matched_lines, ""
    for mapping in record.mappings:
        yield f"  {mapping.name}", mapping.matched, _mapping(mapping)
    for funnel in record.funnels or ():
        yield f"passed in turn: {funnel.mapping}", funnel.events, ""
        for step in funnel.steps:
            yield f"  {step.condition}", step.passed, step.at
    yield "updates", record.updates, ""
    yield from _values(record, sends=sends)
    left_over = f"{record.left_over:,} of them left over from before" if record.left_over else ""
    yield "contacts", record.contacts, left_over
    if record.plan:
        for one in record.plan.lists:
            yield from plan_rows(one)
        yield "requests that push --only-changes would send", record.plan.requests, ""
        return
    for entry in record.lists:
        yield from _list(entry)
    if sends:
        yield from _reasons("refused by Listrak", record.refused)


def _mapping(mapping: MappingRecord) -> str:
    """Return what values a mapping gave, and why not."""
    rejected = [f"{count:,} {reason}" for reason, count in mapping.rejected.items()]
    parts = [_kinds(mapping)] if mapping.values else []
    parts += [f"rejected: {', '.join(rejected)}"] if rejected else []
    return "; ".join(parts)


def _kinds(counts: MappingRecord | FieldRecord) -> str:
    """Return how many values are on, off or another one; kinds without any are left out."""
    kinds = (("on", counts.on), ("off", counts.off), ("other", counts.other))
    return ", ".join(f"{count:,} {name}" for name, count in kinds if count)


def _values(record: RunRecord, *, sends: bool) -> Iterator[Row]:
    yield "values", record.values, ""
    yield "  superseded by newer ones", record.superseded, ""
    for name, count in (
        ("already right at Listrak", record.already_right),
        ("of contacts not on the list", record.not_on_list),
        ("of unsubscribed contacts", record.unsubscribed),
    ):
        if count:
            yield f"  {name}", count, ""
    if record.ordered_by_line:
        yield "  ordered by line", record.ordered_by_line, "for want of a time"
    yield "  to send" if sends else "  would send", record.values_to_send, ""
    for box in record.switched_off:
        where = f"{box.list_id} {box.field_id}"
        yield f"switched off, not being in the input: {where}", box.contacts, ""


def _reasons(name: str, counts: Mapping[str, int]) -> Iterator[Row]:
    yield name, sum(counts.values()), ""
    for reason, count in counts.items():
        yield f"  {reason}", count, ""


def _list(entry: ListRecord) -> Iterator[Row]:
    requests = counted(entry.requests, "request") if entry.requests else ""  # none by Spark
    yield f"  list {entry.list_id}", entry.contacts, requests
    for name, count, note in (
        ("accepted", entry.accepted, _imports(entry)),
        ("refused", entry.refused, ""),
        ("unsent", entry.unsent, ""),
        ("already right", entry.already_right, "not sent"),
        ("not on the list", entry.not_on_list, "not sent"),
        ("unsubscribed", entry.unsubscribed, "not sent"),
    ):
        if count:
            yield f"    {name}", count, note
        if name == "refused":
            for words, contacts in entry.refusals.items():
                yield f"      {words}", contacts, ""
    for field in entry.fields:
        known = f" {field.name}" if field.name else ""
        yield f"    field {field.field_id}{known}", field.values, _kinds(field)
    if entry.applied:
        yield from _applied(entry.applied, entry.unaccounted or 0)
    if entry.verified:
        yield from _verified(entry.verified)


def _verified(verified: Verified) -> Iterator[Row]:
    yield "    seen", verified.seen, "read back as it was sent"
    for name, count in (
        ("not seen yet", verified.not_seen_yet),
        ("other value", verified.other_value),
        ("not on the list", verified.not_on_list),
        ("unsubscribed", verified.unsubscribed),
    ):
        if count:
            yield f"    {name}", count, "read back"


def _applied(applied: Applied, unaccounted: int) -> Iterator[Row]:
    ended = [
        f"{count:,} {word}"
        for count, word in (
            (applied.ended, "ended"),
            (applied.running, "running"),
            (applied.unverified, "unverified"),
        )
        if count
    ]
    yield "    applied", applied.applied, f"imports: {', '.join(ended)}"
    for name in ("skipped", "suppressed", "invalid", "previously_unsubscribed"):
        if count := getattr(applied, name):
            yield f"    {name.replace('_', ' ')}", count, ""
    if unaccounted:
        yield "    not mentioned by Listrak", unaccounted, ""


def _imports(entry: ListRecord) -> str:
    shown = ", ".join(entry.imports[:SHOWN_IMPORTS])
    more = len(entry.imports) - SHOWN_IMPORTS
    parts = [f"imports {shown}{f' and {more:,} more' if more > 0 else ''}"] if shown else []
    if entry.unverified_requests:
        parts.append(f"{entry.unverified_requests:,} unverified, without an import id")
    return "; ".join(parts)
