"""How long to wait, as a function of nothing but its arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.delivery.sending import BRIEF, PATIENT, RetryPolicy

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


@pytest.mark.parametrize(("policy", "most"), [(PATIENT, 65), (BRIEF, 2)])
def test_documented_patience(policy: RetryPolicy, most: float) -> None:
    """Batches are given up after about a minute at most; somebody who waits, after seconds."""
    waits = [policy.wait(attempt, None, lambda: 1.0) for attempt in range(1, policy.attempts)]
    assert sum(wait for wait in waits if wait is not None) <= most
    assert None not in waits
    assert policy.wait(policy.attempts, None, lambda: 1.0) is None
