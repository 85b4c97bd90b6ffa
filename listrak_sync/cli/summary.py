"""The report of a run as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from listrak_sync.cli.console import counted, printable
from listrak_sync.delivery.wait import Applied
from listrak_sync.report import ListReport, Report

if TYPE_CHECKING:
    from rich.table import Table

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

    def row(name: str, count: int, note: str = "") -> None:
        cells = (printable(cell).replace("\n", "\\n") for cell in (name, f"{count:,}", note))
        table.add_row(*cells)

    row("lines read", report.lines)
    _reasons(row, "skipped", report.skipped)
    _reasons(row, "rejected", report.rejected)
    row("events matched", report.matched_lines)
    for name, count in report.named_matches().items():
        row(f"  {name}", count)
    for funnel in report.funnels:
        row(f"passed in turn: {funnel.mapping}", funnel.events)
        for step in funnel.steps:
            row(f"  {step.condition}", step.passed, step.at)
    row("updates", report.updates)
    row("values", report.values)
    row("  superseded by newer ones", report.superseded)
    row("  to send", report.values_to_send)
    row("contacts", report.contacts)
    for list_id, entry in report.lists.items():
        _list(row, list_id, entry)
        if list_id in report.applied:
            _applied(row, entry, report.applied[list_id])
    _reasons(row, "refused by Listrak", report.refused)
    rate = f"{report.lines / report.seconds:,.0f} lines/s" if report.seconds else ""
    table.add_row("time", f"{report.seconds:,.1f} s", rate)
    return table


def _reasons(row: object, name: str, counts: Mapping[str, int]) -> None:
    assert callable(row)  # noqa: S101 - a closure of the caller
    row(name, sum(counts.values()))
    for reason, count in sorted(counts.items()):
        row(f"  {reason}", count)


def _list(row: object, list_id: int, entry: ListReport) -> None:
    assert callable(row)  # noqa: S101 - a closure of the caller
    contacts = entry.accepted + entry.refused + entry.unsent
    row(f"  list {list_id}", contacts, counted(entry.requests, "request"))
    if entry.accepted:
        row("    accepted", entry.accepted, _imports(entry))
    if entry.refused:
        row("    refused", entry.refused)
    if entry.unsent:
        row("    unsent", entry.unsent)


def _applied(row: object, entry: ListReport, applied: Applied) -> None:
    assert callable(row)  # noqa: S101 - a closure of the caller
    ended = [
        f"{count:,} {word}"
        for count, word in (
            (applied.ended, "ended"),
            (applied.running, "running"),
            (applied.unverified, "unverified"),
        )
        if count
    ]
    row("    applied", applied.applied, f"imports: {', '.join(ended)}")
    for name in ("skipped", "suppressed", "invalid"):
        if count := getattr(applied, name):
            row(f"    {name}", count)
    if unaccounted := applied.unaccounted(entry.accepted):
        row("    not mentioned by Listrak", unaccounted)


def _imports(entry: ListReport) -> str:
    shown = ", ".join(entry.imports[:SHOWN_IMPORTS])
    more = len(entry.imports) - SHOWN_IMPORTS
    parts = [f"imports {shown}{f' and {more:,} more' if more > 0 else ''}"] if shown else []
    if entry.unverified_requests:
        parts.append(f"{entry.unverified_requests:,} unverified, without an import id")
    return "; ".join(parts)
