"""A push that is killed again and again at random moments leaves what an undisturbed one leaves."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from listrak_sync.sandbox import Behaviour, Drop, Reply, Rule, Sandbox
from tests.faults.conftest import IS_LONG, KILLED, TIMEOUT, Push, Pushes
from tests.faults.inputs import ACCOUNT, inputs, undisturbed

if TYPE_CHECKING:
    from listrak_sync.sandbox.behaviour import Action, RouteKind
    from tests.processes import Launcher

ROUNDS = 120 if IS_LONG else 10
"""How many rounds there are in a long check, and for how long a short one goes on."""

ONLY = "LISTRAK_SYNC_ROUND"
"""The environment variable that names the one round to repeat."""

KILLS = 8


def behaviour(random: Random, smallest: int) -> Behaviour:
    """Return random passing faults, before and after the request is carried out.

    There are fewer than a sender's attempts, so that no run gives up once it has begun to send.
    `smallest` is the smallest limit of a body that lets every contact through alone, in bytes.
    """
    actions: list[Action] = [
        Drop(),
        Drop("after"),
        Reply(status=503),
        Reply(status=500, when="after", body="<html>"),
        Reply(status=429, headers={"Retry-After": "0"}),
    ]
    routes: list[RouteKind] = ["token", "profile-fields", "list-import", "lookups", "status"]
    rules = tuple(
        Rule(
            action=random.choice(actions),
            route=random.choice(routes),
            after=random.randrange(6),
            times=random.randint(1, 2),
            probability=random.choice((0.1, 1.0)),
        )
        for _ in range(random.randrange(4))
    )
    return Behaviour(
        faults=rules,
        seed=random.randrange(1000),
        token_uses=random.choice((None, 20)),
        resource_ids=random.choice(("one", "several", "empty")),
        body_limit=random.choice((250_000_000, smallest)),
        body_limit_status=random.choice((404, 413)),
    )


def options(random: Random) -> tuple[str, ...]:
    """Return a random way of sending."""
    return (
        *("--in-flight", str(random.choice((1, 2, 4)))),
        *("--route", random.choice(("auto", "auto", "profile-fields", "list-import"))),
        *random.choice(((), ("--wait",))),
    )


def kill_at_random(process: Push, sandbox: Sandbox, random: Random) -> None:
    """Kill a process a moment after some number of requests, if it has not ended by then."""
    target = len(sandbox.requests) + random.choice((0, 1, 2, random.randrange(60)))
    end = time.monotonic() + TIMEOUT
    while len(sandbox.requests) < target and process.is_running():
        assert time.monotonic() < end
        time.sleep(0.001)
    time.sleep(random.choice((0.0, random.uniform(0.0, 0.01), random.uniform(0.0, 0.2))))
    process.kill()


def one_round(seed: int, launcher: Launcher, folder: Path) -> int:
    """Push, kill and resume until all is done; return how often it was killed."""
    random = Random(seed)  # noqa: S311 - chance, not a secret
    is_small = random.random() < 0.7
    given = inputs(
        random,
        events=random.randrange(1, 40 if is_small else 300),
        contacts=random.choice((1, 4, 30)),
        in_order=random.random() < 0.5,
    )
    way = options(random)
    faults = behaviour(random, 350 if "profile-fields" in way else 900)
    account = ACCOUNT
    if "auto" in way and random.random() < 0.4:
        account = msgspec.structs.replace(ACCOUNT, beta_route=False)
    killed = 0
    pushes = Pushes(launcher, folder, given, way)
    with Sandbox(account, faults) as sandbox:
        pushes.reach(sandbox)
        while not pushes.is_finished():
            process = pushes.resume() if pushes.runs() else pushes.push()
            if killed < KILLS:
                kill_at_random(process, sandbox, random)
            status = process.end()
            killed += status == KILLED
            script = f"{way} {faults} window {given.window} batch {given.batch}"
            assert status in {0, 5, KILLED}, f"{status} {script}\n{process.errors.read_text()}"
        assert sandbox.values() == undisturbed(given).values, script
    return killed


def test_killed_at_random(launcher: Launcher) -> None:
    """Killed at random moments and resumed until all is done, contacts hold what they would."""
    only = os.environ.get(ONLY)
    seeds = range(ROUNDS) if only is None else [int(only)]
    rounds = kills = 0
    for seed in seeds:
        with TemporaryDirectory() as folder:
            try:
                kills += one_round(seed, launcher, Path(folder))
            except AssertionError as error:
                raise AssertionError(f"repeat it with {ONLY}={seed}") from error
        rounds += 1
    print(f"{rounds} rounds, {kills} kills")
    assert kills or only
