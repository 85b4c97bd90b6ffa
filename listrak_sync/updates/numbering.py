"""Numbers the lines of spans, one span after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from listrak_sync.events.portions import Part, Span
from listrak_sync.updates.evaluated import Evaluated

_Part = TypeVar("_Part", bound=Part)


class Numbering:
    """Numbers the lines of spans, and drops what stands behind a place that cannot be read."""

    def __init__(self) -> None:
        self._last_line = 0
        self._broken: int | None = None

    def numbered(self, part: _Part) -> _Part | Span:
        """Return the part that follows, with how many lines stand before it."""
        if isinstance(part, Span) and part.lines_before is None:
            return replace(part, lines_before=self._last_line)
        return part

    def take(self, part: Part, found: Evaluated) -> bool:
        """Go on after lines of a part; say whether they count."""
        if part.source == self._broken:
            return False
        self._last_line = found.end.line
        self._broken = part.source if isinstance(part, Span) and found.is_broken else None
        return True
