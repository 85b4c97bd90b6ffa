"""What was sent to one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from listrak_sync.report.value_counts import ValueCounts


def _no_values() -> defaultdict[int, ValueCounts]:
    return defaultdict(ValueCounts)


@dataclass(slots=True)
class ListReport:
    """What was sent to one list: requests, contacts by how they ended, and import ids.

    `to_send` counts the contacts that a dry-run or a plan would send; `fields` the final values of
    the input by field, also those that are left out because of what Listrak holds. `refusal` holds
    Listrak's words where it refused the whole list.
    """

    requests: int = 0
    to_send: int = 0
    accepted: int = 0
    refused: int = 0
    unsent: int = 0
    unverified_requests: int = 0
    already_right: int = 0
    not_on_list: int = 0
    unsubscribed: int = 0
    fields: defaultdict[int, ValueCounts] = field(default_factory=_no_values)
    imports: list[str] = field(default_factory=list)
    refusal: str | None = None

    @property
    def contacts(self) -> int:
        """Return how many contacts are answered for."""
        sent = self.accepted + self.refused + self.unsent + self.to_send
        return sent + self.already_right + self.not_on_list + self.unsubscribed

    def as_json(self, list_id: int, names: Mapping[int, str]) -> dict[str, Any]:
        """Return the list's part of the report; `names` are those of fields that are known."""
        return {
            "list_id": list_id,
            "contacts": self.contacts,
            "requests": self.requests,
            "to_send": self.to_send,
            "accepted": self.accepted,
            "refused": self.refused,
            "unsent": self.unsent,
            "already_right": self.already_right,
            "not_on_list": self.not_on_list,
            "unsubscribed": self.unsubscribed,
            "fields": [
                {"field_id": field_id, "name": names.get(field_id)} | counts.as_json()
                for field_id, counts in sorted(self.fields.items())
            ],
            "imports": self.imports,
            "unverified_requests": self.unverified_requests,
            "refusal": self.refusal,
        }
