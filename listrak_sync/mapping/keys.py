"""The keys of a mapping file."""

from __future__ import annotations

from typing import Final

TOP: Final = ("mappings", "profile_fields", "tests")
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
)
"""The keys of a mapping."""

REQUIRED: Final = {
    "list_id": "and the id of a list",
    "profile_field_values": "and below it 789: on",
}
"""The keys that a mapping must have, each with an example of what to write."""
