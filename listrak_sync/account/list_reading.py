"""Reads a list against a window: by pages or one by one, whichever takes fewer requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from listrak_sync.account.comparison import Comparison, ListReading, Standing
from listrak_sync.account.reading import PagesRefusedError, Reader
from listrak_sync.account.values import SWITCHED, is_on, is_same, text_of
from listrak_sync.batching.window import LAST
from listrak_sync.listrak.verdicts import ContactPage, HeldContact, SubscriptionState

FIELDS_AT_ONCE: Final = 30
"""How many fields one request may ask for. Source: `GET /List/{listId}/Contact`."""

FEW: Final = 20
"""Up to how many contacts are asked for one by one, where a list has more than one page."""

_STATES: Final[tuple[SubscriptionState, ...]] = ("Subscribed", "Unsubscribed")
_MOST_SPELLINGS: Final = 10


def read_lists(comparison: Comparison, reader: Reader) -> None:
    """Read every list of a comparison's window. Raises what the reader raises."""
    for list_id in comparison.window.lists:
        if list_id in comparison.uncertain:
            continue
        reading = comparison.readings.setdefault(list_id, ListReading())
        fields = comparison.fields(list_id)
        for start in range(0, len(fields), FIELDS_AT_ONCE):
            some = fields[start : start + FIELDS_AT_ONCE]
            _Pass(comparison, reader, list_id, some, reading, alone=len(some) == len(fields)).read()


class _Pass:
    """One way through a list, for at most 30 of its fields."""

    def __init__(
        self,
        comparison: Comparison,
        reader: Reader,
        list_id: int,
        fields: Sequence[int],
        reading: ListReading,
        *,
        alone: bool,
    ) -> None:
        self._comparison = comparison
        self._reader = reader
        self._list_id = list_id
        self._asked = fields
        self._fields = frozenset(fields)
        self._reading = reading
        self._first_rows = comparison.window.first_rows(list_id)
        self._seen = bytearray(len(comparison.standings))
        known = comparison.lists[list_id]
        self._types = {each: known.type_of(each) for each in fields}
        self._boxes = frozenset(each for each in fields if self._types[each] in SWITCHED)
        self._mirrored = [
            (field, others)
            for (of_list, field), others in comparison.others_on.items()
            if of_list == list_id and field in self._fields
        ]
        self._takes_all = alone and comparison.wanted is None
        self._may_ask_for_each = True
        self._pages_read = 0
        self._unseen = (
            len(self._first_rows) if self._takes_all else sum(1 for _ in self._unseen_contacts())
        )

    def read(self) -> None:
        """Read until every contact is seen, or the list is at its end."""
        if not self._unseen and not self._mirrored:
            return
        if self._unseen <= len(_STATES) and not self._mirrored and self._ask_for_each():
            return
        try:
            self._read_pages()
        except PagesRefusedError:
            if self._mirrored or not self._ask_for_each():
                raise

    def _read_pages(self) -> None:
        for state in _STATES:
            subscribed = state == "Subscribed"
            whole = subscribed and bool(self._mirrored)
            if not self._unseen and not whole:
                return
            if self._unseen == 1 and not subscribed and self._ask_for_each():
                return
            for page in self._pages(state):
                self._take(page.contacts, subscribed=subscribed)
                if whole or page.following is None:
                    continue
                if not self._unseen:
                    return
                if self._unseen <= max(FEW, self._pages_read) and self._ask_for_each():
                    return

    def _pages(self, state: SubscriptionState) -> Iterator[ContactPage]:
        for page in self._reader.pages(self._list_id, state, self._asked):
            if not self._pages_read:
                self._note_spellings(page.contacts)
            self._pages_read += 1
            self._reading.pages += 1
            yield page

    def _ask_for_each(self) -> bool:
        """Ask for the contacts that are not seen yet; return whether that was possible."""
        if not self._may_ask_for_each:
            return False
        emails = [email for email, _ in self._unseen_contacts()]
        held = self._reader.one_by_one(self._list_id, emails, self._asked)
        self._reading.one_by_one += len(emails)
        if held is None:
            self._may_ask_for_each = False
            return False
        there = [each for each in held if each is not None]
        self._note_spellings(there)
        for email, contact in zip(emails, held, strict=True):
            if contact is not None:
                self._place(self._first_rows[email], contact, subscribed=contact.is_subscribed)
        return True

    def _unseen_contacts(self) -> Iterator[tuple[str, int]]:
        rows = self._comparison.window.rows
        for email, first in self._first_rows.items():
            if not self._seen[first] and (
                self._takes_all
                or any(rows[row].field in self._fields for row in self._comparison.rows(first))
            ):
                yield email, first

    def _take(self, contacts: Iterable[HeldContact], *, subscribed: bool) -> None:
        first_rows, mirrored = self._first_rows, self._mirrored if subscribed else ()
        rows, following = self._comparison.window.rows, self._comparison.window.next_rows
        standings, seen, held = self._comparison.standings, self._seen, self._comparison.held
        simple, types = self._takes_all and subscribed and held is None, self._types
        for contact in contacts:
            if contact.email_address is None:
                continue
            email = contact.email_address.lower()
            first = first_rows.get(email, LAST)
            if mirrored:
                self._note_others(email, contact)
            if first == LAST:
                continue
            # The usual case, without a call: one field is wanted of the contact, and was asked for.
            values, change = contact.values or (), rows[first]
            if not simple or following[first] != LAST or len(values) > 1:
                self._place(first, contact, subscribed=subscribed)
                continue
            value = text_of(values[0].value) if values and values[0].field == change.field else None
            if value == change.value or is_same(types[change.field], change.value, value):
                standings[first] = Standing.RIGHT
            else:
                standings[first] = Standing.UNSET if value is None else Standing.OTHER
            if not seen[first]:
                seen[first] = 1
                self._unseen -= 1

    def _place(self, first: int, contact: HeldContact, *, subscribed: bool) -> None:
        """Compare the values of a contact."""
        comparison, is_compared = self._comparison, False
        values = {each.field: text_of(each.value) for each in contact.values or ()}
        for row in comparison.rows(first):
            change = comparison.window.rows[row]
            if change.field not in self._fields:
                continue
            is_compared = True
            held = values.get(change.field)
            if comparison.held is not None:
                comparison.held[row] = held
            if not subscribed:
                standing = Standing.UNSUBSCRIBED
            elif is_same(self._types[change.field], change.value, held):
                standing = Standing.RIGHT
            else:
                standing = Standing.UNSET if held is None else Standing.OTHER
            comparison.standings[row] = standing
        if is_compared and not self._seen[first]:
            self._seen[first] = 1
            self._unseen -= 1

    def _note_others(self, email: str, contact: HeldContact) -> None:
        """Note for each mirrored box that a subscribed contact reads on without being wanted."""
        values = {each.field: each.value for each in contact.values or ()}
        for field, others in self._mirrored:
            if field in values and is_on(text_of(values[field])):
                row = self._comparison.window.row_of(self._list_id, email, field)
                if row == LAST:
                    others.append(email)

    def _note_spellings(self, contacts: Sequence[HeldContact]) -> None:
        """Note how check boxes read."""
        spellings = self._reading.spellings
        for contact in contacts:
            if len(spellings) >= _MOST_SPELLINGS:
                return
            read = {each.field: text_of(each.value) for each in contact.values or ()}
            spellings.update(map(read.get, self._boxes))
