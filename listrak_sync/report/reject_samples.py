"""A few rejects of each reason, for people to look at."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from listrak_sync.events.rejects import RefusedContact, Reject

LONGEST_EXCERPT: Final = 160
"""How many bytes of a line are shown."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A reject: where it stood, whom it was for, and the beginning of the line."""

    where: str
    detail: str
    who: str | None = None
    excerpt: str | None = None


class RejectSamples:
    """Keeps the first rejects of each reason, up to `most`; may be called from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._by_reason: defaultdict[str, list[Sample]] = defaultdict(list)

    def add(self, reject: Reject | RefusedContact) -> None:
        """Keep a reject, if there are few of its reason."""
        with self._lock:
            kept = self._by_reason[reject.reason]
            if len(kept) < self._most:
                kept.append(_sample(reject))

    def of(self, reason: str) -> list[Sample]:
        """Return those of a reason."""
        with self._lock:
            return [*self._by_reason.get(reason, ())]


def _sample(reject: Reject | RefusedContact) -> Sample:
    where = f"{reject.file}:{reject.line}"
    if isinstance(reject, RefusedContact):
        return Sample(where, reject.detail, who=reject.update.email_address)
    beginning = reject.content[:LONGEST_EXCERPT].decode(errors="backslashreplace").strip()
    excerpt = f"{beginning}…" if len(reject.content) > LONGEST_EXCERPT else beginning
    return Sample(where, reject.detail, excerpt=excerpt or None)
