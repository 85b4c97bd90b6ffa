"""Asks Listrak what it holds of a window: to compare, and to verify what was sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from listrak_sync.account.comparison import TO_SEND, Box, Comparison, Standing
from listrak_sync.account.ids import LookUps
from listrak_sync.account.list_reading import read_lists
from listrak_sync.account.lists import KnownList, known_list
from listrak_sync.account.reading import Reader, ReadsContacts
from listrak_sync.batching.window import Window
from listrak_sync.delivery.polling import StillOpen, poll
from listrak_sync.delivery.sending import DeliveryOptions, ignore
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError
from listrak_sync.progress import Comparing, Ended, Verifying


class ReadsAccount(LookUps, ReadsContacts, Protocol):
    """The part of Listrak's API that tells what an account holds."""


class Verified(msgspec.Struct):
    """What was read back of the contacts of a list that were sent to it.

    `not_seen_yet` hold nothing for a field that was set, `other_value` hold another value.
    """

    seen: int = 0
    not_seen_yet: int = 0
    other_value: int = 0
    not_on_list: int = 0
    unsubscribed: int = 0

    @property
    def amiss(self) -> int:
        """Return how many contacts on the list were not seen with the values that were sent."""
        return self.not_seen_yet + self.other_value


class AccountState:
    """What Listrak's account holds, read for one run.

    Its methods raise what ends a run; what was read by then counts for nothing. `on_detail` is
    told how each list was read, `on_note` where types of fields may not be looked up.
    """

    def __init__(
        self,
        api: ReadsAccount,
        stop: Stop,
        options: DeliveryOptions,
        on_detail: Callable[[str], object] = ignore,
        on_note: Callable[[str], object] = ignore,
    ) -> None:
        self._api = api
        self._stop = stop
        self._options = options
        self._on_detail = on_detail
        self._on_note = on_note
        self._lists: dict[int, KnownList] = {}
        self.reader = Reader(api, stop, options)

    def compare(
        self,
        window: Window,
        *,
        boxes: frozenset[Box] = frozenset(),
        uncertain: frozenset[int] = frozenset(),
        keeps_held: bool = False,
    ) -> Comparison:
        """Return how the values of a window stand at Listrak."""
        comparison = self._comparison(window, boxes, uncertain, keeps_held=keeps_held)
        self._read(comparison, Comparing)
        return comparison

    def verify(
        self, window: Window, sent: bytearray, patience: float
    ) -> tuple[dict[int, Verified], ListrakSyncError | None]:
        """Read back what was sent of a window until it is seen or the time is over.

        `sent` has for each row of the window a number other than 0 where it was sent. Returns
        what was seen by list, and the error that broke a reading off.
        """
        error: ListrakSyncError | None = None
        comparison: Comparison | None = None
        pending = bytearray(sent)

        def ask(_: Callable[[], bool]) -> StillOpen:
            nonlocal comparison, error
            try:
                if comparison is None:
                    comparison = self._comparison(window)
                comparison.wanted = pending
                self._read(comparison, Verifying)
            except ListrakSyncError as broken:
                error = broken
                return StillOpen(0)
            for row, standing in enumerate(comparison.standings):
                if pending[row] and standing not in TO_SEND:
                    pending[row] = 0
            return StillOpen(sum(pending))

        if any(sent):
            poll(ask, "value", sum(sent), patience, self._stop, self._options)
        comparison = comparison or Comparison(window, {})
        if error is not None:
            for row in range(len(pending)):
                if pending[row]:
                    comparison.standings[row] = Standing.UNSET
        comparison.wanted = sent
        found = {each: _verified(comparison, each) for each in window.lists}
        return {list_id: each for list_id, each in found.items() if each != Verified()}, error

    def _comparison(
        self,
        window: Window,
        boxes: frozenset[Box] = frozenset(),
        uncertain: frozenset[int] = frozenset(),
        *,
        keeps_held: bool = False,
    ) -> Comparison:
        comparison = Comparison(
            window, self._lists, boxes=boxes, uncertain=uncertain, keeps_held=keeps_held
        )
        with self._interruptible():
            for list_id in window.lists:
                if list_id in uncertain:
                    continue
                if list_id not in self._lists:
                    self._lists[list_id] = known_list(self._api, self.reader, list_id)
                    if self._lists[list_id].fields is None:
                        self._on_note(
                            f"list {list_id}: the types of its fields may not be looked up, so "
                            "values compare as text; the integration needs List and Segmentation"
                        )
                self._lists[list_id].check(comparison.fields(list_id))
        return comparison

    def _read(self, comparison: Comparison, step: type[Comparing | Verifying]) -> None:
        counts, lock = Counter[int](), threading.Lock()

        def tell(list_id: int, contacts: int) -> None:
            with lock:
                counts[list_id] += contacts
                self._options.on_progress(step(list_id, counts[list_id]))

        self.reader.on_read = tell
        try:
            with self._interruptible():
                read_lists(comparison, self.reader)
        finally:
            self._options.on_progress(Ended(step))
        for list_id, reading in comparison.readings.items():
            read = f"{reading.pages} requests for pages, {reading.one_by_one} for single contacts"
            boxes = ", ".join(sorted(map(_spelled, reading.spellings)))
            self._on_detail(
                f"list {list_id} was read: {read}"
                + (f"; its check boxes read as {boxes}" if boxes else "")
            )

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let a signal break off what is read, and see to it that a run that stops goes no on."""
        with self._stop.breaking_off():
            yield
        if isinstance(self._stop.error, ListrakSyncError):
            raise self._stop.error


def _verified(comparison: Comparison, list_id: int) -> Verified:
    counts = comparison.contacts(list_id)
    return Verified(
        seen=counts[Standing.RIGHT],
        not_seen_yet=counts[Standing.UNSET],
        other_value=counts[Standing.OTHER],
        not_on_list=counts[Standing.NOT_ON_LIST],
        unsubscribed=counts[Standing.UNSUBSCRIBED],
    )


def _spelled(value: str | None) -> str:
    return "nothing" if value is None else repr(value[:20])
