"""How long to wait, as a function of nothing but its arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.delivery.retry import BRIEF, PATIENT, RetryPolicy

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
    """There is an end to attempts; before it, a pause asked for wins over the back-off."""
    wait = policy.wait(attempt, retry_after, lambda: chance)
    if attempt >= policy.attempts:
        assert wait is None
    elif retry_after is not None:
        assert wait == retry_after
    else:
        assert wait is not None
        assert 0 <= wait <= min(policy.longest, policy.first * 2 ** (attempt - 1))


def test_full_jitter() -> None:
    """The back-off doubles to its longest, and chance takes any part of it."""
    policy = RetryPolicy(attempts=6, first=1, longest=5)
    for chance in (0.0, 0.5, 1.0):
        waits = [policy.wait(attempt, None, lambda: chance) for attempt in range(1, 7)]  # noqa: B023
        assert waits == [1 * chance, 2 * chance, 4 * chance, 5 * chance, 5 * chance, None]


def test_chance_is_left_alone() -> None:
    """Where the wait is known, chance is not asked."""

    def chance() -> float:
        raise AssertionError

    assert RetryPolicy().wait(1, 3.0, chance) == 3.0
    assert RetryPolicy(attempts=1).wait(1, None, chance) is None


@pytest.mark.parametrize(("policy", "most"), [(PATIENT, 65), (BRIEF, 2)])
def test_documented_patience(policy: RetryPolicy, most: float) -> None:
    """Batches are given up after about a minute at most; somebody who waits, after seconds."""
    waits = [policy.wait(attempt, None, lambda: 1.0) for attempt in range(1, policy.attempts)]
    assert sum(wait for wait in waits if wait is not None) <= most
    assert None not in waits
    assert policy.wait(policy.attempts, None, lambda: 1.0) is None
