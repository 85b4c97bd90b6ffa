"""Whether the destination takes an event, whatever the mappings say."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, KeyPath, find_in_objects, finder, slot

ACCEPTED_TYPES: Final = frozenset({"track", "identify", "page", "group", "alias"})
"""The types of event that Segment's destination takes."""

EVENT_FIELDS: Final = frozenset(
    {
        *("type", "event", "name", "category", "userId", "anonymousId", "groupId", "previousId"),
        *("messageId", "properties", "traits", "context", "integrations", "channel", "version"),
        *("timestamp", "originalTimestamp", "receivedAt", "sentAt"),
        *("writeKey", "projectId", "_metadata"),
    }
)
"""The names at the top of an event. Source: Segment's specification of its calls."""

TYPE: Final[KeyPath] = ("type",)
find_type: Final = finder(TYPE)

DESTINATION: Final = "Listrak (Actions)"
"""The destination's name in Segment, case-sensitive."""

INTEGRATIONS: Final[tuple[KeyPath, ...]] = (
    ("integrations", DESTINATION),
    ("integrations", "All"),
    ("integrations", "all"),
)
"""The entries of the integrations object that decide; the first that is there counts."""

_in_slots: Final = attrgetter(*(".".join(map(slot, path)) for path in INTEGRATIONS))


def passes_integrations(event: Event) -> bool:
    """Say whether the integrations object lets an event through.

    The entry of our own name decides; without one (or with null) the entry for all does; only
    `false` filters. Source: Segment's documentation of the integrations object.
    """
    try:
        entries = _in_slots(event)
    except AttributeError:  # the event is a dict, or `integrations` is not an object
        entries = tuple(find_in_objects(event, path) for path in INTEGRATIONS)
    for entry in entries:
        if entry is not None and entry is not UNSET:
            return entry is not False
    return True
