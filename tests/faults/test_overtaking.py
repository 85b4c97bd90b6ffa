"""However late imports are applied and in whatever order, the last value wins."""

from __future__ import annotations

import msgspec
import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Route
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy
from listrak_sync.sandbox import Behaviour, Drop, Reply, Rule
from listrak_sync.sandbox.behaviour import RouteKind
from tests.delivery.conftest import StillTime
from tests.faults.conftest import IS_LONG
from tests.faults.inputs import ACCOUNT, Inputs, event, mapping, mapping_file, push_all
from tests.faults.sandboxes import Timed

FLIPS = 1000 if IS_LONG else 100
LATE: tuple[RouteKind, ...] = ("token", "profile-fields", "list-import", "status")
BEHAVIOUR = Behaviour(
    faults=(
        *(Rule(action=Drop(), route=route, probability=0.1) for route in LATE),
        *(Rule(action=Reply(status=502), route=route, probability=0.1) for route in LATE),
        Rule(
            action=Reply(status=429, headers={"Retry-After": "1"}), route="status", probability=0.1
        ),
    ),
    seed=11,
    token_uses=30,
    import_delay=0.1,
    import_jitter=2.0,
)


def flips(*, alone: bool) -> Inputs:
    """Return one contact that enters and leaves, with another value each time."""
    lines = [
        event(
            number, "ann@example.com", "vip", member=number % 2 > 0, second=number, note=str(number)
        )
        for number in range(FLIPS)
    ]
    mappings = mapping_file([mapping(1, "vip", 11, (1, 3), alone=alone)])
    return Inputs(tuple(lines), mappings, window=1_000 if alone else 1, batch=1)


@pytest.mark.parametrize("route", [PROFILE_FIELDS, LIST_IMPORT])
@pytest.mark.parametrize("alone", [False, True])
def test_the_last_value_wins(route: Route, *, alone: bool) -> None:
    """A contact that flips, window by window or one by one, ends as its last event says."""
    time = StillTime(chance=0.5)
    options = DeliveryOptions(4, policy=RetryPolicy(attempts=60), timing=time.timing())
    ids = "several" if route == LIST_IMPORT else "one"
    behaviour = msgspec.structs.replace(BEHAVIOUR, resource_ids=ids)
    with Timed(ACCOUNT, behaviour, lambda: time.now) as sandbox:
        pushed = push_all(flips(alone=alone), sandbox, options, route=route)
        time.now += 1_000.0
        values = sandbox.values()
    assert pushed.report.contacts == FLIPS
    last = FLIPS - 1
    assert values[11] == {"ann@example.com": {1: "on" if last % 2 else "off", 3: str(last)}}
