"""The contacts of every list with their field values, changed row by row."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from listrak_sync.sandbox.account import Account, AccountField

ImportType: TypeAlias = Literal[
    "AddSubscribers", "AddSubscribersAndSegmentationData", "RemoveSubscribers", "UpdateSubscribers"
]
FieldStrategy: TypeAlias = Literal["Update", "Append", "Overwrite"]
Values: TypeAlias = dict[int, dict[str, dict[int, str]]]
RowResult: TypeAlias = Literal[
    "Updated",
    "Subscribed",
    "Unsubscribed",
    "PreviouslyUnsubscribed",
    "Skipped",
    "InvalidEmail",
    "InvalidValue",
    "Suppressed",
]

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s.,;<>]+(?:\.[^@\s.,;<>]+)+")
_SWITCHED = frozenset({"on", "off", "true", "false", "1", "0"})
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
_DATE = re.compile(r"(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])/[0-9]{4}")


class Row(NamedTuple):
    """A contact of an import with the values to set, by field id."""

    email: str
    values: dict[int, str]
    spoilt: bool = False  # a cell of the file has a value that its field cannot take


class ImportKind(NamedTuple):
    """What an import does: which contacts it touches, and how it treats values they have."""

    type: ImportType = "UpdateSubscribers"
    strategy: FieldStrategy = "Update"
    include_unsubscribed: bool = False


class HeldContact(NamedTuple):
    """A contact of a list: its address in lower case, and its values by field id."""

    email: str
    is_subscribed: bool
    values: dict[int, str]


def is_address(email: str) -> bool:
    """Say whether this looks like one e-mail address."""
    return len(email) <= 254 and _ADDRESS.fullmatch(email) is not None


def takes(field: AccountField, value: str) -> bool:
    """Say whether a field can hold a value, by its type and its length.

    For the API this is unconfirmed: Listrak's help pages say so of the import wizard.
    """
    match field.data_type:
        case "CheckBox" | "RadioButton":
            return value in _SWITCHED
        case "Numeric":
            return not value or _NUMBER.fullmatch(value) is not None
        case "Date":
            return not value or _DATE.fullmatch(value) is not None
    return not 0 < field.max_length < len(value)


class Contacts:
    """List id -> address in lower case -> field id -> value. Not safe to share between threads."""

    def __init__(self, account: Account) -> None:
        self._open = account.open_lists
        self._suppressed = {email.lower() for email in account.suppressed}
        self._lists: Values = {
            one.id: {email.lower(): dict(values) for email, values in one.contacts.items()}
            for one in account.lists
        }
        self._unsubscribed = {
            one.id: {email.lower() for email in one.unsubscribed} for one in account.lists
        }
        for list_id, unsubscribed in self._unsubscribed.items():
            for email in unsubscribed:
                self._lists[list_id].setdefault(email, {})

    def snapshot(self) -> Values:
        """Return a copy that later imports do not change."""
        return {
            list_id: {email: dict(values) for email, values in contacts.items()}
            for list_id, contacts in self._lists.items()
        }

    def find(self, list_id: int, email: str) -> HeldContact | None:
        """Return a copy of a contact, None where the list has no such contact."""
        key = email.lower()
        found = self._lists[list_id].get(key, {} if self._open else None)
        if found is None:
            return None
        return HeldContact(key, key not in self._unsubscribed[list_id], dict(found))

    def page(
        self, list_id: int, place: slice, *, subscribed: bool
    ) -> tuple[list[HeldContact], bool]:
        """Return a copy of some contacts of a list, and whether more follow."""
        contacts, unsubscribed = self._lists[list_id], self._unsubscribed[list_id]
        if subscribed:
            emails = (email for email in contacts if email not in unsubscribed)
            if not unsubscribed:  # the usual case, without a look at each
                emails = (email for email in contacts)
        else:
            emails = (email for email in contacts if email in unsubscribed)
        found = list(itertools.islice(emails, place.start, place.stop + 1))
        count = place.stop - place.start
        held = [HeldContact(email, subscribed, dict(contacts[email])) for email in found[:count]]
        return held, len(found) > count

    def apply(self, list_id: int, row: Row, kind: ImportKind) -> RowResult:
        """Carry out a row; return its result."""
        contacts, email = self._lists[list_id], row.email.lower()
        if not is_address(email):
            return "InvalidEmail"
        if email in self._suppressed:
            return "Suppressed"
        if row.spoilt:
            return "InvalidValue"
        known = email in contacts
        if email in self._unsubscribed[list_id] and not kind.include_unsubscribed:
            return "PreviouslyUnsubscribed"
        match kind.type:
            case "RemoveSubscribers":
                if not known:
                    return "Skipped"
                self._unsubscribed[list_id].add(email)
                return "Unsubscribed"
            case "AddSubscribers":
                contacts.setdefault(email, {})
            case "AddSubscribersAndSegmentationData":
                _set(contacts.setdefault(email, {}), row.values, kind.strategy)
            case "UpdateSubscribers":
                if not (known or self._open):
                    return "Skipped"
                _set(contacts.setdefault(email, {}), row.values, kind.strategy)
                return "Updated"
        return "Updated" if known else "Subscribed"


def _set(held: dict[int, str], values: dict[int, str], strategy: FieldStrategy) -> None:
    match strategy:
        case "Update" | "Overwrite":
            held.update(values)
        case "Append":
            for field_id, value in values.items():
                held.setdefault(field_id, value)
