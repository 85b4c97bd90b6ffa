"""The report of a run as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from listrak_sync.cli.words import counted, one_line
from listrak_sync.delivery.wait import Applied
from listrak_sync.report import ListReport, Report

if TYPE_CHECKING:
    from rich.table import Table

_Row: TypeAlias = tuple[str, int, str]
"""What is counted, how much of it, and a remark."""

SHOWN_IMPORTS = 5
"""How many import ids of a list are shown; --json has all."""


def summary(title: str, report: Report) -> Table:
    """Return the table that ends a run: every line, match, value and contact is in it."""
    from rich import box  # noqa: PLC0415 - slow, and only needed at the end
    from rich.table import Table  # noqa: PLC0415 - slow, and only needed at the end

    table = Table(title=title, box=box.SIMPLE_HEAD, show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for name, count, note in _rows(report):
        table.add_row(one_line(name), f"{count:,}", one_line(note))
    rate = f"{report.lines / report.seconds:,.0f} lines/s" if report.seconds else ""
    table.add_row("time", f"{report.seconds:,.1f} s", rate)
    return table


def _rows(report: Report) -> Iterator[_Row]:
    yield "lines read", report.lines, ""
    yield from _reasons("skipped", report.skipped)
    yield from _reasons("rejected", report.rejected)
    yield "events matched", report.matched_lines, ""
    for name, count in report.named_matches().items():
        yield f"  {name}", count, ""
    for funnel in report.funnels:
        yield f"passed in turn: {funnel.mapping}", funnel.events, ""
        for step in funnel.steps:
            yield f"  {step.condition}", step.passed, step.at
    yield "updates", report.updates, ""
    yield "values", report.values, ""
    yield "  superseded by newer ones", report.superseded, ""
    yield "  to send", report.values_to_send, ""
    left_over = f"{report.left_over:,} of them left over from before" if report.left_over else ""
    yield "contacts", report.contacts, left_over
    for list_id, entry in report.lists.items():
        yield from _list(list_id, entry)
        if list_id in report.applied:
            yield from _applied(entry, report.applied[list_id])
    yield from _reasons("refused by Listrak", report.refused)


def _reasons(name: str, counts: Mapping[str, int]) -> Iterator[_Row]:
    yield name, sum(counts.values()), ""
    for reason, count in sorted(counts.items()):
        yield f"  {reason}", count, ""


def _list(list_id: int, entry: ListReport) -> Iterator[_Row]:
    contacts = entry.accepted + entry.refused + entry.unsent
    yield f"  list {list_id}", contacts, counted(entry.requests, "request")
    if entry.accepted:
        yield "    accepted", entry.accepted, _imports(entry)
    if entry.refused:
        yield "    refused", entry.refused, ""
    if entry.unsent:
        yield "    unsent", entry.unsent, ""


def _applied(entry: ListReport, applied: Applied) -> Iterator[_Row]:
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
    for name in ("skipped", "suppressed", "invalid"):
        if count := getattr(applied, name):
            yield f"    {name}", count, ""
    if unaccounted := applied.unaccounted(entry.accepted):
        yield "    not mentioned by Listrak", unaccounted, ""


def _imports(entry: ListReport) -> str:
    shown = ", ".join(entry.imports[:SHOWN_IMPORTS])
    more = len(entry.imports) - SHOWN_IMPORTS
    parts = [f"imports {shown}{f' and {more:,} more' if more > 0 else ''}"] if shown else []
    if entry.unverified_requests:
        parts.append(f"{entry.unverified_requests:,} unverified, without an import id")
    return "; ".join(parts)
