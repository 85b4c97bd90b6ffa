"""Finds values of rejects that are older than what a later run has sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from listrak_sync.delivery.sent_values import SentField
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.evaluation.updates import Changes
from listrak_sync.events.timestamps import NEVER
from listrak_sync.reasons import Reason

NewestSent: TypeAlias = Callable[[Sequence[SentField]], Mapping[SentField, int]]
"""Returns when the values happened that were sent last, for those fields that have one."""


@dataclass(frozen=True, slots=True)
class OlderValues:
    """The fields whose values are older than what was sent, by the index of their update."""

    fields: Mapping[int, frozenset[int]]

    def __len__(self) -> int:
        """Return how many values are older."""
        return sum(map(len, self.fields.values()))


def older_values(result: EvaluationResult, newest_sent: NewestSent) -> OlderValues:
    """Return the values of rejects in a result that are older than what was sent later.

    Where either has no instant, what was sent counts as newer: it was sent after the reject.
    """
    fed_back = set(result.fed_back)
    wanted: dict[SentField, list[tuple[int, int]]] = {}
    for index, (line, address, changes, instant) in enumerate(result.updates):
        if line in fed_back:
            for change in changes:
                field = SentField(change.list_id, address.lower(), change.field)
                wanted.setdefault(field, []).append((index, instant))
    found: dict[int, set[int]] = {}
    for field, sent in newest_sent(list(wanted)).items():
        for index, instant in wanted[field]:
            if NEVER in {sent, instant} or instant < sent:
                found.setdefault(index, set()).add(field.field)
    return OlderValues({index: frozenset(fields) for index, fields in found.items()})


def without_older(result: EvaluationResult, older: OlderValues) -> None:
    """Take older values out of a result; a line of which nothing is left is skipped."""
    updates = result.updates
    kept = Updates()
    for index, (line, address, changes, instant) in enumerate(updates):
        left: Changes = tuple(
            change for change in changes if change.field not in older.fields.get(index, ())
        )
        if left:
            kept.extend(Updates.of_rows([(line, address, left, instant)]))
        else:
            result.matched[changes[0].mapping] -= 1
    lines = {updates.lines[index] for index in older.fields}
    gone = lines - set(kept.lines) - {reject.line for reject in result.rejects if reject.mapping}
    result.matched_lines -= len(gone)
    result.skip(Reason.OLDER_THAN_SENT, len(gone))
    result.updates = kept
