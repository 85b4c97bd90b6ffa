"""Is Listrak there, and does it let this integration in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import SystemRandom
from typing import Final, Protocol, TypeVar

from listrak_sync.delivery.outcomes import error_for
from listrak_sync.delivery.sending import BRIEF
from listrak_sync.listrak.verdicts import Failure, Unavailable

LONGEST_PAUSE: Final = 30.0
"""The longest pause, in seconds, that somebody who waits for an answer is asked to wait."""

_T = TypeVar("_T")


class Authenticating(Protocol):
    """What of Listrak's API gets a token."""

    def authenticate(self) -> Failure | None:
        """Get a token; return why there is none."""


def ask(question: Callable[[], _T | Failure]) -> _T | Failure:
    """Return the answer to a look-up, asked again a few times where the failure passes."""
    random, rest = SystemRandom().random, threading.Event().wait
    attempt = 0
    while True:
        attempt += 1
        answer = question()
        if not isinstance(answer, Unavailable):
            return answer
        pause = BRIEF.wait(attempt, answer.retry_after, random)
        if pause is None or pause > LONGEST_PAUSE:
            return answer
        rest(pause)


def check_access(api: Authenticating) -> None:
    """Get a token before anything is read. Raises what a refusal means."""
    failure = ask(api.authenticate)
    if failure is not None:
        raise error_for(failure)


def answered(answer: _T | Failure) -> _T:
    """Return an answer that is no failure. Raises what a failure means."""
    if isinstance(answer, Failure):
        raise error_for(answer)
    return answer
