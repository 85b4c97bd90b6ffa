"""With a third of the answers failing and everything else going wrong, only poison is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from math import ceil, log2
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Route
from listrak_sync.delivery.isolation import FEW
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy
from listrak_sync.events.rejects import RefusedContact
from listrak_sync.sandbox import Behaviour, Drop, Exchange, Reply, Rule, Sandbox
from tests.delivery.conftest import StillTime
from tests.faults.conftest import IS_LONG, TIMEOUT, Pushes
from tests.faults.inputs import (
    ACCOUNT,
    Inputs,
    Values,
    event,
    mapping,
    mapping_file,
    push_all,
    undisturbed,
)
from tests.faults.sandboxes import Timed

if TYPE_CHECKING:
    from listrak_sync.sandbox.behaviour import RouteKind
    from tests.processes import Launcher

CONTACTS = 6_000
POISON = "c4321@example.com"
BODY_LIMIT = 9_000
IN_FLIGHT = 4
TOKEN_USES = 50
ROUTES: tuple[RouteKind, ...] = ("token", "profile-fields", "list-import", "lookups", "status")
CLOSED = msgspec.structs.replace(ACCOUNT, beta_route=False)


def failing(share: float, pause: int) -> tuple[Rule, ...]:
    """Return rules by which this share of the answers of every route fails.

    A half is dropped, and half of those after the request was carried out; others ask for a pause
    of so many seconds.
    """
    left, rules = 1.0, []
    for action, part in (
        (Drop(), share / 4),
        (Drop("after"), share / 4),
        (Reply(status=503, body="<h1>Unavailable</h1>"), share / 4),
        (Reply(status=429, headers={"Retry-After": str(pause)}), share / 4),
    ):
        rules += [Rule(action=action, route=route, probability=part / left) for route in ROUTES]
        left -= part
    return tuple(rules)


def behaviour(pause: int) -> Behaviour:
    """Return everything that goes wrong at once."""
    return Behaviour(
        faults=failing(0.3, pause),
        seed=5,
        token_uses=TOKEN_USES,
        body_limit=BODY_LIMIT,
        body_limit_status=404,
        poisoned=frozenset({POISON}),
    )


@cache
def given() -> Inputs:
    """Return two events of each contact of a list, in one window and one batch."""
    random = Random(1)  # noqa: S311 - chance, not a secret
    numbers = [*range(CONTACTS), *range(CONTACTS)]
    random.shuffle(numbers)
    lines = [
        event(
            index,
            f"c{number}@example.com",
            "vip",
            member=random.random() < 0.5,
            second=index,
            note=f"note {index}",
        )
        for index, number in enumerate(numbers)
    ]
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=False)])
    return Inputs(tuple(lines), mappings, window=1_000_000, batch=10_000)


def expected() -> Values:
    """Return what contacts hold after an undisturbed run, minus exactly the poisoned one."""
    values = undisturbed(given()).values
    assert len(values[11]) == CONTACTS
    return {one: {k: v for k, v in held.items() if k != POISON} for one, held in values.items()}


def most_verdicts(files: int) -> int:
    """Return how many answers that tell something may be needed, for files of so many bytes.

    The beta route says no once to each sender, and a list is looked up once by each. A file
    too large is halved (in base64 it is a third longer, so that takes two steps at worst) until
    it passes, and what passes is at least half as long as what might. Isolation costs as much
    as the architecture allows for one contact of all.
    """
    encoded = files * 4 // 3
    halving = IN_FLIGHT * 2 * ceil(log2(encoded / BODY_LIMIT))
    passing = 2 * ceil(encoded / (BODY_LIMIT - 1_000))
    isolation = 2 * 1 * ceil(log2(CONTACTS)) + 10
    return 2 * IN_FLIGHT + halving + passing + isolation


def check_bounds(requests: tuple[Exchange, ...], files: int) -> None:
    """Check that no more was asked than is needed, and no failure cost more than one request."""
    asked = [one for one in requests if not one.path.endswith("/Token")]
    expired = [one for one in asked if one.status == 401]
    failed = [one for one in asked if one.status in {None, 503, 429}]
    verdicts = len(asked) - len(expired) - len(failed)
    assert verdicts <= most_verdicts(files)
    assert len(failed) <= 0.5 * len(asked)
    assert len(expired) <= IN_FLIGHT * (1 + len(asked) // TOKEN_USES)
    assert len(failed) > 20
    assert expired


def size_of_files(values: Values) -> int:
    """Return about how many bytes of files a list's contacts take."""
    cells = ((email, *fields.values()) for email, fields in values[11].items())
    return sum(sum(len(cell) + 3 for cell in row) + 1 for row in cells)


