"""Does an event's integrations object let it through to Listrak."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from listrak_sync.events.paths import Event, find_in_objects, finder

NAME: Final = "Listrak (Actions)"
"""The destination's name in Segment, case-sensitive."""

PATHS: Final = (("integrations", NAME), ("integrations", "All"), ("integrations", "all"))
"""What of an event decides, the first that is there."""

_entries: Final = tuple(finder(path, find_in_objects) for path in PATHS)


def is_enabled(event: Event) -> bool:
    """Say whether the event may go to Listrak.

    An entry of our own name decides; without one (or with null) the entry for all does;
    only `false` filters. Source: Segment's documentation of the integrations object.
    """
    for find in _entries:
        entry = find(event)
        if entry is not None and entry is not UNSET:
            return entry is not False
    return True
