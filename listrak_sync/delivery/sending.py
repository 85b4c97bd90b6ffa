"""How Listrak is asked: options, timing, and the one loop that asks again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final, Protocol, TypeAlias, TypeVar

from listrak_sync.delivery.stop import Stop
from listrak_sync.listrak.verdicts import Failure, Unavailable, Verdict
from listrak_sync.progress import OnProgress

_T = TypeVar("_T")

_DOUBLINGS: Final = 60
"""How often the back-off doubles at most: far beyond its longest, and within a float."""


class Listrak(Protocol):
    """The part of Listrak's API that a delivery needs."""

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:
        """Start imports that set profile fields."""

    def start_list_import(self, list_id: int, body: bytes) -> Verdict:
        """Start the import of a file."""

    def list(self, list_id: int) -> object | Failure:
        """Return a list, or why we cannot have it."""

    def import_finished(self, list_id: int, import_id: int) -> bool | Failure:
        """Say whether an import has ended."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter: times in seconds, `attempts` with the first.

    A question is given up after so many attempts, but not before `seconds` have passed since the
    first; and where Listrak asks for a pause of more than `most`.
    """

    attempts: int = 8
    seconds: float = 0.0
    first: float = 0.5
    longest: float = 60.0
    most: float = float("inf")

    def wait(
        self,
        attempt: int,
        retry_after: float | None,
        random: Callable[[], float],
        elapsed: float = 0.0,
    ) -> float | None:
        """Return the seconds to wait after a failed attempt (from 1), None to give up.

        A pause that the reply asked for is kept, and never shortens the back-off. `random`
        returns a number from 0 to 1; `elapsed` is in seconds since the first attempt.
        """
        left = self.seconds - elapsed
        if attempt >= self.attempts and left <= 0:
            return None
        # Full jitter: threads that failed together must not ask again together.
        back_off = random() * min(self.longest, self.first * 2.0 ** min(attempt - 1, _DOUBLINGS))
        if left > 0:  # the last attempt is made when the time is over, not long after it
            back_off = min(back_off, left)
        pause = max(retry_after or 0.0, back_off)
        return pause if pause <= self.most else None


RETRY_SECONDS: Final = 60.0
"""For how long a batch is tried, unless `--retry-for` says otherwise."""

PATIENT = RetryPolicy(attempts=3, seconds=RETRY_SECONDS)
"""For batches: gives up after a minute, and after three attempts at least."""

BRIEF = RetryPolicy(attempts=3, most=30.0)
"""For the first contact, and for people who wait for an answer."""


@dataclass
class Timing:
    """The clock, chance and rest that sending depends on; tests give others.

    `rest` waits for a number of seconds, or until the delivery is stopped.
    """

    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = field(default_factory=lambda: SystemRandom().random)
    rest: Callable[[threading.Event, float], object] = threading.Event.wait


@dataclass(frozen=True, slots=True)
class Retry:
    """A failed attempt (from 1), the seconds until the next one, and why it failed.

    With `held`, Listrak asked for the pause, which holds every sender.
    """

    attempt: int
    seconds: float
    reason: str
    held: bool


OnRetry: TypeAlias = Callable[[Retry], None]


def ignore(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How batches are sent: how many at a time, how patiently, and by which routes.

    `on_retry` is called from any thread, before the pause after which a request is sent again,
    `on_progress` while imports and contacts are waited for or lists are read.
    """

    in_flight: int = 4
    fall_back: bool = True
    policy: RetryPolicy = PATIENT
    timing: Timing = field(default_factory=Timing)
    on_retry: OnRetry = ignore
    on_progress: OnProgress = ignore


class UnansweredError(Exception):
    """The run was stopped before a question had an answer."""


class Retrying:
    """Asks questions for all threads: retries passing failures, and holds every thread in a pause.

    Without a stop of the run's, it asks until there is an answer.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        stop: Stop | None = None,
        timing: Timing | None = None,
        on_retry: OnRetry = ignore,
    ) -> None:
        self._policy = policy
        self._stop = stop or Stop()
        self._timing = timing or Timing()
        self._on_retry = on_retry
        self._lock = threading.Lock()
        self._held_until = 0.0

    def ask(self, question: Callable[[], _T]) -> _T:
        """Return the answer to a question. Raises UnansweredError where the run is stopped."""
        attempt, started = 0, self._timing.clock()
        while True:
            self._wait_while_held()
            attempt += 1
            answer = question()
            if not isinstance(answer, Unavailable):
                return answer
            elapsed = self._timing.clock() - started
            pause = self._policy.wait(attempt, answer.retry_after, self._timing.random, elapsed)
            if pause is None:
                return answer
            held = answer.retry_after is not None
            self._on_retry(Retry(attempt, pause, answer.reason, held))
            if held:
                self._hold(pause)
            else:
                self._timing.rest(self._stop.event, pause)

    def _hold(self, seconds: float) -> None:
        """Hold back every thread for a pause that a reply asked for."""
        with self._lock:
            self._held_until = max(self._held_until, self._timing.clock() + seconds)

    def _wait_while_held(self) -> None:
        """Return when threads are held back no longer. Raises UnansweredError."""
        while not self._stop.event.is_set():
            with self._lock:
                left = self._held_until - self._timing.clock()
            if left <= 0:
                return
            self._timing.rest(self._stop.event, left)
        raise UnansweredError


def look_up(question: Callable[[], _T | Failure]) -> _T | Failure:
    """Return the answer to a look-up; ask again a few times where the failure passes."""
    return Retrying(BRIEF).ask(question)
