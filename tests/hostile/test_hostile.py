"""The frame of the attacks counts what broke, and a round can be played again."""

from __future__ import annotations

import pytest

from listrak_sync.sandbox import Sandbox
from tests.hostile import invariants
from tests.hostile.__main__ import ATTACKS, table
from tests.hostile.attack import Attack, play
from tests.hostile.feeds import feed, push, set_up
from tests.hostile.ground import Ground
from tests.hostile.invariants import SECRET


def losing(ground: Ground) -> None:
    """Lose a value."""
    given = feed(ground.random, events=10)
    expected = set_up(ground, given)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        ground.run(*push(given), allowed={0})
        ground.check_values(sandbox.values(), expected)
        ground.check_values(sandbox.values(), given.before)


def test_a_loss_is_found() -> None:
    """A round in which a value is missing fails and says which one; the table counts it."""
    attack = Attack("process", "losing", 1, losing)
    outcome = play(attack, 0, 1)
    assert outcome is not None
    assert "@example.com: holds" in outcome.failure
    assert (outcome.runs, outcome.checks) == (2, 4)
    *_, last = table([attack], {"losing": [outcome]})
    assert last.split()[:2] == ["all", "1"]


def test_the_bound() -> None:
    """No round begins once the time is over."""
    assert play(ATTACKS["races"], 1, 1, until=0.0) is None


def test_a_round() -> None:
    """A round of an attack holds."""
    outcome = play(ATTACKS["races"], 1, 1)
    assert outcome is not None
    assert not outcome.failure
    assert outcome.faults == 2


@pytest.mark.parametrize(
    ("status", "shown"), [(1, ""), (-11, ""), (0, "Traceback (most"), (5, f"no {SECRET}")]
)
def test_what_never_holds(status: int, shown: str) -> None:
    """A bug's status, a crash, a traceback and a secret are failures."""
    with pytest.raises(AssertionError):
        invariants.check_end(status, shown)


def test_an_off_box_is_an_unset_one() -> None:
    """Where a run compares with Listrak, a box that is off is one that is not set."""
    assert invariants.switched_on({1: {"a": {2: "off", 3: "on"}}}) == {1: {"a": {3: "on"}}}
