"""The first contact: asked a few times, then told what it means."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from listrak_sync.delivery import access
from listrak_sync.delivery.access import answered, ask, check_access
from listrak_sync.delivery.outcomes import ACCESS_HINT
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import (
    BetaClosed,
    Denied,
    Failure,
    NotFound,
    Redirected,
    Refused,
    Unavailable,
    Unexpected,
)


class Answers:
    """Gives answers in order, the last for ever, and counts the questions."""

    def __init__(self, *answers: Failure | None) -> None:
        self.answers = answers
        self.asked = 0

    def authenticate(self) -> Failure | None:
        """Give the next answer."""
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


PASSING = Unavailable("HTTP 503", 0.0)


def test_asked_again() -> None:
    """A passing failure is asked about again, twice at most."""
    answers = Answers(PASSING, None)
    assert ask(answers.authenticate) is None
    assert answers.asked == 2
    answers = Answers(PASSING)
    assert ask(answers.authenticate) == PASSING
    assert answers.asked == 3


def test_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pause asked for, the questions are spread by the brief policy."""
    waited: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda _, seconds: waited.append(seconds))
    ask(Answers(Unavailable("no connection")).authenticate)
    assert len(waited) == 2
    assert 0 <= waited[0] <= 0.5
    assert 0 <= waited[1] <= 1.0


def test_long_pause() -> None:
    """Nobody who waits for an answer is kept waiting for a long pause."""
    answers = Answers(Unavailable("HTTP 429", access.LONGEST_PAUSE + 1))
    assert isinstance(ask(answers.authenticate), Unavailable)
    assert answers.asked == 1


@pytest.mark.parametrize(
    ("failure", "error", "hint"),
    [
        (Denied("ERROR_UNAUTHORIZED", "No."), AccessRefusedError, ACCESS_HINT),
        (BetaClosed("ERROR_BETA_ROUTE", "No."), AccessRefusedError, "--route"),
        (PASSING, UnreachableError, "network"),
        (Redirected("HTTP 302", "No."), UnreachableError, "--api-url"),
        (Unexpected("HTTP 405", "No."), ListrakSyncError, "report"),
        (Refused("ERROR_X", "No."), ListrakSyncError, ""),
        (NotFound("ERROR_X", "No."), ListrakSyncError, ""),
    ],
)
def test_what_a_failure_means(failure: Failure, error: type[ListrakSyncError], hint: str) -> None:
    """A failure ends the run with its kind of error, what was said, and what to do."""
    raisers: tuple[Callable[[], object], ...] = (
        lambda: check_access(Answers(failure)),
        lambda: answered(failure),
    )
    for raising in raisers:
        with pytest.raises(ListrakSyncError) as caught:
            raising()
        assert type(caught.value) is error
        assert (failure.reason if isinstance(failure, Unavailable) else "No.") in str(caught.value)
        assert hint in caught.value.hint


def test_access_hint() -> None:
    """Where access is refused, every possible cause is listed."""
    for cause in ("secret", "inactive", "paused", "IP address", "area", "auth test"):
        assert cause in ACCESS_HINT


def test_no_failure() -> None:
    """An answer that is none of the failures is handed on."""
    check_access(Answers(None))
    assert answered(("a", "b")) == ("a", "b")
