"""What a refusal tells about the rest: halve a batch, shrink all, or give up a list."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

from listrak_sync.batching.batches import LIST_IMPORT, Batch, Limits, Route, rebatch
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.companions import Companions
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch
from listrak_sync.reasons import Reason

FEW: Final = 5
"""How many single contacts in a row, refused alike, make it a fault of the whole list."""

SUSPECT: Final = 2
"""After how many the next contacts are taken from far apart: neighbours may be bad alike."""

Fields: TypeAlias = frozenset[int]
"""Ids of profile fields."""

THE_LIST: Final = Fields()
"""No field at all: every contact of a list sets these."""


class Isolation:
    """Remembers what Listrak refused, for all threads that send.

    For n contacts of which k are refused, halving costs at most 2·k·log2(n) + 10 requests. A
    fault of the list or of a field's id costs only a few: where no contact that sets certain
    fields is accepted, all that set these fields are given up for the list. A list that accepted
    nothing and calls even small contacts too large is given up as well.
    """

    def __init__(self, in_flight: int = 1, companions: Companions | None = None) -> None:
        """Begin a run with `in_flight` requests at a time."""
        self._companions = companions or Companions()
        # Each of them may meet a bad contact first of all.
        self._few = max(FEW, in_flight + 1)
        self._lock = threading.Lock()
        self._alike: dict[tuple[int, Fields], tuple[str, int]] = {}
        self._given_up: dict[int, dict[Fields, str]] = {}
        self._largest: dict[tuple[int, str], int] = {}
        self._accepting: set[int] = set()

    def verdict_on(self, batch: Batch) -> str | None:
        """Return why nothing of a batch is to be sent, None where some of it is."""
        given_up = self._given_up.get(batch.list_id, {})
        if not given_up or THE_LIST in given_up:
            return given_up.get(THE_LIST)
        verdicts = [self._verdict(contact) for contact in batch.contacts]
        return verdicts[0] if None not in verdicts else None

    def give_up(self, list_id: int, words: str, fields: Fields = THE_LIST) -> None:
        """Send nothing more to a list, or nothing that sets all of some fields."""
        with self._lock:
            self._given_up[list_id] = {**self._given_up.get(list_id, {}), fields: words}

    def learn(self, receipt: Receipt, taken: set[int], *, whole: bool) -> None:
        """Note how a batch ended, or where it is not `whole`, a part of one.

        `taken` are the fields that Listrak accepted in other parts; those of this part are added.
        """
        if isinstance(receipt, AcceptedBatch):
            self._accepting.add(receipt.batch.list_id)
        match receipt:
            case AcceptedBatch() if whole and not self._alike:  # the usual case costs nothing
                pass
            case AcceptedBatch(batch):
                fields = _fields(batch.contacts)
                taken |= fields
                with self._lock:
                    for key in list(self._alike):
                        if key[0] == batch.list_id and (
                            key[1] == THE_LIST or not key[1].isdisjoint(fields)
                        ):
                            del self._alike[key]
            case RefusedBatch(batch, Reason.REFUSED_BY_LISTRAK, words):
                unproven = _fields(batch.contacts) - taken
                if unproven:
                    # Both of a pair are refused where one of them is bad.
                    few = self._few * self._trial_size(batch.route)
                    self._refused_alone(batch.list_id, unproven, words, few)
            case RefusedBatch(batch, Reason.TOO_LARGE, words):
                if batch.list_id not in self._accepting:
                    self._refused_alone(batch.list_id, THE_LIST, words, self._few)

    def too_large(self, batch: Batch) -> None:
        """Note that a body was too large; the list gets nothing above half its size from now on."""
        with self._lock:
            key = batch.list_id, batch.route
            largest = self._largest.get(key, len(batch.body))
            self._largest[key] = min(largest, max(1, len(batch.body) // 2))

    def next_of(self, pending: Sequence[Batch]) -> int:
        """Return the index of the part of a batch to send next: usually the last one.

        Where the list itself is in doubt, it is the largest part, far from what was refused.
        """
        last = len(pending) - 1
        if len(pending[last].contacts) <= self._trial_size(pending[last].route):
            return last
        doubtful = [index for index, part in enumerate(pending) if self._trial(part) is not None]
        return max(doubtful, key=lambda index: len(pending[index].contacts), default=last)

    def fitting(self, batch: Batch) -> list[Batch]:
        """Return a batch in parts that, as far as we know, can be sent.

        Where the list itself is in doubt, the first part is a single contact: one from the middle,
        or the smallest one where contacts are too large. By list import, it is two.
        """
        count = len(batch.contacts)
        if count == 1:
            return [batch]
        if batch.list_id in self._given_up:
            verdicts = [self._verdict(contact) for contact in batch.contacts]
            good = [one for one, words in zip(batch.contacts, verdicts, strict=True) if not words]
            bad = [one for one, words in zip(batch.contacts, verdicts, strict=True) if words]
            if good and bad:
                return [*_with(batch, good), *_with(batch, bad)]
        at = self._trial(batch)
        size = self._trial_size(batch.route)
        if at is not None and count > size:
            at = min(at, count - size)
            end = at + size
            parts = batch.contacts[at:end], batch.contacts[:at], batch.contacts[end:]
            return [made for part in parts for made in _with(batch, part)]
        largest = self._largest.get((batch.list_id, batch.route))
        if largest is not None and len(batch.body) > largest:
            each = -(-count // -(-len(batch.body) // largest))
            return list(rebatch(batch, Limits(each, len(batch.body))))
        return [batch]

    def _trial_size(self, route: Route) -> int:
        """Return how many contacts are sent to find out whether a list takes any."""
        return 2 if route == LIST_IMPORT and not self._companions.are_needless else 1

    def _refused_alone(self, list_id: int, fields: Fields, words: str, few: int) -> None:
        with self._lock:
            before, count = self._alike.get((list_id, fields), (words, 0))
            count = count + 1 if before == words else 1
            if count < few:
                self._alike[list_id, fields] = words, count
                return
            del self._alike[list_id, fields]
        self.give_up(list_id, words, fields)

    def _verdict(self, contact: Contact) -> str | None:
        fields = _fields((contact,))
        for refused, words in self._given_up.get(contact.list_id, {}).items():
            if refused <= fields:
                return words
        return None

    def _trial(self, batch: Batch) -> int | None:
        """Return the index of the contact to try alone, None where nothing is in doubt."""
        with self._lock:
            suspects = [
                fields
                for (list_id, fields), (_, count) in self._alike.items()
                if list_id == batch.list_id and count >= SUSPECT
            ]
        if not suspects:
            return None
        if THE_LIST in suspects:
            sizes = [_size(contact) for contact in batch.contacts]
            return sizes.index(min(sizes))
        fields = enumerate(_fields((contact,)) for contact in batch.contacts)
        doubtful = [index for index, each in fields if any(one <= each for one in suspects)]
        return doubtful[len(doubtful) // 2] if doubtful else None


def halves(batch: Batch) -> list[Batch]:
    """Return a batch in two, the first half first."""
    return list(rebatch(batch, Limits(-(-len(batch.contacts) // 2), len(batch.body))))


def _with(batch: Batch, contacts: Sequence[Contact]) -> list[Batch]:
    """Return the part of a batch with some of its contacts; an empty list for none."""
    limits = Limits(len(batch.contacts), len(batch.body))
    return list(rebatch(msgspec.structs.replace(batch, contacts=contacts), limits))


def _fields(contacts: Iterable[Contact]) -> Fields:
    return Fields(field_id for contact in contacts for field_id, _ in contact.fields)


def _size(contact: Contact) -> int:
    return len(contact.email_address) + sum(len(value) for _, value in contact.fields)
