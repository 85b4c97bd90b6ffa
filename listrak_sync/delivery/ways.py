"""How batches are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from listrak_sync.delivery.retry import PATIENT, RetryPolicy
from listrak_sync.delivery.sender import OnRetry, Senses


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
class Ways:
    """How batches are sent: how many at a time, how patiently, and by which routes.

    `on_retry` and `on_wait` are told of each pause before it begins, from any thread: before
    a request is sent again, and before imports are asked about again.
    """

    in_flight: int = 4
    fall_back: bool = True
    policy: RetryPolicy = PATIENT
    senses: Senses = field(default_factory=Senses)
    on_retry: OnRetry = _ignore
    on_wait: OnWait = _ignore
