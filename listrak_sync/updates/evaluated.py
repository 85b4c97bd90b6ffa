"""What became of some lines: their updates and rejects, and the counts of everything."""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from listrak_sync.events.event import UnreadableError
from listrak_sync.events.positions import Position
from listrak_sync.events.rejects import Reject
from listrak_sync.updates.columns import Updates, whole_numbers
from listrak_sync.updates.update import Rejected

RESENT: Final = -1
"""The index in place of a mapping's for values read back from a rejects file."""

BLANK: Final = "blank_line"
UNSUPPORTED: Final = "unsupported_event_type"
FILTERED: Final = "filtered_by_integrations_object"
NO_MATCH: Final = "no_mapping_matched"
SKIPS: Final = (BLANK, UNSUPPORTED, FILTERED, NO_MATCH)
"""Why a line is skipped."""

UNREADABLE_FILE: Final = "unreadable_file"
"""Why nothing more of a file was read."""

_STILL_JSON: Final = {
    "not_an_object",
    "number_out_of_range",
    "invalid_update",
    "unknown_mapping",
}


class Evaluated(Struct):
    """What became of some lines of one file, which is read up to `end` and `position` in bytes.

    `begins` are the positions after some of the lines, the first among them.

    `lines` = the skipped + the unreadable (rejects without a mapping) + the matched;
    the matched = the updates + the rejects with a mapping: `matched` has by a mapping's index, or
    RESENT, how many lines it took.
    """

    file: str
    end: Position = field(default_factory=Position)
    position: int = 0
    begins: list[Position] = field(default_factory=list)
    lines: int = 0
    matched_lines: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    matched: Counter[int] = field(default_factory=Counter)
    updates: Updates = field(default_factory=Updates)

    def skip(self, reason: str, lines: int = 1) -> None:
        """Count lines as skipped."""
        if lines:
            self.skipped[reason] = self.skipped.get(reason, 0) + lines

    def reject_line(self, line: int, error: UnreadableError, content: bytes) -> None:
        """Reject a line as a whole."""
        is_json = error.reason in _STILL_JSON
        self.rejects.append(
            Reject(error.reason, error.detail, self.file, line, None, content, is_json)
        )

    def reject_update(self, line: int, rejected: Rejected, mapping: str, content: bytes) -> None:
        """Reject a line for the mapping of this name."""
        self.rejects.append(
            Reject(rejected.reason, rejected.detail, self.file, line, mapping, content)
        )

    def follow(self, lines: int) -> None:
        """Go on from the number of so many lines before, where lines are numbered from 1."""
        if lines:
            self.end = replace(self.end, line=self.end.line + lines)
            self.begins = [replace(begin, line=begin.line + lines) for begin in self.begins]
            self.updates.lines = whole_numbers([line + lines for line in self.updates.lines])
            self.rejects = [replace(reject, line=reject.line + lines) for reject in self.rejects]

    @property
    def is_broken(self) -> bool:
        """Say whether the file could not be read to its end."""
        return any(reject.reason == UNREADABLE_FILE for reject in self.rejects)
