"""Sends windows of batches, and answers for every contact in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, TypeAlias

from listrak_sync.batching.batches import Batch
from listrak_sync.delivery.companions import Companions, go_together, together
from listrak_sync.delivery.imports import follow, waited_too_long
from listrak_sync.delivery.isolation import Isolation
from listrak_sync.delivery.outcomes import Outcomes
from listrak_sync.delivery.receipts import (
    AcceptedBatch,
    Ledger,
    NoLedger,
    Receipt,
    RefusedBatch,
    UnsentBatch,
)
from listrak_sync.delivery.sending import DeliveryOptions, Listrak
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ExhaustedError, ListrakSyncError, start_thread
from listrak_sync.reasons import Reason

BARRIER_PATIENCE: Final = 1800.0
"""How many seconds the imports of a window may take before the run stops."""


MOST_PAIRS: Final = 20
"""How many requests may look for two contacts in doubt that are accepted together."""

SENT_ALONE: Final = (
    "it was alone in its file, of which Listrak may want two contacts, and no other one that sets "
    "these fields was accepted"
)


@dataclass(frozen=True, slots=True)
class Phase:
    """Batches that may be in flight together; with `alone`, they go out one by one, in order."""

    batches: Iterable[Batch]
    alone: bool = False


Phases: TypeAlias = Iterable[Phase]


class Delivery:
    """Sends one window after the other, several batches at a time, in threads of its own.

    A window begins when every import of the window before is accepted and, where Listrak lets
    us ask, has ended; this includes the last window of an earlier run. `on_receipt` is called
    for each batch, by one thread at a time; where it returns False, nobody was told, and the
    batch stays unanswered. Once the run stops, what is in flight is finished and nothing new is
    sent.
    """

    def __init__(
        self,
        listrak: Listrak,
        on_receipt: Callable[[Receipt], bool | None],
        stop: Stop,
        options: DeliveryOptions | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._listrak = listrak
        self._on_receipt = on_receipt
        self._stop = stop
        self._options = options or DeliveryOptions()
        self._ledger: Ledger = ledger or NoLedger()
        self._companions = Companions()
        self._isolation = Isolation(self._options.in_flight, self._companions)
        self._outcomes = Outcomes(listrak, self._isolation, stop, self._options)
        self._lock = threading.Lock()
        self._open = self._ledger.imports()
        self._window: threading.Thread | None = None
        self.unfollowed: set[int] = set()
        """The lists of imports of which Listrak did not tell us the end."""

    @property
    def fell_back(self) -> bool:
        """Whether the profile-fields route is closed and the rest goes by list import."""
        return self._outcomes.fell_back

    def start(self, phases: Phases) -> None:
        """Begin a window once the one before is answered for; return while it is being sent."""
        self.finish()
        # Daemons: a second signal or a bug in the thread that reads must end the process, and
        # not wait for requests. The journal knows what they leave unanswered.
        window = threading.Thread(target=self._send_window, args=(phases,), daemon=True)
        start_thread(window)
        self._window = window

    def finish(self) -> None:
        """Wait until every batch of the window is answered for."""
        if self._window is not None:
            self._window.join()
            self._window = None

    def settle(self) -> None:
        """Wait until all that was sent is answered for, and its imports have ended.

        What Listrak holds is read only then. Imports without an id, or that we may not ask about,
        are not waited for.
        """
        self.finish()
        self._barrier()

    def _send_window(self, phases: Phases) -> None:
        try:
            for phase in phases:
                self._barrier()
                shared = iter(phase.batches)
                if phase.alone:
                    self._send_alone(shared)
                else:
                    self._send_together(shared)
                self._settle()
        except Exception as error:  # noqa: BLE001 - raised again by the thread that reads
            self._stop.because(error)

    def _send_together(self, shared: Iterator[Batch]) -> None:
        threads: list[threading.Thread] = []
        for _ in range(self._options.in_flight):
            thread = threading.Thread(target=self._send_shared, args=(shared,), daemon=True)
            try:
                start_thread(thread)
            except ExhaustedError:  # the others do the work
                if not threads:
                    raise
                break
            threads.append(thread)
        for thread in threads:
            thread.join()

    def _send_alone(self, batches: Iterator[Batch]) -> None:
        """Send batches in order; a batch with a contact of an earlier one waits for its import."""
        touched: set[tuple[int, str]] = set()
        for batch in batches:
            contacts = {(each.list_id, each.email_address.lower()) for each in batch.contacts}
            if touched & contacts:
                self._settle()
                self._barrier()
                touched.clear()
            touched |= contacts
            self._deliver(batch)

    def _send_shared(self, shared: Iterator[Batch]) -> None:
        """Send batches of an iterator that other threads share, until it is empty."""
        try:
            while True:
                with self._lock:
                    batch = next(shared, None)
                if batch is None:
                    return
                self._deliver(batch)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that reads
            self._stop.because(error)

    def _deliver(self, batch: Batch) -> None:
        """Send a batch, divided where needed, until each of its contacts is answered for."""
        pending, taken = [batch], set[int]()
        while pending:
            each = pending.pop(self._isolation.next_of(pending))
            outcome = self._outcomes.of(each)
            if isinstance(outcome, list):
                outcome = self._divided(each, outcome)
            if isinstance(outcome, list):
                pending += reversed(outcome)
                continue
            self._isolation.learn(outcome, taken, whole=each is batch)
            if isinstance(outcome, RefusedBatch) and self._companions.doubts(outcome):
                self._send_with_another(outcome, whole=each is batch)
            else:
                self._answer(outcome)

    def _send_with_another(self, refused: RefusedBatch, *, whole: bool) -> None:
        """Send a contact that was refused alone together with another one, if there is one yet.

        What was not part of a larger batch may also go with one that is in doubt itself.
        """
        # A kill in between does no harm: the batch is planned as it was, and its values are the
        # same. So the larger file is not written down.
        pair = self._companions.with_accepted(refused.batch)
        if pair is not None:
            self._answer_last(refused, pair)
            return
        partners = self._companions.partners(refused.batch) if whole else []
        in_doubt = [*partners, refused]
        for other in partners:
            if self._both_accepted(refused, other):
                in_doubt = [each for each in partners if each is not other]
                break
        for each in in_doubt:
            self._companions.doubt(each)

    def _both_accepted(self, one: RefusedBatch, other: RefusedBatch) -> bool:
        """Send two contacts in doubt together, and answer for both where they are accepted."""
        outcome = self._outcomes.of(together(one.batch, other.batch.contacts[0]))
        if not isinstance(outcome, AcceptedBatch):
            return False
        self._answer(outcome, paired=True)
        self._answer(AcceptedBatch(other.batch, outcome.imports), paired=True)
        return True

    def _settle(self) -> None:
        """Answer for the contacts that are still in doubt."""
        for refused in self._without_good_pairs(self._companions.settle()):
            pair = self._companions.with_accepted(refused.batch)
            if pair is not None:
                self._answer_last(refused, pair)
            elif self._stop.event.is_set():
                self._answer(UnsentBatch(refused.batch, str(self._stop.error)))
            elif self._isolation.verdict_on(refused.batch) is not None:
                self._answer(refused)
            else:
                self._answer(replace(refused, detail=f"{refused.detail}; {SENT_ALONE}"))

    def _without_good_pairs(self, doubts: list[RefusedBatch]) -> list[RefusedBatch]:
        """Send contacts in doubt two by two, until one can go with an accepted one.

        Returns the others.
        """
        left = list(doubts)
        tried = 0
        for one, other in combinations(doubts, 2):
            if tried == MOST_PAIRS or not {id(one), id(other)} <= set(map(id, left)):
                continue
            if not go_together(one.batch, other.batch) or self._companions.with_accepted(one.batch):
                continue
            tried += 1
            if self._both_accepted(one, other):
                left = [each for each in left if each is not one and each is not other]
        return left

    def _answer_last(self, refused: RefusedBatch, pair: Batch) -> None:
        """Send a contact in doubt with an accepted one, and take the answer as the last."""
        outcome = self._outcomes.of(pair)
        match outcome:
            # Its list, or what sets its fields, is given up: it was refused before that.
            case RefusedBatch(reason=Reason.LIST_REFUSED) | list():
                self._answer(refused)
            case _:
                self._answer(outcome, paired=True)

    def _answer(self, receipt: Receipt, *, paired: bool = False) -> None:
        """Tell and write down how a batch ended; if `paired`, it went with another contact."""
        with self._lock:
            if isinstance(receipt, AcceptedBatch):
                self._companions.accept(receipt.batch, paired=paired)
                if paired:
                    self._isolation.learn(receipt, set(), whole=True)
                list_id = receipt.batch.list_id
                self._open += ((list_id, import_id) for import_id in receipt.imports)
            is_told = self._on_receipt(receipt)
        # The answer is written down after the receipt was told: with it the ledger forgets
        # the contacts. After a kill in between, the batch is sent again, which does no harm;
        # the other way round, its rejects would be lost.
        if is_told is not False:
            self._note(receipt)

    def _divided(self, batch: Batch, parts: list[Batch]) -> list[Batch] | UnsentBatch:
        """Have the parts of a batch written down; where that fails, none of them is sent."""
        try:
            return self._ledger.divide(batch, parts)
        except ListrakSyncError as error:
            self._stop.because(error)
            return UnsentBatch(batch, error.message)

    def _note(self, receipt: Receipt) -> None:
        """Have an answer written down; where that fails, other batches are still answered for."""
        try:
            self._ledger.answer(receipt)
        except ListrakSyncError as error:
            self._stop.because(error)

    def _barrier(self) -> None:
        """Wait until the imports so far have ended."""
        self._companions.forget()
        # An accepted import is applied later, and imports may overtake one another. What is sent
        # now would lose to an older value that is applied after it.
        with self._lock:
            imports, self._open = self._open, []
        if imports and not self._stop.event.is_set():
            followed = follow(self._listrak, imports, BARRIER_PATIENCE, self._stop, self._options)
            self.unfollowed |= {list_id for list_id, _ in followed.unverified}
            if followed.running and not self._stop.event.is_set():
                self._stop.because(waited_too_long(followed.running, BARRIER_PATIENCE))
