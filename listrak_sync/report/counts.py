"""What became of every line, match, value and contact of a run."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import msgspec
from msgspec import UNSET

from listrak_sync.account.comparison import TO_SEND, Box, Comparison, Standing
from listrak_sync.account.plan import ListPlan
from listrak_sync.account.state import Verified
from listrak_sync.batching.batches import Batch
from listrak_sync.batching.window import Window
from listrak_sync.delivery.imports import Applied
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.evaluation.explain import Funnel
from listrak_sync.evaluation.result import RESENT, EvaluationResult
from listrak_sync.mapping.faults import Finding
from listrak_sync.reasons import Reason
from listrak_sync.report.list_report import ListReport
from listrak_sync.report.record import LastRun, MappingRecord, PlanRecord, RunRecord, SwitchedOff
from listrak_sync.report.times import utc
from listrak_sync.report.value_counts import ValueCounts

_SEE_WHY: Final = "dry-run --explain tells why"

GIVEN: Final = "(given updates)"
"""The name for what no mapping of the run has made: updates that are given as input."""


@dataclass(slots=True)
class Report:
    """The counts of a run.

    These sums always hold:
      lines = all skipped + unreadable + matched lines
      all matched = updates + (all rejected - unreadable)
      values = superseded + already right + not on the list + unsubscribed + values to send
      contacts = accepted + refused + unsent + already right + not on the list + unsubscribed
        contacts of all lists, once all is sent; in a dry-run or a plan, to send takes the place
        of the first three
      values - superseded = on + off + other of all mappings = on + off + other of all lists' fields
    """

    names: list[str]
    run: str | None = None
    started: float = field(default_factory=time.time)
    """When the run began, or was resumed, in seconds since 1970."""
    mapping_files: Sequence[str] = ()
    inputs: Sequence[str] = ()
    last_run: LastRun | None = None
    remarks: Sequence[Finding] = ()
    field_names: dict[int, str] = field(default_factory=dict)
    """The names of the profile fields that the mapping file describes."""
    warnings: tuple[str, ...] = ()
    urgent_warnings: tuple[str, ...] = ()
    """Those of the warnings that are about wrong values."""
    files_read_before: int = 0
    lines: int = 0
    unreadable: int = 0
    matched_lines: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_of: dict[str, Counter[str]] = field(default_factory=dict)
    """By the name of a mapping: why events that it took were rejected."""
    matched: Counter[int] = field(default_factory=Counter)
    values_of: defaultdict[int, ValueCounts] = field(
        default_factory=lambda: defaultdict(ValueCounts)
    )
    """By the index of a mapping, or RESENT: the final values that it gave."""
    updates: int = 0
    values: int = 0
    superseded: int = 0
    already_right: int = 0
    not_on_list: int = 0
    unsubscribed: int = 0
    ordered_by_line: int = 0
    undated: int = 0
    fed_back: int = 0
    """How many lines were of updates that had been rejected before."""
    older_than_sent: int = 0
    values_to_send: int = 0
    switched_off: dict[Box, int] = field(default_factory=dict)
    contacts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lists: dict[int, ListReport] = field(default_factory=dict)
    left_over: int = 0
    fell_back: bool = False
    applied: dict[int, Applied] = field(default_factory=dict)
    verified: dict[int, Verified] = field(default_factory=dict)
    plan: dict[int, ListPlan] = field(default_factory=dict)
    funnels: tuple[Funnel, ...] = ()
    explained_lines: int | None = None
    """Of how many lines the funnels are, where they are not of all."""
    seconds: float = 0.0

    def count_evaluated(self, evaluated: EvaluationResult) -> None:
        """Add what became of some lines."""
        self.lines += evaluated.lines
        self.matched_lines += evaluated.matched_lines
        self.undated += evaluated.undated
        self.fed_back += len(evaluated.fed_back)
        self.skipped.update(evaluated.skipped)
        self.matched.update(evaluated.matched)
        if evaluated.rejects:
            self.rejected.update(reject.reason for reject in evaluated.rejects)
            for reject in evaluated.rejects:
                if reject.mapping is None:
                    self.unreadable += 1
                else:
                    self.rejected_of.setdefault(reject.mapping, Counter())[reject.reason] += 1
        self.updates += len(evaluated.updates)

    def add(self, part: Report) -> None:
        """Add the counts of another part of the same input, evaluated and coalesced elsewhere."""
        self.lines += part.lines
        self.unreadable += part.unreadable
        self.matched_lines += part.matched_lines
        self.undated += part.undated
        self.fed_back += part.fed_back
        self.skipped.update(part.skipped)
        self.rejected.update(part.rejected)
        self.matched.update(part.matched)
        self.updates += part.updates
        for name, reasons in part.rejected_of.items():
            self.rejected_of.setdefault(name, Counter()).update(reasons)
        self.values += part.values
        self.superseded += part.superseded
        self.values_to_send += part.values_to_send
        self.ordered_by_line += part.ordered_by_line
        self.contacts += part.contacts
        for index, values in part.values_of.items():
            self.values_of[index].add_all(values)
        for list_id, its in sorted(part.lists.items()):
            entry = self.lists.setdefault(list_id, ListReport())
            entry.to_send += its.to_send
            for field_id, values in its.fields.items():
                entry.fields[field_id].add_all(values)

    def warn_of_nothing(self, names: Sequence[str]) -> None:
        """Note what hardly is meant: an input without lines, mappings that took no event.

        `names` are those of the mappings that may take events.
        """
        idle = [name for name, count in self.named_matches().items() if not count and name in names]
        if not self.lines:
            self.warnings += ("the input is empty: no line was read",)
        elif not self.matched_lines:
            which = "the line" if self.lines == 1 else f"any of the {self.lines:,} lines"
            self.warnings += (f"no mapping took {which}: {_SEE_WHY}",)
        elif idle:
            plural = "mappings" if len(idle) > 1 else "mapping"
            named = ", ".join(map(repr, idle))
            self.warnings += (f"{plural} that took no event: {named}: {_SEE_WHY}",)

    def warn_of_older(self, *, is_skipped: bool) -> None:
        """Note values of rejects that are older than what a later run has sent."""
        if self.older_than_sent:
            is_one = self.older_than_sent == 1
            are = "value of rejects is" if is_one else "values of rejects are"
            what = f"{self.older_than_sent:,} {are} older than what was sent since"
            them = "it" if is_one else "them"
            then = (
                "left out" if is_skipped else f"sent all the same; --skip-older leaves {them} out"
            )
            self.warnings += (f"{what}: {then}",)
            self.urgent_warnings += (f"{what}: {then}",)

    def count_window(self, window: Window) -> None:
        """Add the values that a window was given, and those that it leaves to send."""
        self.values += window.given
        self.superseded += window.superseded
        for (mapping, list_id, field_id, value), count in window.value_counts().items():
            self.values_to_send += count
            self.values_of[mapping].add(value, count)
            self.lists.setdefault(list_id, ListReport()).fields[field_id].add(value, count)

    def count_planned(self, batch: Batch) -> None:
        """Add a batch that a push would send."""
        entry = self.lists.setdefault(batch.list_id, ListReport())
        entry.requests += 1
        entry.to_send += len(batch.contacts)
        self.contacts += len(batch.contacts)

    def count_contacts(self, window: Window) -> None:
        """Add the contacts that a window leaves to send, which are in no batches yet."""
        lists = Counter(contact.list_id for contact in chain(window.alone, window.together()))
        for list_id, count in lists.items():
            self.lists.setdefault(list_id, ListReport()).to_send += count
            self.contacts += count

    @property
    def off(self) -> int:
        """Return how many of the final values are off."""
        return sum(values.off for values in self.values_of.values())

    def count_comparison(self, comparison: Comparison) -> None:
        """Add the values and contacts of a window that are not sent, for how they stand."""
        values = comparison.values()
        self.already_right += values[Standing.RIGHT]
        self.not_on_list += values[Standing.NOT_ON_LIST]
        self.unsubscribed += values[Standing.UNSUBSCRIBED]
        self.values_to_send -= sum(
            count for standing, count in values.items() if standing not in TO_SEND
        )
        for list_id in comparison.window.lists:
            contacts = comparison.contacts(list_id)
            entry = self.lists.setdefault(list_id, ListReport())
            entry.already_right += contacts[Standing.RIGHT]
            entry.not_on_list += contacts[Standing.NOT_ON_LIST]
            entry.unsubscribed += contacts[Standing.UNSUBSCRIBED]
            self.contacts += sum(
                count for standing, count in contacts.items() if standing not in TO_SEND
            )

    def count_verified(self, verified: Mapping[int, Verified]) -> None:
        """Add what was read back of a window."""
        for list_id, more in verified.items():
            before = self.verified.get(list_id, Verified())
            self.verified[list_id] = Verified(
                *(
                    one + other
                    for one, other in zip(
                        msgspec.structs.astuple(before), msgspec.structs.astuple(more), strict=True
                    )
                )
            )

    @property
    def amiss(self) -> int:
        """Return how many contacts were read back without the values that were sent."""
        return sum(each.amiss for each in self.verified.values())

    def count_receipt(self, receipt: Receipt) -> None:
        """Add how a batch ended."""
        contacts = len(receipt.batch.contacts)
        entry = self.lists.setdefault(receipt.batch.list_id, ListReport())
        self.contacts += contacts
        entry.requests += 1
        match receipt:
            case AcceptedBatch(imports=imports):
                entry.accepted += contacts
                entry.imports += imports
                entry.unverified_requests += not imports
            case RefusedBatch(reason=reason, detail=detail):
                entry.refused += contacts
                entry.count_refusals(receipt)
                self.refused[reason] += contacts
                if reason is Reason.LIST_REFUSED:
                    entry.refusal = detail
            case UnsentBatch():
                entry.unsent += contacts

    def imports(self) -> list[tuple[int, str]]:
        """Return every import that was started: its list and its id."""
        return [(list_id, each) for list_id, entry in self.lists.items() for each in entry.imports]

    @property
    def reject_count(self) -> int:
        """Return how much was rejected so far; other threads may be counting."""
        return self.rejected.total() + self.refused.total()

    @property
    def accepted(self) -> int:
        """Return how many contacts Listrak has accepted; other threads may be counting."""
        return sum(entry.accepted for entry in tuple(self.lists.values()))

    @property
    def unsent(self) -> int:
        """Return how many contacts were not sent."""
        return sum(entry.unsent for entry in self.lists.values())

    def named_matches(self) -> dict[str, int]:
        """Return how many events each mapping matched, also where there are none."""
        matches = {name: self.matched[index] for index, name in enumerate(self.names)}
        if resent := self.matched[RESENT]:
            matches[GIVEN] = resent
        return matches

    def mappings(self) -> list[MappingRecord]:
        """Return what became of each mapping's events, in the order of the mappings.

        What no mapping of this run has made comes last, where there is any.
        """
        indices = [*range(len(self.names))]
        if self.matched[RESENT] or RESENT in self.values_of:
            indices.append(RESENT)
        found = []
        for index in indices:
            name = GIVEN if index == RESENT else self.names[index]
            values = self.values_of.get(index, ValueCounts())
            rejected = dict(sorted(self.rejected_of.get(name, Counter()).items()))
            counts = values.on, values.off, values.other
            found.append(MappingRecord(name, self.matched[index], *counts, rejected))
        return found

    @property
    def requests(self) -> int:
        """Return how many requests were sent, or would be."""
        return sum(entry.requests for entry in self.lists.values())

    def record(self, command: str, exit_status: int, error: str | None) -> RunRecord:
        """Return the report of a command, with how it ended."""
        return RunRecord(
            command=command,
            exit_status=exit_status,
            error=error,
            run=self.run,
            started=utc(self.started),
            mapping_files=self.mapping_files,
            inputs=self.inputs,
            files_read_before=self.files_read_before,
            lines=self.lines,
            skipped=dict(sorted(self.skipped.items())),
            unreadable=self.unreadable,
            undated=self.undated,
            matched_lines=self.matched_lines,
            matched=self.named_matches(),
            mappings=self.mappings(),
            rejected=dict(sorted(self.rejected.items())),
            refused=dict(sorted(self.refused.items())),
            updates=self.updates,
            values=self.values,
            superseded=self.superseded,
            already_right=self.already_right,
            not_on_list=self.not_on_list,
            unsubscribed=self.unsubscribed,
            ordered_by_line=self.ordered_by_line,
            fed_back=self.fed_back,
            older_than_sent=self.older_than_sent,
            values_to_send=self.values_to_send,
            contacts=self.contacts,
            switched_off=[SwitchedOff(*box, count) for box, count in self.switched_off.items()],
            left_over=self.left_over,
            route_fell_back=self.fell_back,
            lists=[
                entry.record(list_id, self.field_names, self.applied.get(list_id), self.verified)
                for list_id, entry in self.lists.items()
            ],
            remarks=[remark.as_json() for remark in self.remarks],
            warnings=self.warnings,
            seconds=round(self.seconds, 3),
            lines_per_second=round(self.lines / self.seconds) if self.seconds else None,
            field_names=self.field_names or UNSET,
            last_run=self.last_run or UNSET,
            plan=PlanRecord(self.requests, list(self.plan.values())) if self.plan else UNSET,
            funnels=self.funnels or UNSET,
            explained_lines=self.explained_lines or UNSET,
        )
