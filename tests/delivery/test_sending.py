"""How long to wait before a question is asked again, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.delivery.sending import (
    BRIEF,
    PATIENT,
    Retrying,
    RetryPolicy,
    Timing,
    UnansweredError,
    look_up,
)
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import InterruptedRunError
from listrak_sync.listrak.verdicts import Failure, Unavailable
from tests.delivery.conftest import StillTime

PASSING = Unavailable("HTTP 503", 0.0)


class Answers:
    """Gives answers in order, the last for ever, and counts the questions."""

    def __init__(self, *answers: Failure | str) -> None:
        self.answers = answers
        self.asked = 0

    def __call__(self) -> Failure | str:
        """Give the next answer."""
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


policies = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 50),
    first=st.floats(0.01, 10),
    longest=st.floats(0.01, 100),
)


@given(policies, st.integers(1, 60), st.none() | st.floats(0, 3600), st.floats(0, 1))
def test_bounds(
    policy: RetryPolicy, attempt: int, retry_after: float | None, chance: float
) -> None:
    """There is an end to attempts; before it, the back-off, and no less than is asked for."""
    wait = policy.wait(attempt, retry_after, lambda: chance)
    if attempt >= policy.attempts:
        assert wait is None
    else:
        back_off = chance * min(policy.longest, policy.first * 2 ** (attempt - 1))
        assert wait == max(retry_after or 0, back_off)


def test_full_jitter() -> None:
    """The back-off doubles to its longest, and chance takes any part of it."""
    policy = RetryPolicy(attempts=6, first=1, longest=5)
    for chance in (0.0, 0.5, 1.0):
        waits = [policy.wait(attempt, None, lambda: chance) for attempt in range(1, 7)]  # noqa: B023
        assert waits == [1 * chance, 2 * chance, 4 * chance, 5 * chance, 5 * chance, None]


def test_no_pause_asked_for() -> None:
    """A reply that asks for no pause at all does not use up the attempts at once."""
    waits = [RetryPolicy().wait(attempt, 0.0, lambda: 1.0) for attempt in range(1, 8)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32]


def test_documented_patience() -> None:
    """Batches are tried for a minute, and three times at least, however long each takes."""
    for seconds in (0.0, 59.9):
        assert PATIENT.wait(8, None, lambda: 1.0, seconds) is not None
    assert PATIENT.wait(59, None, lambda: 1.0, 59.0) == 1.0
    assert PATIENT.wait(2, None, lambda: 1.0, 1000.0) == 1.0
    assert PATIENT.wait(3, None, lambda: 1.0, 60.0) is None


def test_documented_haste() -> None:
    """Somebody who waits for an answer is told after seconds."""
    waits = [BRIEF.wait(attempt, None, lambda: 1.0) for attempt in (1, 2, 3)]
    assert waits == [0.5, 1.0, None]


@given(st.floats(0.1, 1e6), st.floats(0, 1), st.none() | st.floats(0, 300))
def test_a_time_to_try(seconds: float, chance: float, retry_after: float | None) -> None:
    """A question is asked until its time is over: then once more, and never long after it."""
    policy, elapsed, attempt = RetryPolicy(attempts=1, seconds=seconds), 0.0, 1
    while attempt < 500:
        pause = policy.wait(attempt, retry_after, lambda: chance, elapsed)
        if pause is None:
            assert elapsed >= seconds
            break
        assert elapsed < seconds
        assert elapsed + pause <= seconds * 1.000001 + (retry_after or 0)
        elapsed, attempt = elapsed + pause, attempt + 1
    assert policy.wait(10**6, None, lambda: 1.0, 0.0) is not None


def test_asked_again() -> None:
    """A look-up whose failure passes is asked again, twice at most."""
    answers = Answers(PASSING, "found")
    assert look_up(answers) == "found"
    assert answers.asked == 2
    answers = Answers(PASSING)
    assert look_up(answers) == PASSING
    assert answers.asked == 3


def test_back_off() -> None:
    """Where no pause is asked for, the questions are spread by the policy."""
    time = StillTime()
    Retrying(BRIEF, timing=time.timing()).ask(Answers(Unavailable("no connection")))
    assert time.rests == [0.5, 1.0]


def test_long_pause() -> None:
    """Nobody who waits for an answer is kept waiting for a long pause."""
    answers = Answers(Unavailable("HTTP 429", BRIEF.most + 1))
    assert isinstance(look_up(answers), Unavailable)
    assert answers.asked == 1


def test_stopped_while_resting() -> None:
    """A question is not asked again once the run is stopped: it has no answer."""
    stop, answers = Stop(), Answers(Unavailable("no connection"))
    timing = Timing(rest=lambda *_: stop.because(InterruptedRunError(2)))
    with pytest.raises(UnansweredError):
        Retrying(PATIENT, stop, timing).ask(answers)
    assert answers.asked == 1
