"""What Listrak holds for one contact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from listrak_sync.account import ids
from listrak_sync.delivery.sending import look_up
from listrak_sync.errors import UsageError
from listrak_sync.listrak.verdicts import (
    Failure,
    FieldGroup,
    HeldContact,
    NotFound,
    ProfileField,
    Refused,
    words_of,
)

FIELDS_AT_A_TIME: Final = 30
"""How many fields a request asks for, at most. Source: `GET /List/{listId}/Contact/{…}`."""


class ContactLookUps(ids.LookUps, Protocol):
    """The part of Listrak's API that finds a contact, and the fields of its list."""

    def contact(self, list_id: int, email: str, fields: Sequence[int]) -> HeldContact | Failure:
        """Return a contact with its values of some fields."""


@dataclass(frozen=True, slots=True)
class ContactField:
    """A field of a list and what a contact holds in it, None where Listrak tells no value."""

    group: FieldGroup
    field: ProfileField
    value: str | None


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A contact: whether it is subscribed, in Listrak's word, and its fields.

    `unknown` are the ids that were asked for and are not on the list.
    """

    state: str | None
    fields: tuple[ContactField, ...]
    unknown: tuple[int, ...]


def contact(
    api: ContactLookUps, list_id: int, email_address: str, only: Collection[int] | None = None
) -> FoundContact | None:
    """Return a contact of a list, with all fields or with `only` some; None where it has none such.

    Raises UsageError where Listrak refuses the address, else the error that a failure means.
    """
    known = ids.fields(api, list_id)
    wanted = [pair for pair in known if only is None or pair[1].id in only]
    state: str | None = None
    values: dict[int, str | None] = {}
    # Without any field, the state is still asked for.
    for start in range(0, len(wanted) or 1, FIELDS_AT_A_TIME):
        part = [field.id for _, field in wanted[start : start + FIELDS_AT_A_TIME]]
        found = look_up(lambda asked=part: api.contact(list_id, email_address, asked))  # type: ignore[misc]  # bound now
        if isinstance(found, NotFound):
            return None
        if isinstance(found, Refused):
            message = f"{email_address}: Listrak refuses to look for it: {words_of(found)}"
            raise UsageError(message, "Check the address.")
        held = ids.allowed(found, f"contacts of list {list_id}", "Contact, List and Segmentation")
        state = held.state
        values.update({each.field: _text(each.value) for each in held.values or ()})
    fields = tuple(ContactField(group, field, values.get(field.id)) for group, field in wanted)
    there = {field.id for _, field in known}
    return FoundContact(state, fields, tuple(one for one in only or () if one not in there))


def _text(value: object) -> str | None:
    """Return a value as a text: Listrak's description has texts only."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
