"""Contacts that can go along with one whose list import was refused while it was alone in it."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TypeAlias

import msgspec

from listrak_sync.batching.batches import LIST_IMPORT, Batch, Limits, batches
from listrak_sync.batching.list_files import Columns, columns
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.receipts import RefusedBatch
from listrak_sync.reasons import Reason

_Kinds: TypeAlias = dict[Columns, Contact]
"""A contact for each set of fields."""


class Companions:
    """Remembers accepted contacts, and those that are in doubt, for all threads that send.

    Listrak's import wizard wants two contacts in a file; whether the API does is not published. So
    a contact that was refused alone is in doubt until it was sent with another one. What is sent
    twice for that has the same values, as long as nothing newer has been sent for it: `forget`
    everything before newer values may go out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accepted: defaultdict[int, _Kinds] = defaultdict(dict)
        self._in_doubt: list[RefusedBatch] = []
        self.are_needless = False
        """Whether Listrak has taken a file with a single contact."""

    def accept(self, batch: Batch, *, paired: bool) -> None:
        """Note that a batch was accepted; if `paired`, together with another contact."""
        if batch.route != LIST_IMPORT:
            return
        first = batch.contacts[0]
        with self._lock:
            self.are_needless |= len(batch.contacts) == 1 and not paired
            kinds = self._accepted[batch.list_id]
            # An older value of the contact must not go along any more.
            for kind in [kind for kind, one in kinds.items() if _same(one, first)]:
                del kinds[kind]
            kinds[columns(first)] = first

    def forget(self) -> None:
        """Forget which contacts were accepted."""
        with self._lock:
            self._accepted.clear()

    def doubts(self, refused: RefusedBatch) -> bool:
        """Say whether a refusal may only mean that the file had a single contact."""
        batch = refused.batch
        return (
            refused.reason is Reason.REFUSED_BY_LISTRAK
            and batch.route == LIST_IMPORT
            and len(batch.contacts) == 1
            and not self.are_needless
        )

    def with_accepted(self, batch: Batch) -> Batch | None:
        """Return a batch of a single contact with an accepted one in its file, if there is one."""
        (contact,) = batch.contacts
        wanted = columns(contact)
        with self._lock:
            kinds = self._accepted[batch.list_id].items()
            found = [one for kind, one in kinds if set(wanted) <= set(kind)]
        others = (one for one in found if not _same(one, contact))
        other = next(others, None)
        return None if other is None else together(batch, other)

    def doubt(self, refused: RefusedBatch) -> None:
        """Keep a contact that was refused alone."""
        with self._lock:
            self._in_doubt.append(refused)

    def partners(self, batch: Batch) -> list[RefusedBatch]:
        """Return, and keep no longer, contacts in doubt that set the same fields, the newest first.

        They are two at most: where every second one is bad, one of them is good.
        """
        with self._lock:
            fitting = [each for each in self._in_doubt if go_together(batch, each.batch)][:-3:-1]
            for each in fitting:
                self._in_doubt.remove(each)
        return fitting

    def settle(self) -> list[RefusedBatch]:
        """Return the contacts that are still in doubt, and keep them no longer."""
        with self._lock:
            found, self._in_doubt = self._in_doubt, []
        return found


def go_together(one: Batch, other: Batch) -> bool:
    """Say whether the contacts of two batches, a single one in each, can be in one file."""
    (first,), (second,) = one.contacts, other.contacts
    return (
        one.list_id == other.list_id
        and columns(first) == columns(second)
        and not _same(first, second)
    )


def together(batch: Batch, other: Contact) -> Batch:
    """Return the batch of a single contact with another one in its file.

    It stays the batch of the first: the other one is answered for already, or by itself.
    """
    (contact,) = batch.contacts
    values = dict(other.fields)
    fields = tuple((field_id, values[field_id]) for field_id in columns(contact))
    pair = (contact, msgspec.structs.replace(other, fields=fields))
    (made,) = batches(lambda: pair, LIST_IMPORT, Limits(2, 2 * len(batch.body) + 10**9))
    return msgspec.structs.replace(batch, body=made.body)


def _same(one: Contact, other: Contact) -> bool:
    return one.email_address.lower() == other.email_address.lower()
