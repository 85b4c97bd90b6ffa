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
    integrations = event.get("integrations")
    if not isinstance(integrations, dict):
        return True
    for name in (NAME, "All", "all"):
        entry = integrations.get(name)
        if entry is not None:
            return entry is not False
    return True
