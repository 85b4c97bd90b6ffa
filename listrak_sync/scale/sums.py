"""The counts of a part of the input, which can be added up in any order."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from listrak_sync.batching.window import Window
from listrak_sync.errors import DONE
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.report.counts import Report
from listrak_sync.text import json_line

_OF_FILE: Final = (
    *("lines", "skipped", "unreadable", "undated", "matched_lines", "matched", "rejected"),
    "updates",
)
"""What of a report is about the lines of a file."""


@dataclass(slots=True)
class Sums:
    """What became of lines, and of values of contacts that are whole."""

    report: Report
    contacts: int = 0
    """How many contacts have a value, whether it goes out alone or not: guards look at these."""
    not_events: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What objects without a type are, each with the place and the line of the first."""
    files: int = 0
    has_rows: bool = False
    """Whether anything was CSV, or empty."""

    @classmethod
    def nothing(cls, names: Sequence[str]) -> Sums:
        """Return counts of nothing."""
        return cls(Report(list(names)))

    def count_evaluated(self, place: str, result: EvaluationResult) -> None:
        """Add what became of some lines of the file at a place."""
        self.report.count_evaluated(result)
        for what, line in result.not_events.items():
            self._first(what, (place, line))

    def count_window(self, window: Window, *, by_timestamp: bool) -> None:
        """Add the values of contacts, of which the window has all."""
        self.report.count_window(window)
        self.report.count_contacts(window)
        self.report.ordered_by_line += by_timestamp * window.ordered_by_line
        self.contacts += window.contacts

    def add(self, other: Sums) -> None:
        """Add the counts of another part."""
        self.report.add(other.report)
        self.contacts += other.contacts
        self.files += other.files
        self.has_rows |= other.has_rows
        for what, first in other.not_events.items():
            self._first(what, first)

    def _first(self, what: str, first: tuple[str, int]) -> None:
        self.not_events[what] = min(first, self.not_events.get(what, first))

    def packed(self) -> bytes:
        """Return the counts as bytes."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def unpacked(packed: bytes) -> Sums:
        """Return counts that were packed on another machine of the run."""
        return cast("Sums", pickle.loads(packed))  # noqa: S301 - from our own workers

    def file_line(self, file: str) -> bytes:
        """Return the counts of a file as a line of JSON."""
        record = self.report.record("", DONE, None)
        return json_line({"file": file, **{name: getattr(record, name) for name in _OF_FILE}})
