"""What became of some lines: their updates and rejects, and the counts of everything."""

from __future__ import annotations

from collections import Counter
from typing import Final, TypeVar

import msgspec

from listrak_sync.events.event import UnreadableError
from listrak_sync.events.rejects import Reject
from listrak_sync.updates.update import Rejected, Update, change_of

RESENT: Final = -1
"""The index in place of a mapping's for values read back from a rejects file."""

BLANK: Final = "blank_line"
UNSUPPORTED: Final = "unsupported_event_type"
FILTERED: Final = "filtered_by_integrations_object"
NO_MATCH: Final = "no_mapping_matched"
SKIPS: Final = (BLANK, UNSUPPORTED, FILTERED, NO_MATCH)
"""Why a line is skipped."""

_STILL_JSON: Final = {
    "not_an_object",
    "number_out_of_range",
    "invalid_update",
    "unknown_mapping",
}

_Key = TypeVar("_Key", str, int)


class Evaluated(msgspec.Struct, gc=False):
    """What became of some lines of one file.

    `lines` = the skipped + the unreadable (rejects without a mapping) + the matched;
    the sum of `matched` (by mapping index) = the updates + the rejects with a mapping.
    """

    file: str
    position: int
    lines: int = 0
    matched_lines: int = 0
    skipped: dict[str, int] = {}
    matched: dict[int, int] = {}
    values: int = 0
    updates: list[Update] = []
    rejects: list[Reject] = []

    def skip(self, reason: str, lines: int = 1) -> None:
        """Count lines as skipped."""
        if lines:
            _add(self.skipped, reason, lines)

    def reject_line(self, line: int, error: UnreadableError, content: bytes) -> None:
        """Reject a line as a whole."""
        is_json = error.reason in _STILL_JSON
        self.rejects.append(
            Reject(error.reason, error.detail, self.file, line, None, content, is_json)
        )

    def reject_update(self, line: int, rejected: Rejected, mapping: str, content: bytes) -> None:
        """Reject a line for the mapping of this name."""
        _add(self.matched, rejected.mapping, 1)
        self.rejects.append(
            Reject(rejected.reason, rejected.detail, self.file, line, mapping, content)
        )

    def count_updates(self) -> None:
        """Count what the updates match and hold, once all are there."""
        for change, count in Counter(map(change_of, self.updates)).items():
            _add(self.matched, change.mapping, count)
            self.values += len(change.fields) * count


def _add(counts: dict[_Key, int], key: _Key, more: int) -> None:
    counts[key] = counts.get(key, 0) + more
