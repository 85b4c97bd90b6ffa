"""How batches are sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from listrak_sync.delivery.retry import PATIENT, RetryPolicy
from listrak_sync.delivery.sender import OnRetry, Retry, Senses


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
