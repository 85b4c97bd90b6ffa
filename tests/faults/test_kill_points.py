"""A push that is killed at any point and resumed leaves what an undisturbed one leaves."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.sandbox import Behaviour, Sandbox
from tests.faults.conftest import KILLED, Pushes
from tests.faults.inputs import (
    ACCOUNT,
    Inputs,
    Values,
    event,
    inputs,
    mapping,
    mapping_file,
    undisturbed,
)
from tests.faults.sandboxes import Holding
from tests.launcher import Call

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sync.sandbox.behaviour import RouteKind
    from tests.processes import Launcher

POISON = "poison@example.com"
JOURNAL = "listrak_sync.delivery.journal:Journal"
DELIVERY = "listrak_sync.delivery.delivery:Delivery"
REJECTS = "listrak_sync.report.rejects_file:RejectsFile"
API = "listrak_sync.listrak.api:Api"


@cache
def given() -> Inputs:
    """Return an input of several windows of several batches, with one poisoned contact."""
    made = inputs(Random(7), events=60, contacts=12)  # noqa: S311 - chance, not a secret
    poisoned = event(99, POISON, "vip", member=True, second=20, note="bad")
    lines = (*made.lines[:20], poisoned, *made.lines[20:])
    mappings = [
        mapping(1, "vip", 11, (1, 3), alone=False),
        mapping(2, "new", 12, (2, 3), alone=False),
        mapping(3, "old", 11, (1, 2), alone=True),
    ]
    return replace(made, lines=lines, mappings=mapping_file(mappings), window=6, batch=2)


def expected() -> Values:
    """Return what contacts hold after an undisturbed run, without the poisoned one."""
    values = undisturbed(given()).values
    return {
        list_id: {email: fields for email, fields in contacts.items() if email != POISON}
        for list_id, contacts in values.items()
    }


CALLS = [
    pytest.param(Call("before", 1, f"{API}.authenticate"), id="before the token"),
    pytest.param(Call("after", 1, f"{JOURNAL}.begin"), id="once the run is begun"),
    pytest.param(Call("before", 1, f"{JOURNAL}.plan"), id="before a window is planned"),
    pytest.param(Call("after", 1, f"{JOURNAL}.plan"), id="once a window is planned"),
    pytest.param(Call("before", 3, f"{API}.update_profile_fields"), id="before send"),
    pytest.param(Call("after", 3, f"{API}.update_profile_fields"), id="as the answer is there"),
    pytest.param(Call("before", 3, f"{JOURNAL}.answer"), id="after answer before journal"),
    pytest.param(Call("after", 3, f"{JOURNAL}.answer"), id="once the answer is written"),
    pytest.param(Call("before", 1, f"{JOURNAL}.divide"), id="before a batch is divided"),
    pytest.param(Call("after", 1, f"{JOURNAL}.divide"), id="once a batch is divided"),
    pytest.param(Call("before", 1, f"{REJECTS}.write"), id="before a reject is written"),
    pytest.param(Call("before", 3, f"{DELIVERY}._send_window"), id="between windows"),
    pytest.param(Call("before", 4, f"{JOURNAL}.plan"), id="with a window sent, one gathered"),
    pytest.param(Call("before", 1, f"{JOURNAL}.end"), id="when all is answered"),
]


@pytest.mark.parametrize("call", CALLS)
def test_killed_by_itself(tmp_path: Path, launcher: Launcher, call: Call) -> None:
    """Killed before or after a step of its own and resumed, contacts hold what they would."""
    pushes = Pushes(launcher, tmp_path, given())
    with Sandbox(ACCOUNT, Behaviour(poisoned=frozenset({POISON}))) as sandbox:
        pushes.reach(sandbox)
        assert pushes.push(kill=call).end() == KILLED
        pushes.finish()
        assert sandbox.values() == expected()
    assert POISON.encode() in pushes.rejects()


HELD: list[Any] = [
    pytest.param("token", 1, False, (), id="asking for a token"),
    pytest.param("profile-fields", 4, False, (), id="sent, not carried out"),
    pytest.param("profile-fields", 4, True, (), id="sent, carried out, not answered"),
    pytest.param("list-import", 4, False, ("--route", "list-import"), id="file, not imported"),
    pytest.param("list-import", 4, True, ("--route", "list-import"), id="file, imported"),
]


@pytest.mark.parametrize(("kind", "number", "applied", "options"), HELD)
def test_killed_without_an_answer(
    tmp_path: Path,
    launcher: Launcher,
    kind: RouteKind,
    number: int,
    options: tuple[str, ...],
    *,
    applied: bool,
) -> None:
    """Killed between a request and its answer and resumed, contacts hold what they would."""
    pushes = Pushes(launcher, tmp_path, given(), options=options)
    behaviour = Behaviour(poisoned=frozenset({POISON}))
    with Holding(ACCOUNT, behaviour, kind=kind, number=number, applied=applied) as sandbox:
        pushes.reach(sandbox)
        pushes.push().kill_at(sandbox.held)
        sandbox.let_go.set()
        pushes.finish()
        assert sandbox.values() == expected()
    assert POISON.encode() in pushes.rejects()


@pytest.mark.parametrize("call", [CALLS[i] for i in (2, 3, 4, 6)])
def test_killed_in_a_flush(tmp_path: Path, launcher: Launcher, call: Call) -> None:
    """Killed as a pipe is flushed: what the journal calls read is sent, the rest can be fed."""
    pushes = Pushes(launcher, tmp_path, given())
    with Sandbox(ACCOUNT) as sandbox:
        pushes.reach(sandbox)
        push = pushes.push("--flush-every", "0.2s", events="-", stdin=subprocess.PIPE, kill=call)
        assert push.process.stdin is not None
        push.process.stdin.writelines(f"{line}\n".encode() for line in given().lines[:4])
        push.process.stdin.flush()
        assert push.end() == KILLED
        (run,) = pushes.runs()
        assert run.position.line in {0, 4}
        (tmp_path / "rest.ndjson").write_text("\n".join(given().lines[run.position.line :]))
        pushes.finish()
        assert pushes.push(events="rest.ndjson").end() == 0
        assert sandbox.values() == undisturbed(given()).values


def flips(count: int) -> Inputs:
    """Return one contact that enters and leaves, each time in a window of its own."""
    lines = [
        event(number, "ann@example.com", "vip", member=bool(number % 2), second=number, note="")
        for number in range(count)
    ]
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=False)])
    return Inputs(tuple(lines), mappings, window=1, batch=1)


def first_is_slow(longest: float) -> Behaviour:
    """Return a behaviour that applies the first import long after those that follow it."""
    chance = 0.9
    seed = next(
        seed
        for seed in count()
        if (drawn := Random(seed)).random() > chance  # noqa: S311 - chance, not a secret
        and all(drawn.random() < 1 - chance for _ in range(3))
    )
    return Behaviour(resource_ids="one", import_jitter=longest, seed=seed)


def test_killed_while_newer_values_wait(tmp_path: Path, launcher: Launcher) -> None:
    """A run that was killed while it followed a window's imports waits for them when resumed."""
    pushes = Pushes(launcher, tmp_path, flips(4))
    with Holding(ACCOUNT, first_is_slow(4.0), kind="status", number=1) as sandbox:
        pushes.reach(sandbox)
        pushes.push().kill_at(sandbox.held)
        pushes.finish()
        sandbox.now = 1_000.0
        assert sandbox.values() == undisturbed(flips(4)).values


