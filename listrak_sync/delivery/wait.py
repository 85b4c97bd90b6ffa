"""Follows a run's imports to their end, and adds up what they did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from listrak_sync.delivery.follow import Import, follow
from listrak_sync.delivery.sender import Listrak
from listrak_sync.delivery.stop import Stop
from listrak_sync.delivery.ways import Ways
from listrak_sync.listrak.models import ImportSummary
from listrak_sync.listrak.verdicts import Failure, Unavailable


class Summarizing(Listrak, Protocol):
    """What of Listrak's API tells how imports ended."""

    def import_summary(self, list_id: int, import_id: int) -> ImportSummary | Failure:
        """Return the counts of an import, or why there are none."""


class Applied(msgspec.Struct):
    """What a list's imports did: imports by what is known of them, contacts by how they ended."""

    ended: int = 0
    running: int = 0
    unverified: int = 0
    applied: int = 0
    skipped: int = 0
    suppressed: int = 0
    invalid: int = 0

    def unaccounted(self, accepted: int) -> int | None:
        """Return how many of the accepted contacts Listrak does not mention.

        None where not every import of the list has told what it did.
        """
        if self.running or self.unverified:
            return None
        return accepted - self.applied - self.skipped - self.suppressed - self.invalid

    def count(self, summary: ImportSummary) -> None:
        """Add the counts of an import."""
        invalid = summary.invalid_email_count + summary.banned_count
        others = summary.skipped_count + summary.suppressed_count + invalid
        self.applied += max(0, summary.processed_count - others)
        self.skipped += summary.skipped_count
        self.suppressed += summary.suppressed_count
        self.invalid += invalid


def wait_for_imports(
    listrak: Summarizing, imports: Iterable[Import], patience: float, stop: Stop, ways: Ways
) -> dict[int, Applied]:
    """Return by list what its imports did, having waited for them for so many seconds."""
    lists: dict[int, Applied] = {}
    untold: set[Import] = set()

    def count(ended: Import) -> bool:
        list_id, import_id = ended
        entry = lists.setdefault(list_id, Applied())
        match listrak.import_summary(list_id, int(import_id)):
            case ImportSummary() as summary:
                entry.ended += 1
                entry.count(summary)
            case Unavailable():
                untold.add(ended)
                return False
            case _:
                entry.unverified += 1
        return True

    followed = follow(listrak, imports, patience, stop, ways, count)
    for each in followed.running - untold:
        lists.setdefault(each[0], Applied()).running += 1
    for each in followed.unverified | (followed.running & untold):
        lists.setdefault(each[0], Applied()).unverified += 1
    return lists
