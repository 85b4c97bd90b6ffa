"""Tables: the summary of a run, and rows in columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from listrak_sync.cli.output import counted, draw, one_line, print_text
from listrak_sync.cli.plan_tables import plan_rows

if TYPE_CHECKING:
    from rich.table import Table

    from listrak_sync.account.state import Verified
    from listrak_sync.delivery.imports import Applied
    from listrak_sync.report.counts import MappingReport, Report
    from listrak_sync.report.list_report import ListReport
    from listrak_sync.report.value_counts import ValueCounts


_Row: TypeAlias = tuple[str, int, str]
"""What is counted, the count, and a note."""

SHOWN_IMPORTS = 5
"""How many import ids of a list are shown; --json has all of them."""


def summary(title: str, report: Report, *, sends: bool) -> Table:
    """Return the table at the end of a run, which counts every line, match, value and contact.

    `sends` says whether the run talks to Listrak: it is not said what Listrak refused where not.
    """
    from rich import box  # noqa: PLC0415 - slow, and only needed at the end
    from rich.table import Table  # noqa: PLC0415 - slow, and only needed at the end

    table = Table(title=title, box=box.SIMPLE_HEAD, show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for name, count, note in _rows(report, sends=sends):
        table.add_row(one_line(name), f"{count:,}", one_line(note))
    rate = f"{report.lines / report.seconds:,.0f} lines/s" if report.seconds else ""
    table.add_row("time", f"{report.seconds:,.1f} s", rate)
    return table


def _rows(report: Report, *, sends: bool) -> Iterator[_Row]:
    if report.files_read_before:
        yield "files read before", report.files_read_before, "left out by --once"
    yield "lines read", report.lines, ""
    yield from _reasons("skipped", report.skipped)
    yield from _reasons("rejected", report.rejected)
    if report.undated:
        yield "without a time, kept", report.undated, "--undated skip leaves them out"
    yield "events matched", report.matched_lines, ""
    for mapping in report.mappings():
        yield f"  {mapping.name}", mapping.matched, _mapping(mapping)
    for funnel in report.funnels:
        yield f"passed in turn: {funnel.mapping}", funnel.events, ""
        for step in funnel.steps:
            yield f"  {step.condition}", step.passed, step.at
    yield "updates", report.updates, ""
    yield from _values(report, sends=sends)
    left_over = f"{report.left_over:,} of them left over from before" if report.left_over else ""
    yield "contacts", report.contacts, left_over
    for one in report.plan.values():
        yield from plan_rows(one)
    if report.plan:
        yield "requests that push --only-changes would send", report.requests, ""
        return
    for list_id, entry in report.lists.items():
        yield from _list(list_id, entry)
        yield from _fields(entry, report.field_names)
        if list_id in report.applied:
            yield from _applied(entry, report.applied[list_id])
        if list_id in report.verified:
            yield from _verified(report.verified[list_id])
    if sends:
        yield from _reasons("refused by Listrak", report.refused)


def _mapping(mapping: MappingReport) -> str:
    """Return what values a mapping gave, and why not."""
    rejected = [f"{count:,} {reason}" for reason, count in sorted(mapping.rejected.items())]
    parts = [_kinds(mapping.values)] if mapping.values.total else []
    parts += [f"rejected: {', '.join(rejected)}"] if rejected else []
    return "; ".join(parts)


def _kinds(values: ValueCounts) -> str:
    """Return how many values are on, off or another one; kinds without any are left out."""
    kinds = (("on", values.on), ("off", values.off), ("other", values.other))
    return ", ".join(f"{count:,} {name}" for name, count in kinds if count)


def _fields(entry: ListReport, names: Mapping[int, str]) -> Iterator[_Row]:
    for field_id, values in sorted(entry.fields.items()):
        name = f" {names[field_id]}" if field_id in names else ""
        yield f"    field {field_id}{name}", values.total, _kinds(values)


def _values(report: Report, *, sends: bool) -> Iterator[_Row]:
    yield "values", report.values, ""
    yield "  superseded by newer ones", report.superseded, ""
    for name, count in (
        ("already right at Listrak", report.already_right),
        ("of contacts not on the list", report.not_on_list),
        ("of unsubscribed contacts", report.unsubscribed),
    ):
        if count:
            yield f"  {name}", count, ""
    if report.ordered_by_line:
        yield "  ordered by line", report.ordered_by_line, "for want of a time"
    yield "  to send" if sends else "  would send", report.values_to_send, ""
    for (list_id, field_id), count in report.switched_off.items():
        yield f"switched off, not being in the input: {list_id} {field_id}", count, ""


def _reasons(name: str, counts: Mapping[str, int]) -> Iterator[_Row]:
    yield name, sum(counts.values()), ""
    for reason, count in sorted(counts.items()):
        yield f"  {reason}", count, ""


def _list(list_id: int, entry: ListReport) -> Iterator[_Row]:
    requests = counted(entry.requests, "request") if entry.requests else ""  # none by Spark
    yield f"  list {list_id}", entry.contacts, requests
    if entry.accepted:
        yield "    accepted", entry.accepted, _imports(entry)
    if entry.refused:
        yield "    refused", entry.refused, ""
    if entry.unsent:
        yield "    unsent", entry.unsent, ""
    if entry.already_right:
        yield "    already right", entry.already_right, "not sent"
    if entry.not_on_list:
        yield "    not on the list", entry.not_on_list, "not sent"
    if entry.unsubscribed:
        yield "    unsubscribed", entry.unsubscribed, "not sent"


def _verified(verified: Verified) -> Iterator[_Row]:
    yield "    seen", verified.seen, "read back as it was sent"
    for name, count in (
        ("not seen yet", verified.not_seen_yet),
        ("other value", verified.other_value),
        ("not on the list", verified.not_on_list),
        ("unsubscribed", verified.unsubscribed),
    ):
        if count:
            yield f"    {name}", count, "read back"


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
    for name in ("skipped", "suppressed", "invalid", "previously_unsubscribed"):
        if count := getattr(applied, name):
            yield f"    {name.replace('_', ' ')}", count, ""
    if unaccounted := applied.unaccounted(entry.accepted):
        yield "    not mentioned by Listrak", unaccounted, ""


def _imports(entry: ListReport) -> str:
    shown = ", ".join(entry.imports[:SHOWN_IMPORTS])
    more = len(entry.imports) - SHOWN_IMPORTS
    parts = [f"imports {shown}{f' and {more:,} more' if more > 0 else ''}"] if shown else []
    if entry.unverified_requests:
        parts.append(f"{entry.unverified_requests:,} unverified, without an import id")
    return "; ".join(parts)


Cell: TypeAlias = str | int | None
"""What a column holds: numbers are aligned to the right, None is empty."""


def print_table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows below names: folded on a terminal, one line for each row elsewhere."""
    rows = list(rows)
    if not sys.stdout.isatty():
        print_text(in_columns(names, rows))
        return
    from rich import box  # noqa: PLC0415 - slow, and only needed on a terminal
    from rich.table import Table  # noqa: PLC0415 - slow, and only needed on a terminal
    from rich.text import Text  # noqa: PLC0415 - slow, and only needed on a terminal

    table = Table(box=box.SIMPLE_HEAD)
    for name, is_number in zip(names, _numbers(names, rows), strict=True):
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    draw(table)


def in_columns(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Yield names and rows, each as one line, in columns as wide as they need to be."""
    from rich.cells import cell_len  # noqa: PLC0415 - only for people

    texts = [list(names), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    numbers = _numbers(names, rows)
    for row in texts:
        cells = (
            " " * (width - cell_len(cell)) + cell
            if is_number
            else cell + " " * (width - cell_len(cell))
            for cell, width, is_number in zip(row, widths, numbers, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _numbers(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[bool]:
    """Say of each column whether it holds only numbers."""
    return [not any(isinstance(row[index], str) for row in rows) for index in range(len(names))]


def _shown(cell: Cell) -> str:
    return "" if cell is None else one_line(str(cell))
