"""Sends one request until no other attempt would change the verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Protocol, TypeAlias, TypeVar

from listrak_sync.batching.batches import PROFILE_FIELDS, Batch
from listrak_sync.delivery.stop import Stop
from listrak_sync.listrak.verdicts import Failure, Unavailable, Verdict


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter: times in seconds, attempts with the first."""

    attempts: int = 8
    first: float = 0.5
    longest: float = 60.0

    def wait(
        self, attempt: int, retry_after: float | None, random: Callable[[], float]
    ) -> float | None:
        """Return the seconds to wait after a failed attempt (from 1), None to give up.

        A pause that the reply asked for is kept to, and never shortens the back-off. `random`
        returns a number from 0 to 1.
        """
        if attempt >= self.attempts:
            return None
        back_off = random() * min(self.longest, self.first * 2.0 ** (attempt - 1))
        return max(retry_after or 0.0, back_off)


PATIENT = RetryPolicy()
"""For batches: gives up after about half a minute, a minute at most."""

BRIEF = RetryPolicy(attempts=3)
"""For the first contact and for people who wait for an answer."""


_T = TypeVar("_T")


class Listrak(Protocol):
    """What of Listrak's API a delivery needs."""

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:
        """Start imports that set profile fields."""

    def start_list_import(self, list_id: int, body: bytes) -> Verdict:
        """Start the import of a file."""

    def list(self, list_id: int) -> object | Failure:
        """Return a list, or why there is none."""

    def import_finished(self, list_id: int, import_id: int) -> bool | Failure:
        """Say whether an import has ended."""


@dataclass
class Timing:
    """The time, chance and rest that sending depends on; tests give others.

    `rest` waits for so many seconds, or until the delivery is stopped.
    """

    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = field(default_factory=lambda: SystemRandom().random)
    rest: Callable[[threading.Event, float], object] = threading.Event.wait


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed attempt (from 1) that is followed by another, in so many seconds, and why.

    `held` says that Listrak asked for the pause, which holds back every sender.
    """

    attempt: int
    seconds: float
    reason: str
    held: bool


OnRetry: TypeAlias = Callable[[Retry], None]


class Sender:
    """Asks for all threads: what passes is tried again, a pause holds everybody."""

    def __init__(
        self,
        listrak: Listrak,
        stop: Stop,
        policy: RetryPolicy = PATIENT,
        senses: Timing | None = None,
        on_retry: OnRetry = lambda _: None,
    ) -> None:
        self._listrak = listrak
        self._stop = stop
        self._policy = policy
        self._senses = senses or Timing()
        self._on_retry = on_retry
        self._lock = threading.Lock()
        self._held_until = 0.0

    def send(self, batch: Batch) -> Verdict | None:
        """Return the verdict on a batch, None where it was stopped before one was known."""
        return self.ask(lambda: self._post(batch))

    def ask(self, question: Callable[[], _T]) -> _T | None:
        """Return the answer to a question, None where it was stopped before one was known."""
        attempt = 0
        while self._may_send():
            attempt += 1
            answer = question()
            if not isinstance(answer, Unavailable):
                return answer
            held = answer.retry_after is not None
            pause = self._policy.wait(attempt, answer.retry_after, self._senses.random)
            if pause is None:
                return answer
            self._on_retry(Retry(attempt, pause, answer.reason, held))
            if held:
                self._hold(pause)
            else:
                self._senses.rest(self._stop.event, pause)
        return None

    def _post(self, batch: Batch) -> Verdict:
        if batch.route == PROFILE_FIELDS:
            return self._listrak.update_profile_fields(batch.list_id, batch.body)
        return self._listrak.start_list_import(batch.list_id, batch.body)

    def _hold(self, seconds: float) -> None:
        """Hold back every sender for a pause that a reply asked for."""
        with self._lock:
            self._held_until = max(self._held_until, self._senses.clock() + seconds)

    def _may_send(self) -> bool:
        """Wait while senders are held back; say whether the run goes on."""
        while not self._stop.event.is_set():
            with self._lock:
                left = self._held_until - self._senses.clock()
            if left <= 0:
                return True
            self._senses.rest(self._stop.event, left)
        return False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pause of some seconds, after others, until so many imports are asked about again."""

    imports: int
    waited: float
    seconds: float


OnWait: TypeAlias = Callable[[Waiting], None]


def _ignore(_: object) -> None:
    """Tell nobody of a pause."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How batches are sent: how many at a time, how patiently, and by which routes.

    `on_retry` and `on_wait` are told of each pause before it begins, from any thread: before
    a request is sent again, and before imports are asked about again.
    """

    in_flight: int = 4
    fall_back: bool = True
    policy: RetryPolicy = PATIENT
    senses: Timing = field(default_factory=Timing)
    on_retry: OnRetry = _ignore
    on_wait: OnWait = _ignore
