"""When events happened, and which of them lie in the time that a run is about."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from listrak_sync.events.decoding import UNDECODABLE
from listrak_sync.events.key_paths import Event, KeyPath, column_finder
from listrak_sync.events.timestamps import NEVER, instant, instants

TIMESTAMP: Final[KeyPath] = ("timestamp",)

_timestamps: Final = column_finder(TIMESTAMP)


class _Others(msgspec.Struct):
    """The other times of an event, which count where its timestamp is not an instant."""

    originalTimestamp: Any = msgspec.UNSET  # noqa: N815 - Segment's name
    receivedAt: Any = msgspec.UNSET  # noqa: N815 - Segment's name


_decode_others: Final = msgspec.json.Decoder(_Others).decode
_NAMES: Final = (b'"originalTimestamp"', b'"receivedAt"')


def happened(events: Sequence[Event], line: Callable[[int], bytes]) -> array[int]:
    """Return when events happened, NEVER where that cannot be told.

    `line` returns the line of an event by its index. The other times are seldom needed, so they
    are decoded only then.
    """
    found = instants(_timestamps(events))
    if NEVER in found:
        for index, each in enumerate(found):
            if each == NEVER:
                found[index] = _otherwise(line(index))
    return found


def _otherwise(line: bytes) -> int:
    """Return the first of the other times in a line that is an instant."""
    if not any(name in line for name in _NAMES):
        return NEVER
    try:
        others = _decode_others(line)
    except UNDECODABLE:
        return NEVER
    first = instant(others.originalTimestamp)
    return instant(others.receivedAt) if first == NEVER else first


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a run is about, in nanoseconds since 1970: from `since` to before `until`.

    `keeps_undated` says whether events that have no instant belong to it.
    """

    since: int | None = None
    until: int | None = None
    keeps_undated: bool = True

    def __contains__(self, moment: object) -> bool:
        """Say whether an instant belongs to the period, or NEVER does."""
        if not isinstance(moment, int) or moment == NEVER:
            return self.keeps_undated
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )
