"""Scripted faults, in order, by route and by count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.sandbox import Behaviour, Delay, Drop, Reply, Rule
from listrak_sync.sandbox.faults import Faults, PlannedFault
from tests.sandbox.conftest import ACCOUNT, contact, error_of, routes_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Start

ONE = contact("ann@example.com", f789="on")
SET = {789: "on", 790: "Ulm"}
UNSET = {790: "Ulm"}


def with_faults(*rules: Rule, seed: int = 0) -> Behaviour:
    """Build a behaviour of these rules alone."""
    return Behaviour(faults=rules, seed=seed)


def ends(faults: Faults, count: int) -> list[int | None]:
    """Return the status scripted for each of so many requests."""
    plans = [faults.plan("lookups") for _ in range(count)]
    return [plan.end.status if isinstance(plan.end, Reply) else None for plan in plans]


def test_in_order() -> None:
    """A reply of one rule hides the request from the rules after it."""
    behaviour = with_faults(
        Rule(action=Reply(status=503), times=2),
        Rule(action=Reply(status=429), after=1, times=1),
    )
    assert ends(Faults(behaviour), 6) == [503, 503, None, 429, None, None]


def test_by_route() -> None:
    """A rule acts on its route, and `any` on every address, known or not."""
    faults = Faults(with_faults(Rule(route="token", action=Drop())))
    assert [faults.plan(kind).end for kind in ("token", "status", None)] == [Drop(), None, None]
    assert Faults(with_faults(Rule(action=Drop()))).plan(None).end == Drop()


def test_delays_add_up() -> None:
    """Delays add up until a rule ends the request."""
    behaviour = with_faults(
        Rule(action=Delay(1)), Rule(action=Delay(2)), Rule(action=Drop()), Rule(action=Delay(4))
    )
    assert Faults(behaviour).plan("token") == PlannedFault(3, Drop())


@given(st.integers(), st.floats(0, 1))
def test_chance_is_seeded(seed: int, probability: float) -> None:
    """The same seed gives the same faults; 0 is never and 1 always."""
    behaviour = with_faults(Rule(action=Reply(status=503), probability=probability), seed=seed)
    first = ends(Faults(behaviour), 30)
    assert first == ends(Faults(behaviour), 30)
    if probability in (0, 1):
        assert set(first) == {503 if probability else None}


def test_reply_error(start: Start) -> None:
    """A scripted error comes with its headers, and the request is not applied."""
    reply = Reply(status=429, error="ERROR_SLOW", message="Slow.", headers={"Retry-After": "2"})
    caller = start(behaviour=with_faults(Rule(route="profile-fields", action=reply, times=1)))
    answer = caller.push(ONE)
    assert error_of(answer) == (429, "ERROR_SLOW")
    assert answer.headers["Retry-After"] == "2"
    assert caller.sandbox.values()[12345]["ann@example.com"] == UNSET
    assert caller.push(ONE).status_code == 201


@pytest.mark.parametrize(
    ("reply", "body", "kind"),
    [
        (Reply(status=502, body="<h1>Bad</h1>"), b"<h1>Bad</h1>", "text/html; charset=utf-8"),
        (Reply(status=502, body="x", headers={"Content-Type": "text/x"}), b"x", "text/x"),
        (Reply(status=500), b"", None),
        (Reply(status=599, body=""), b"", "text/html; charset=utf-8"),
    ],
)
def test_reply_body(start: Start, reply: Reply, body: bytes, kind: str | None) -> None:
    """A scripted body goes out as it is: HTML, another type, or nothing at all."""
    caller = start(behaviour=with_faults(Rule(route="lookups", action=reply)))
    answer = caller.get("/List")
    assert (answer.status_code, answer.content) == (reply.status, body)
    assert answer.headers.get("Content-Type") == kind


def test_reply_after_applying(start: Start) -> None:
    """A gateway may fail after the request has been applied."""
    reply = Reply(status=504, when="after")
    caller = start(behaviour=with_faults(Rule(route="profile-fields", action=reply)))
    assert caller.push(ONE).status_code == 504
    assert caller.sandbox.values()[12345]["ann@example.com"] == SET


@pytest.mark.parametrize(("drop", "held"), [(Drop(), UNSET), (Drop("after"), SET)])
def test_drop(start: Start, drop: Drop, held: dict[int, str]) -> None:
    """A dropped request has no answer, and was applied or not as scripted."""
    caller = start(behaviour=with_faults(Rule(route="profile-fields", action=drop, times=1)))
    with pytest.raises(httpx.RemoteProtocolError):
        caller.push(ONE)
    assert caller.sandbox.values()[12345]["ann@example.com"] == held
    assert routes_of(caller.sandbox.requests)[-1][1] is None
    assert caller.push(ONE).status_code == 201


def test_delay(start: Start) -> None:
    """A delayed request is answered later, but truly."""
    caller = start(behaviour=with_faults(Rule(route="lookups", action=Delay(0.1))))
    begin = time.monotonic()
    assert caller.get("/List").status_code == 200
    assert time.monotonic() - begin >= 0.1


def test_stall_ends_with_the_sandbox(start: Start) -> None:
    """A delay beyond the caller's patience is a time-out, and does not hold up the sandbox."""
    caller = start(ACCOUNT, with_faults(Rule(route="lookups", action=Delay(3600))))
    with pytest.raises(httpx.ReadTimeout):
        caller.client.get(caller.sandbox.api_url + "/List", timeout=httpx.Timeout(60, read=0.1))


def test_any_route(start: Start) -> None:
    """The token address meets faults too."""
    caller = start(behaviour=with_faults(Rule(action=Reply(status=500), times=1)), sign_in=False)
    assert [caller.token().status_code for _ in range(2)] == [500, 200]
