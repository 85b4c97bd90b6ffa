"""The imports of every list: accepted now, applied when they are due."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from listrak_sync.sandbox.contacts import (
    Contacts,
    HeldContact,
    ImportKind,
    Row,
    RowResult,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listrak_sync.sandbox.account import Account
    from listrak_sync.sandbox.behaviour import Behaviour


@dataclass(frozen=True, slots=True)
class AcceptedImport:
    """An accepted import, and the results of its contacts once it was due."""

    id: int
    list_id: int
    file_name: str
    kind: ImportKind
    started: datetime
    due: datetime
    results: list[tuple[str, RowResult]] = field(default_factory=list)

    def counts(self) -> Counter[RowResult]:
        """Count the results so far."""
        return Counter(result for _, result in self.results)


class Imports:
    """Keeps imports and the contacts they change; safe to share between threads.

    No thread runs behind it: the next call carries out what is due, in that order.
    """

    def __init__(
        self, account: Account, behaviour: Behaviour, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._behaviour = behaviour
        self._clock = clock
        self._zero = datetime.now(UTC) - timedelta(seconds=clock())
        self._lock = threading.RLock()
        self._contacts = Contacts(account)
        # What readers see: the same contacts, unless values are to show late.
        self._shown = Contacts(account) if behaviour.show_delay else self._contacts
        self._chance = random.Random(behaviour.seed)  # noqa: S311 - chance, not a secret
        self._ids = itertools.count(1001)
        self._imports: dict[int, AcceptedImport] = {}
        self._waiting: list[tuple[float, int, Sequence[Row]]] = []
        self._unseen: list[tuple[float, int, Sequence[Row]]] = []

    def start(self, list_id: int, file_name: str, kind: ImportKind, rows: Sequence[Row]) -> str:
        """Accept rows and return the `resourceId` to answer with.

        Where the behaviour asks for several ids, the rows are divided between two imports.
        """
        with self._lock:
            if self._behaviour.resource_ids == "several":
                parts = [rows[0::2], rows[1::2]]
            else:
                parts = [rows]
            ids = [self._start(list_id, file_name, kind, part) for part in parts]
            self._catch_up()
        return "" if self._behaviour.resource_ids == "empty" else ",".join(map(str, ids))

    def _start(self, list_id: int, file_name: str, kind: ImportKind, rows: Sequence[Row]) -> int:
        wait = self._behaviour.import_delay
        wait += self._chance.uniform(0, self._behaviour.import_jitter)
        now = self._clock()
        one = AcceptedImport(
            next(self._ids), list_id, file_name, kind, self._date(now), self._date(now + wait)
        )
        self._imports[one.id] = one
        heapq.heappush(self._waiting, (now + wait, one.id, rows))
        return one.id

    def _date(self, seconds: float) -> datetime:
        return self._zero + timedelta(seconds=seconds)

    def _catch_up(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._clock():
            due, import_id, rows = heapq.heappop(self._waiting)
            one = self._imports[import_id]
            one.results.extend(
                (row.email, self._contacts.apply(one.list_id, row, one.kind)) for row in rows
            )
            if self._shown is not self._contacts:
                heapq.heappush(self._unseen, (due + self._behaviour.show_delay, import_id, rows))
        while self._unseen and self._unseen[0][0] <= self._clock():
            _, import_id, rows = heapq.heappop(self._unseen)
            one = self._imports[import_id]
            for row in rows:
                self._shown.apply(one.list_id, row, one.kind)

    def of_list(self, list_id: int) -> list[AcceptedImport]:
        """Return a list's imports, oldest first."""
        with self._lock:
            return [one for one in self._imports.values() if one.list_id == list_id]

    def find(self, list_id: int, import_id: int) -> tuple[AcceptedImport, bool] | None:
        """Return an import of the list and whether it has been applied, or None."""
        with self._lock:
            self._catch_up()
            one = self._imports.get(import_id)
            if one is None or one.list_id != list_id:
                return None
            return one, all(waiting != import_id for _, waiting, _ in self._waiting)

    def contact(self, list_id: int, email: str) -> HeldContact | None:
        """Return a contact as readers see it, None where the list has no such contact."""
        with self._lock:
            self._catch_up()
            return self._shown.find(list_id, email)

    def page(
        self, list_id: int, place: slice, *, subscribed: bool
    ) -> tuple[list[HeldContact], bool]:
        """Return some contacts of a list as readers see them, and whether more follow."""
        with self._lock:
            self._catch_up()
            return self._shown.page(list_id, place, subscribed=subscribed)

    def values(self) -> Values:
        """Return a copy of every contact's values."""
        with self._lock:
            self._catch_up()
            return self._contacts.snapshot()

    def settle(self, timeout: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Wait at most `timeout` seconds for every import to be applied; return whether all are."""
        deadline = self._clock() + timeout
        while True:
            with self._lock:
                self._catch_up()
                if not self._waiting:
                    return True
                due = self._waiting[0][0]
            now = self._clock()
            if now >= deadline:
                return False
            sleep(max(0.0, min(due, deadline) - now))
