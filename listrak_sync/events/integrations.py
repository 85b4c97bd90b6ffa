"""Does an event's integrations object let it through to Listrak."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, find_in_objects, slot

NAME: Final = "Listrak (Actions)"
"""The destination's name in Segment, case-sensitive."""

PATHS: Final = (("integrations", NAME), ("integrations", "All"), ("integrations", "all"))
"""What of an event decides, the first that is there."""

_in_slots: Final = attrgetter(*(".".join(map(slot, path)) for path in PATHS))


def is_enabled(event: Event) -> bool:
    """Say whether the event may go to Listrak.

    An entry of our own name decides; without one (or with null) the entry for all does;
    only `false` filters. Source: Segment's documentation of the integrations object.
    """
    try:
        entries = _in_slots(event)
    except AttributeError:
        entries = tuple(find_in_objects(event, path) for path in PATHS)
    for entry in entries:
        if entry is not None and entry is not UNSET:
            return entry is not False
    return True
