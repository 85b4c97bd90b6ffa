"""Does an event's integrations object let it through to Listrak."""

from __future__ import annotations

from typing import Final

from listrak_sync.events.paths import Event

NAME: Final = "Listrak (Actions)"
"""The destination's name in Segment, case-sensitive."""

PATHS: Final = (("integrations", NAME), ("integrations", "All"), ("integrations", "all"))
"""What of an event decides."""


def is_enabled(event: Event) -> bool:
    """Say whether the event may go to Listrak.

    An entry of our own name decides; without one (or with null) the entry for all does;
    only `false` filters. Source: Segment's documentation of the integrations object.
    """
    entries = event.get("integrations")
    if type(entries) is not dict:
        return True
    entry = entries.get(NAME)
    if entry is None:
        entry = entries.get("All")
    if entry is None:
        entry = entries.get("all")
    return entry is not False