@pytest.mark.parametrize("batch", [10_000, 500])
def test_only_the_poisoned_one_is_missing(batch: int) -> None:
    """Contacts hold what they would, minus the poisoned one; requests stay within the bounds."""
    time = StillTime()
    options = DeliveryOptions(IN_FLIGHT, policy=RetryPolicy(attempts=30), timing=time.timing())
    with Timed(CLOSED, behaviour(2), lambda: time.now) as sandbox:
        pushed = push_all(replace(given(), batch=batch), sandbox, options)
        requests = sandbox.requests
    assert pushed.values == expected()
    check_bounds(requests, size_of_files(pushed.values))
    (reject,) = pushed.rejects
    assert isinstance(reject, RefusedContact)
    assert reject.update.email_address == POISON
    assert "ERROR_INVALID_PARAMETER" in reject.detail
    (report,) = pushed.report.lists.values()
    assert (report.accepted, report.refused, report.unsent) == (CONTACTS - 1, 1, 0)


@pytest.mark.skipif(not IS_LONG, reason="waits as long as the real policy does")
def test_a_process_goes_on_until_done(tmp_path: Path, launcher: Launcher) -> None:
    """The same as a process: where it gives up, resuming does the rest."""
    pushes = Pushes(launcher, tmp_path, replace(given(), batch=500))
    with Sandbox(CLOSED, behaviour(0)) as sandbox:
        pushes.reach(sandbox)
        assert pushes.push("--in-flight", "12").end() in {4, 5, 6}
        while not pushes.is_finished():
            assert pushes.resume().end() in {0, 4, 5, 6}
        assert sandbox.values() == expected()
    (reject,) = pushes.rejects().splitlines()
    assert POISON.encode() in reject


@pytest.mark.parametrize("status", [404, 413])
@pytest.mark.parametrize("route", [PROFILE_FIELDS, LIST_IMPORT])
@pytest.mark.parametrize("limit", [20, 600])
def test_too_little_room(route: Route, status: Literal[404, 413], limit: int) -> None:
    """Where hardly a contact fits, each is sent or refused, at two requests for each at most."""
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=False)])
    lines = [
        event(number, f"{number}@example.com", "vip", member=True, second=number, note="x" * number)
        for number in range(100)
    ]
    cramped = Behaviour(body_limit=limit, body_limit_status=status)
    with Sandbox(ACCOUNT, cramped) as sandbox:
        pushed = push_all(
            Inputs(tuple(lines), mappings, window=100, batch=100),
            sandbox,
            DeliveryOptions(1),
            route=route,
        )
        posts = [one for one in sandbox.requests if one.path.startswith("/email/v1/List/11/")]
    refused = 100 - len(pushed.values[11])
    few = min(refused, FEW) if limit == 20 else refused
    assert pushed.report.refused == +Counter(too_large=few, list_refused=refused - few)
    assert len(posts) <= (40 if limit == 20 else 200)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_reject_that_cannot_be_written(tmp_path: Path, launcher: Launcher) -> None:
    """A refused contact whose reject finds no room stays planned: it is told by the next run."""
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=False)])
    lines = [
        event(number, f"c{number}@example.com", "vip", member=True, second=number, note="")
        for number in (1, 4321, 2)
    ]
    pushes = Pushes(launcher, tmp_path, Inputs(tuple(lines), mappings))
    rejects = tmp_path / "r.ndjson"
    rejects.symlink_to("/dev/full")
    with Sandbox(ACCOUNT, Behaviour(poisoned=frozenset({POISON}))) as sandbox:
        pushes.reach(sandbox)
        process = pushes.push()
        process.process.wait(TIMEOUT)
        assert "No space left on device" in process.errors.read_text()
        rejects.unlink()
        pushes.finish()
        assert set(sandbox.values()[11]) == {"c1@example.com", "c2@example.com"}
    assert POISON.encode() in pushes.rejects()
