"""What was sent to one list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import UNSET

from listrak_sync.account.state import Verified
from listrak_sync.delivery.imports import Applied
from listrak_sync.delivery.receipts import RefusedBatch
from listrak_sync.report.record import FieldRecord, ListRecord
from listrak_sync.report.value_counts import ValueCounts

MOST_REFUSALS: Final = 20
OTHER_WORDS: Final = "(other words)"
"""How many different words of Listrak's are counted apart, and how the rest are."""


def _no_values() -> defaultdict[int, ValueCounts]:
    return defaultdict(ValueCounts)


@dataclass(slots=True)
class ListReport:
    """What was sent to one list: requests, contacts by how they ended, and import ids.

    `to_send` counts the contacts that a dry-run or a plan would send; `fields` the final values of
    the input by field, also those that are left out because of what Listrak holds. `refusal` holds
    Listrak's words where it refused the whole list; `refusals` counts contacts by its words.
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
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def contacts(self) -> int:
        """Return how many contacts are answered for."""
        sent = self.accepted + self.refused + self.unsent + self.to_send
        return sent + self.already_right + self.not_on_list + self.unsubscribed

    def count_refusals(self, refused: RefusedBatch) -> None:
        """Count contacts by the words in which Listrak refused them."""
        words = refused.detail
        for contact in refused.batch.contacts[:1]:  # a report holds no addresses
            words = words.replace(contact.email_address, "…")
        if words not in self.refusals and len(self.refusals) >= MOST_REFUSALS:
            words = OTHER_WORDS
        self.refusals[words] += len(refused.batch.contacts)

    def record(
        self,
        list_id: int,
        names: Mapping[int, str],
        applied: Applied | None,
        verified: Mapping[int, Verified],
    ) -> ListRecord:
        """Return the list's part of the report; `names` are those of fields that are known.

        `applied` is what its imports did and `verified` what was read back, if we waited for it.
        """
        fields = [
            FieldRecord(field_id, names.get(field_id), counts.on, counts.off, counts.other)
            for field_id, counts in sorted(self.fields.items())
        ]
        return ListRecord(
            list_id=list_id,
            contacts=self.contacts,
            requests=self.requests,
            to_send=self.to_send,
            accepted=self.accepted,
            refused=self.refused,
            unsent=self.unsent,
            already_right=self.already_right,
            not_on_list=self.not_on_list,
            unsubscribed=self.unsubscribed,
            fields=fields,
            imports=self.imports,
            unverified_requests=self.unverified_requests,
            refusal=self.refusal,
            refusals=dict(self.refusals.most_common()),
            applied=UNSET if applied is None else applied,
            unaccounted=UNSET if applied is None else applied.unaccounted(self.accepted),
            verified=verified.get(list_id, UNSET),
        )
