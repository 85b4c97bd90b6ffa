"""What the page of a run shows beside the record: rows with bars, and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from listrak_sync import __version__
from listrak_sync.evaluation.explain import Funnel
from listrak_sync.report.page_words import NAMES, outcome, reason_words
from listrak_sync.report.record import FieldRecord, ListRecord, MappingRecord, RunRecord
from listrak_sync.report.reject_samples import RejectSamples, Sample
from listrak_sync.text import counted

SHOWN_INPUTS: Final = 10
SHOWN_IMPORTS: Final = 50
"""How many inputs, and imports of a list, are named on the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """A count with its share of a whole, in per cent; `kind` chooses the colour of its bar."""

    what: str
    count: int
    share: float
    kind: str = ""
    change: str = ""
    is_condition: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """What became of a mapping's events."""

    mapping: MappingRecord
    rows: Sequence[Row]
    funnel: Sequence[Row]


@dataclass(frozen=True, slots=True)
class FieldBar:
    """The values of a field, and the shares of their kinds."""

    entry: FieldRecord
    parts: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class ListOnPage:
    """What became of a list's contacts; `became` says what its imports did, in sentences."""

    entry: ListRecord
    contacts: Sequence[Row]
    fields: Sequence[FieldBar]
    became: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReasonOnPage:
    """Why something was rejected, in words, with a few samples."""

    words: str
    count: int
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class Page:
    """What the template shows beside the record."""

    title: str
    outcome: str
    failed: bool
    sends: bool
    is_part: bool
    sample: str
    steps: Sequence[Row]
    audiences: Sequence[Audience]
    lists: Sequence[ListOnPage]
    reasons: Sequence[ReasonOnPage]
    has_samples: bool
    version: str = __version__
    shown_inputs: int = SHOWN_INPUTS
    shown_imports: int = SHOWN_IMPORTS


def page_view(record: RunRecord, samples: RejectSamples, *, is_part: bool) -> Page:
    """Return what the page of a run shows; `is_part` as in `write_page`."""
    funnels = {funnel.mapping: funnel for funnel in record.funnels or ()}
    reasons = [
        ReasonOnPage(reason_words(reason), count, samples.of(reason))
        for counts in (record.rejected, record.refused)
        for reason, count in counts.items()
    ]
    explained = record.explained_lines or record.lines
    return Page(
        title=f"listrak-sync {record.command}",
        outcome=outcome(record.exit_status),
        failed=record.exit_status not in {0, 6, 8},
        sends=record.command == "push",
        is_part=is_part,
        sample=f", in a sample of {explained:,} lines" if explained < record.lines else "",
        steps=_steps(record),
        audiences=[_audience(record, each, funnels.get(each.name)) for each in record.mappings],
        lists=[_list(each) for each in record.lists],
        reasons=reasons,
        has_samples=any(each.samples for each in reasons),
    )


def _steps(record: RunRecord) -> list[Row]:
    accepted = sum(each.accepted for each in record.lists)
    unread = sum(record.skipped.values())
    last = ("Contacts accepted by Listrak", accepted)
    if record.command != "push":
        last = ("Contacts that would be sent", sum(each.to_send for each in record.lists))
    counts = (
        ("Lines read", record.lines),
        ("Lines with an event that a mapping took", record.matched_lines),
        ("Lines passed over", unread),
        ("Lines that could not be read", record.unreadable),
        ("Contacts", record.contacts),
        last,
    )
    whole = max(record.lines, record.contacts)
    return [Row(what, count, _share(count, whole)) for what, count in counts]


def _audience(record: RunRecord, mapping: MappingRecord, funnel: Funnel | None) -> Audience:
    whole = max(mapping.matched, mapping.values)
    last = record.last_run or None
    rows = [Row("Events matched", mapping.matched, _share(mapping.matched, whole))]
    for what, kind, before in (
        ("In: switched on", "on", None if last is None else last.on),
        ("Out: switched off", "off", None if last is None else last.off),
        ("Other values", "other", None),
    ):
        count = getattr(mapping, kind)
        if count or (before and before.get(mapping.name)):
            change = _change(count, before, mapping.name)
            rows.append(Row(what, count, _share(count, whole), kind, change))
    steps = []
    if funnel is not None and funnel.events:
        steps = [Row("Events looked at", funnel.events, 100.0)]
        steps += [
            Row(step.condition, step.passed, _share(step.passed, funnel.events), is_condition=True)
            for step in funnel.steps
        ]
    return Audience(mapping, rows, steps)


def _change(count: int, before: Mapping[str, int] | None, name: str) -> str:
    """Return by how much a count differs from that of the run before."""
    if before is None or name not in before:
        return ""
    difference = count - before[name]
    share = f" ({difference / before[name]:+.1%})" if before[name] else ""
    return f"{difference:+,}{share}" if difference else "as before"


def _list(entry: ListRecord) -> ListOnPage:
    rows = [
        Row(what, count, _share(count, entry.contacts), kind)
        for what, count, kind in (
            ("Would be sent", entry.to_send, "on"),
            ("Accepted by Listrak", entry.accepted, "on"),
            ("Right already, not sent", entry.already_right, "off"),
            ("Not on the list", entry.not_on_list, "other"),
            ("Unsubscribed", entry.unsubscribed, "other"),
            ("Refused", entry.refused, "bad"),
            ("Not sent", entry.unsent, "bad"),
        )
        if count
    ]
    fields = [
        FieldBar(field, [(kind, _share(getattr(field, kind), field.values)) for kind in NAMES])
        for field in entry.fields
    ]
    return ListOnPage(entry, rows, fields, [*_became(entry)])


def _became(entry: ListRecord) -> list[str]:
    """Return what is known of the imports of a list, in sentences."""
    sentences = []
    if entry.unverified_requests:
        requests = counted(entry.unverified_requests, "request")
        sentences.append(f"Accepted without an import id: {requests}.")
    if applied := entry.applied:
        sentences.append(
            f"{applied.ended:,} have ended, {applied.running:,} still run, of "
            f"{applied.unverified:,} nothing is known; {applied.applied:,} contacts were applied."
        )
    elif entry.imports:
        sentences.append("What became of them was not asked (--wait).")
    if verified := entry.verified:
        sentences.append(
            f"Read back: {verified.seen:,} contacts hold what was sent; for {verified.amiss:,} it "
            "was not seen."
        )
    return sentences


def _share(count: int, whole: int) -> float:
    """Return a share in per cent."""
    return round(100 * min(count, whole) / whole, 2) if whole else 0.0
