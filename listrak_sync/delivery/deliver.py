"""Sends windows of batches and answers for every contact in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final, Protocol, TypeAlias

from listrak_sync.delivery.retry import PATIENT, RetryPolicy
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    Failure,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    Verdict,
    words_of,
)
from listrak_sync.updates.batches import Batch

ACCESS_HINT: Final = """\
Listrak does not say which of these it was:
  - LISTRAK_CLIENT_ID or the client secret is wrong, or belongs to another integration
  - the integration is not of type Email, is inactive, or its API access is paused
  - this machine's IP address is not among those the integration allows
  - the integration lacks an area: Contact, List and Segmentation are needed
Look under Integration Management in Listrak; then: listrak-sync auth test"""


class Route(Protocol):
    """What of Listrak's API a delivery needs."""

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:
        """Start imports that set profile fields."""

    def list(self, list_id: int) -> object | Failure:
        """Return a list, or why there is none."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The contacts of a batch are accepted; ids of the imports, as far as they are known."""

    batch: Batch
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The contacts of a batch are refused, in Listrak's words."""

    batch: Batch
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """The contacts of a batch were not sent, or nobody knows, because the run had to stop."""

    batch: Batch
    detail: str


Receipt: TypeAlias = Delivered | Undelivered | Unsent
Phases: TypeAlias = Iterable[tuple[Iterable[Batch], bool]]
"""Batches that may be in flight together, and whether more than one at a time may be."""


@dataclass
class Senses:
    """The time, chance and rest that sending depends on; tests give others.

    `rest` waits for so many seconds, or until the delivery is stopped.
    """

    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = field(default_factory=lambda: SystemRandom().random)
    rest: Callable[[threading.Event, float], object] = threading.Event.wait


class Delivery:
    """Sends one window after the other, several batches at a time, in threads of its own.

    A window is begun when every batch of the one before it is answered for. `on_receipt` is
    called for each batch, by one thread at a time. Once stopped, what is in flight is finished
    and nothing new is sent.
    """

    def __init__(
        self,
        route: Route,
        on_receipt: Callable[[Receipt], None],
        stop: Stop,
        *,
        in_flight: int = 4,
        policy: RetryPolicy = PATIENT,
        senses: Senses | None = None,
    ) -> None:
        self._route = route
        self._on_receipt = on_receipt
        self._in_flight = in_flight
        self._policy = policy
        self._senses = senses or Senses()
        self._lock = threading.Lock()
        self._stop = stop
        self._held_until = 0.0
        self._missing: dict[int, str] = {}
        self._window: threading.Thread | None = None

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
        for batches, together in phases:
            shared = iter(batches)
            count = self._in_flight if together else 1
            threads = [
                threading.Thread(target=self._send_all, args=(shared,), daemon=True)
                for _ in range(count)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _send_all(self, shared: Iterator[Batch]) -> None:
        """Send batches of an iterator shared with other threads until there are no more."""
        try:
            self._send_each(shared)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            self._stop.because(error)

    def _send_each(self, shared: Iterator[Batch]) -> None:
        while True:
            with self._lock:
                batch = next(shared, None)
            if batch is None:
                return
            receipt = self._send(batch)
            with self._lock:
                self._on_receipt(receipt)

    def _send(self, batch: Batch) -> Receipt:
        """Send a batch until there is a verdict that no other attempt would change."""
        attempt = 0
        while True:
            self._respect_pause()
            if self._stop.event.is_set():
                return Unsent(batch, str(self._stop.error))
            if batch.list_id in self._missing:
                return Undelivered(batch, "list_refused", self._missing[batch.list_id])
            attempt += 1
            verdict = self._route.update_profile_fields(batch.list_id, batch.body)
            if isinstance(verdict, NotFound):
                verdict = self._tell_apart(batch, verdict)
            if not isinstance(verdict, Unavailable):
                return self._receipt(batch, verdict)
            pause = self._policy.wait(attempt, verdict.retry_after, self._senses.random)
            if pause is None:
                return self._give_up(batch, error_for(verdict))
            self._pause(pause, for_all=verdict.retry_after is not None)

    def _receipt(self, batch: Batch, verdict: Verdict) -> Receipt:
        """Return what a verdict that is no passing failure means for a batch."""
        match verdict:
            case Accepted(resource_ids):
                return Delivered(batch, resource_ids)
            case Refused() | TooLarge():
                return Undelivered(batch, "refused_by_listrak", words_of(verdict))
            case NotFound():
                return Undelivered(batch, "list_refused", self._missing[batch.list_id])
            case failure:
                return self._give_up(batch, error_for(failure))

    def _tell_apart(self, batch: Batch, verdict: NotFound) -> Verdict:
        """Ask whether a list is missing; where it is there, the body was too large."""
        found = self._route.list(batch.list_id)
        match found:
            case NotFound():
                self._missing[batch.list_id] = f"list {batch.list_id}: {words_of(verdict)}"
                return verdict
            case Refused() | TooLarge() | Denied() | BetaClosed() | Unavailable() | Unexpected():
                return found
        return TooLarge(verdict.code, verdict.message)

    def _give_up(self, batch: Batch, error: ListrakSyncError) -> Unsent:
        """Stop the run because of a batch."""
        self._stop.because(error)
        return Unsent(batch, error.message)

    def _pause(self, seconds: float, *, for_all: bool) -> None:
        """Rest; a pause that a reply asked for holds back every sender."""
        if for_all:
            with self._lock:
                self._held_until = max(self._held_until, self._senses.clock() + seconds)
        else:
            self._senses.rest(self._stop.event, seconds)

    def _respect_pause(self) -> None:
        while not self._stop.event.is_set():
            with self._lock:
                left = self._held_until - self._senses.clock()
            if left <= 0:
                return
            self._senses.rest(self._stop.event, left)


def error_for(failure: Failure) -> ListrakSyncError:
    """Return what to tell where a failure ends the run."""
    match failure:
        case Unavailable(reason=reason):
            hint = "Check the network, the proxy and Listrak's status, then run it again."
            return UnreachableError(f"Listrak cannot be reached: {reason}", hint)
        case Denied():
            return AccessRefusedError(f"access refused: {words_of(failure)}", ACCESS_HINT)
        case BetaClosed():
            hint = "Ask Listrak to open the route `Contact/SegmentationField` to the integration."
            words = words_of(failure)
            return AccessRefusedError(f"the profile-fields route is closed: {words}", hint)
    return ListrakSyncError(f"Listrak answered what it should not: {words_of(failure)}")
