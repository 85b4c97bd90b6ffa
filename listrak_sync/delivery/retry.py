"""How long to wait before a request is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


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