def test_killed_while_waiting_for_the_end(tmp_path: Path, launcher: Launcher) -> None:
    """Killed while --wait follows the last imports, nothing is left to do."""
    pushes = Pushes(launcher, tmp_path, flips(1))
    with Holding(
        ACCOUNT, Behaviour(resource_ids="one", import_delay=2.0), kind="status"
    ) as sandbox:
        pushes.reach(sandbox)
        pushes.push("--wait").kill_at(sandbox.held)
        assert pushes.is_finished()
        sandbox.now = 1_000.0
        assert sandbox.values() == undisturbed(flips(1)).values


@pytest.mark.parametrize("number", [3, 25])
def test_killed_with_processes_that_evaluate(
    tmp_path: Path, launcher: Launcher, number: int
) -> None:
    """Killed while other processes evaluate, the resumed run carries on from the same line."""
    random = Random(3)  # noqa: S311 - chance, not a secret
    lines = tuple(
        event(
            each,
            f"c{random.randrange(400)}@example.com",
            "vip",
            member=random.random() < 0.5,
            second=random.randrange(3_000),
            note=f"{each} " + "long " * 400,
        )
        for each in range(3_000)
    )
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=False)])
    large = Inputs(lines, mappings, window=100, batch=50)
    pushes = Pushes(launcher, tmp_path, large, ("--jobs", "2"))
    with Sandbox(ACCOUNT) as sandbox:
        pushes.reach(sandbox)
        assert pushes.push(kill=Call("after", number, f"{JOURNAL}.plan")).end() == KILLED
        pushes.finish()
        assert sandbox.values() == undisturbed(large).values
