"""Sends windows of batches and answers for every contact in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from listrak_sync.delivery.consequences import Step, error_for, step_for
from listrak_sync.delivery.failures import waited_too_long
from listrak_sync.delivery.follow import Import, follow
from listrak_sync.delivery.isolation import Isolation, halves
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.retry import PATIENT, RetryPolicy
from listrak_sync.delivery.sender import Listrak, OnRetry, Retry, Sender, Senses
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    Failure,
    NoSuchList,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    words_of,
)
from listrak_sync.updates.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    PROFILE_FIELDS,
    Batch,
    rebatch,
)

BARRIER_PATIENCE: Final = 1800.0
"""How long, in seconds, the imports of one window may take before the next gives up."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Batches that may be in flight together; `alone` ones go out one by one, in order."""

    batches: Iterable[Batch]
    alone: bool = False


Phases: TypeAlias = Iterable[Phase]


class Ledger(Protocol):
    """Where answers and divisions of batches are written down."""

    def imports(self) -> list[Import]:
        """Return the imports that may still be running, of runs before."""

    def answer(self, receipt: Receipt) -> None:
        """Write down how a batch ended."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:
        """Write down the parts that take a batch's place; return them numbered."""


class NoLedger:
    """Writes nothing down."""

    def imports(self) -> list[Import]:
        """Know of no import."""
        return []

    def answer(self, receipt: Receipt) -> None:
        """Forget a receipt."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:  # noqa: ARG002 - a Ledger
        """Return the parts as they are."""
        return parts


def _ignore(_: Retry) -> None:
    """Tell nobody of a retry."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How batches are sent: how many at a time, how patiently, and by which routes.

    `on_retry` is told of each wait before it begins, from any thread.
    """

    in_flight: int = 4
    fall_back: bool = True
    policy: RetryPolicy = PATIENT
    senses: Senses = field(default_factory=Senses)
    on_retry: OnRetry = _ignore


class Delivery:
    """Sends one window after the other, several batches at a time, in threads of its own.

    A window is begun when every import of the one before, also of a run before, is accepted and,
    where Listrak lets us ask, has ended. `on_receipt` is called for each batch, by one thread at
    a time; where it returns False, nobody was told, and the batch stays unanswered. Once stopped,
    what is in flight is finished and nothing new is sent.
    """

    def __init__(
        self,
        listrak: Listrak,
        on_receipt: Callable[[Receipt], bool | None],
        stop: Stop,
        ways: Ways | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._listrak = listrak
        self._on_receipt = on_receipt
        self._stop = stop
        self._ways = ways or Ways()
        self._ledger: Ledger = ledger or NoLedger()
        self._sender = Sender(
            listrak, stop, self._ways.policy, self._ways.senses, self._ways.on_retry
        )
        self._isolation = Isolation(self._ways.in_flight)
        self._lock = threading.Lock()
        self._existing: set[int] = set()
        self._open = self._ledger.imports()
        self._window: threading.Thread | None = None
        self.fell_back = False
        """Whether the profile-fields route is closed and the rest goes by list import."""

    def start(self, phases: Phases) -> None:
        """Begin a window once the one before is answered for; return while it is sent."""
        self.finish()
        self._window = threading.Thread(target=self._send_window, args=(phases,), daemon=True)
        self._window.start()

    def finish(self) -> None:
        """Wait until every batch of the window is answered for."""
        if self._window is not None:
            self._window.join()
            self._window = None

    def _send_window(self, phases: Phases) -> None:
        try:
            for phase in phases:
                self._barrier()
                shared = iter(phase.batches)
                if phase.alone:
                    self._send_alone(shared)
                else:
                    self._send_together(shared)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that reads
            self._stop.because(error)

    def _send_together(self, shared: Iterator[Batch]) -> None:
        threads = [
            threading.Thread(target=self._send_shared, args=(shared,), daemon=True)
            for _ in range(self._ways.in_flight)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send_alone(self, batches: Iterator[Batch]) -> None:
        """Send batches in order; what touches a contact again waits for what came before."""
        touched: set[tuple[int, str]] = set()
        for batch in batches:
            contacts = {(each.list_id, each.email_address.lower()) for each in batch.contacts}
            if touched & contacts:
                self._barrier()
                touched.clear()
            touched |= contacts
            self._deliver(batch)

    def _send_shared(self, shared: Iterator[Batch]) -> None:
        """Send batches of an iterator shared with other threads until there are no more."""
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
        """Answer for every contact of a batch, dividing it where that is needed."""
        pending, taken = [batch], set[int]()
        while pending:
            each = pending.pop(self._isolation.next_of(pending))
            outcome = self._outcome(each)
            if isinstance(outcome, list):
                outcome = self._divided(each, outcome)
            if isinstance(outcome, list):
                pending += reversed(outcome)
                continue
            self._isolation.learn(outcome, taken, whole=each is batch)
            with self._lock:
                if isinstance(outcome, Delivered):
                    self._open += ((each.list_id, import_id) for import_id in outcome.imports)
                is_told = self._on_receipt(outcome)
            if is_told is not False:  # for with the answer, the ledger forgets the contacts
                self._note(outcome)

    def _divided(self, batch: Batch, parts: list[Batch]) -> list[Batch] | Unsent:
        """Have the parts of a batch written down; without that, none is sent."""
        try:
            return self._ledger.divide(batch, parts)
        except ListrakSyncError as error:
            self._stop.because(error)
            return Unsent(batch, error.message)

    def _note(self, receipt: Receipt) -> None:
        """Have an answer written down; where that fails, the others are still answered for."""
        try:
            self._ledger.answer(receipt)
        except ListrakSyncError as error:
            self._stop.because(error)

    def _outcome(self, batch: Batch) -> Receipt | list[Batch]:
        """Send a batch; return how it ended, or the parts to send in its place."""
        if self._stop.event.is_set():
            return self._stopped(batch)
        words = self._isolation.verdict_on(batch)
        if words is not None:
            return Undelivered(batch, "list_refused", words)
        if batch.route == PROFILE_FIELDS and self.fell_back:
            return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
        parts = self._isolation.fitting(batch)
        if len(parts) > 1:
            return parts
        match self._sender.send(batch):
            case None:
                return self._stopped(batch)
            case Accepted(resource_ids):
                return Delivered(batch, resource_ids)
            case failure:
                return self._lead(batch, failure)

    def _lead(self, batch: Batch, failure: Failure) -> Receipt | list[Batch]:
        """Take the step that a failure leads to."""
        words = words_of(failure)
        match step_for(failure, len(batch.contacts)):
            case Step.HALVE:
                return halves(batch)
            case Step.SHRINK:
                self._isolation.too_large(batch)
                return self._isolation.fitting(batch)
            case Step.ASK if isinstance(failure, NotFound):
                told = self._tell_apart(batch, failure)
                return self._stopped(batch) if told is None else self._lead(batch, told)
            case Step.REFUSE_CONTACT:
                return Undelivered(batch, "refused_by_listrak", words)
            case Step.REFUSE_LARGE:
                return Undelivered(batch, "too_large", words)
            case Step.REFUSE_LIST:
                self._isolation.give_up(batch.list_id, f"list {batch.list_id}: {words}")
                return Undelivered(batch, "list_refused", f"list {batch.list_id}: {words}")
            case Step.FALL_BACK if self._ways.fall_back and batch.route == PROFILE_FIELDS:
                self.fell_back = True
                return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
            case _:
                error = error_for(failure)
                self._stop.because(error)
                return Unsent(batch, error.message)

    def _stopped(self, batch: Batch) -> Unsent:
        return Unsent(batch, str(self._stop.error))

    def _tell_apart(self, batch: Batch, failure: NotFound) -> Failure | None:
        """Ask whether a list is missing; where it is there, the body was too large.

        A list that was there is asked for again only for a single contact. Returns None where
        the run was stopped before an answer.
        """
        if batch.list_id not in self._existing or len(batch.contacts) == 1:
            match self._sender.ask(lambda: self._listrak.list(batch.list_id)):
                case None:
                    return None
                case NotFound(code, message):
                    return NoSuchList(code, message)
                case Denied() | Unavailable() | Redirected() | Unexpected() as found:
                    return found
                case Refused(code, message) | TooLarge(code, message) | BetaClosed(code, message):
                    return Unexpected(code, message)
            self._existing.add(batch.list_id)
        return TooLarge(failure.code, failure.message)

    def _barrier(self) -> None:
        """Wait until the imports so far have ended, so that nothing newer overtakes them."""
        with self._lock:
            imports, self._open = self._open, []
        if imports and not self._stop.event.is_set():
            senses = self._ways.senses
            followed = follow(self._listrak, imports, BARRIER_PATIENCE, self._stop, senses)
            if followed.running and not self._stop.event.is_set():
                self._stop.because(waited_too_long(followed.running, BARRIER_PATIENCE))
