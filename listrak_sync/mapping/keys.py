"""The keys of a mapping file."""

from __future__ import annotations

from typing import Final

TOP: Final = ("mappings", "profile_fields", "tests", "defaults", "consent")
"""The keys at the top of the file."""

KEYS: Final = (
    "name",
    "enabled",
    "trigger",
    "conditions",
    "list_id",
    "email_address",
    "profile_field_values",
    "audience_key",
    "enable_batching",
    "consent",
)
"""The keys of a mapping."""

DEFAULTS: Final = ("list_id", "email_address", "enable_batching", "consent")
"""The keys of a mapping that may stand below defaults, for all mappings that do not have them."""

REQUIRED: Final = {
    "list_id": "and the id of a list",
    "profile_field_values": "and below it 789: on",
}
"""The keys that a mapping must have, each with an example of what to write."""
