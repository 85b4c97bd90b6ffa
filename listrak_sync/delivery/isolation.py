"""What a refusal tells about the rest: halve a batch, shrink all, or give up a list."""

from __future__ import annotations

import threading
from typing import Final

from listrak_sync.updates.batches import Batch, Limits, rebatch

FEW: Final = 5
"""So many single contacts in a row, refused alike, are taken for a fault of the whole list."""


class Isolation:
    """Remembers what Listrak refused, for all senders.

    For n contacts of which k are refused, halving costs at most 2·k·log2(n) + 10 requests. A
    list whose every contact would be refused (its id or a field's id is wrong) costs a few.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alike: dict[int, tuple[str, int]] = {}
        self._refused: dict[int, str] = {}
        self._largest: dict[str, int] = {}

    def verdict_on_list(self, list_id: int) -> str | None:
        """Return why nothing more is sent to a list, None where it may be."""
        return self._refused.get(list_id)

    def refuse_list(self, list_id: int, words: str) -> None:
        """Send nothing more to a list."""
        with self._lock:
            self._refused.setdefault(list_id, words)

    def accepted(self, list_id: int) -> None:
        """Note that Listrak took something for a list."""
        with self._lock:
            self._alike.pop(list_id, None)

    def refused_alone(self, list_id: int, words: str) -> None:
        """Note that Listrak refused a single contact."""
        with self._lock:
            before, count = self._alike.get(list_id, (words, 0))
            count = count + 1 if before == words else 1
            self._alike[list_id] = (words, count)
            if count >= FEW:
                self._refused.setdefault(list_id, words)

    def too_large(self, batch: Batch) -> None:
        """Note that a body was too large; half of it is the most that is sent from now on."""
        with self._lock:
            largest = self._largest.get(batch.route, len(batch.body))
            self._largest[batch.route] = min(largest, max(1, len(batch.body) // 2))

    def fitting(self, batch: Batch) -> list[Batch]:
        """Return a batch in parts that are not known to be too large."""
        largest = self._largest.get(batch.route)
        if largest is None or len(batch.body) <= largest or len(batch.contacts) == 1:
            return [batch]
        return list(rebatch(batch, Limits(len(batch.contacts), largest)))


def halves(batch: Batch) -> list[Batch]:
    """Return a batch in two, the first half first."""
    return list(rebatch(batch, Limits(-(-len(batch.contacts) // 2), len(batch.body))))
