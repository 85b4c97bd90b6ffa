"""Whatever passing faults a run meets, contacts hold what they would, and all is answered for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Route
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy
from listrak_sync.events.rejects import RefusedContact, encode
from listrak_sync.sandbox import Behaviour, Drop, Reply, Rule, Sandbox
from listrak_sync.sandbox.behaviour import Action, RouteKind, When
from tests.delivery.conftest import StillTime
from tests.faults.conftest import IS_LONG
from tests.faults.inputs import (
    ACCOUNT,
    FIELDS,
    KEYS,
    LISTS,
    PIECES,
    Inputs,
    event,
    mapping,
    mapping_file,
    push_all,
    push_until_done,
    undisturbed,
)
from tests.faults.sandboxes import Timed

CONTACTS = tuple(f"c{number}@example.com" for number in range(6))


@dataclass(frozen=True)
class Script:
    """How an input is sent, and what goes wrong."""

    inputs: Inputs
    behaviour: Behaviour
    route: Route = PROFILE_FIELDS
    in_flight: int = 1
    beta_route: bool = True
    journalled: bool = False


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([*CONTACTS, CONTACTS[0].title()]),
        st.sampled_from(KEYS),
        st.booleans(),
        st.integers(0, 30),
        st.sampled_from(PIECES),
    ),
    min_size=1,
    max_size=40,
)
MAPPINGS = st.tuples(
    *(
        st.tuples(
            st.just(key),
            st.sampled_from(LISTS),
            st.permutations(FIELDS),
            st.sampled_from([False, False, True]),
        )
        for key in KEYS
    )
)


@st.composite
def inputs(draw: st.DrawFn) -> Inputs:
    """Return events of a few contacts, and a mapping for each audience."""
    lines = tuple(
        event(number, email, key, member=member, second=second, note=piece and f"{piece}{number}")
        for number, (email, key, member, second, piece) in enumerate(draw(EVENTS))
    )
    mappings = [
        mapping(number, key, list_id, fields, alone=alone)
        for number, (key, list_id, fields, alone) in enumerate(draw(MAPPINGS))
    ]
    return Inputs(
        lines,
        mapping_file(mappings),
        window=draw(st.sampled_from([1, 3, 10, 1000])),
        batch=draw(st.integers(1, 8)),
        by_timestamp=draw(st.booleans()),
    )


@st.composite
def rules(draw: st.DrawFn, *, is_late: bool) -> Rule:
    """Return a fault that passes.

    An import whose id was lost cannot be followed: where imports are late, nothing is lost
    after it was carried out.
    """
    when: When = "before" if is_late else draw(st.sampled_from(get_args(When)))
    actions: tuple[Action, ...] = (
        Drop(when),
        Reply(status=503, when=when),
        Reply(status=500, when=when, body="<h1>Error</h1>"),
        Reply(status=200, when=when, body="<h1>Sign in</h1>"),
        Reply(status=429, headers={"Retry-After": "7"}),
    )
    return Rule(
        action=draw(st.sampled_from(actions)),
        route=draw(st.sampled_from(("any", *get_args(RouteKind)))),
        after=draw(st.integers(0, 10)),
        times=draw(st.none() | st.integers(1, 5)),
        probability=draw(st.sampled_from((0.1, 0.3, 0.5))),
    )


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Return an input, a way to send it and faults to meet."""
    is_late = draw(st.booleans())
    ids = ("one", "several") if is_late else ("one", "several", "empty")
    by_file = draw(st.booleans())
    behaviour = Behaviour(
        faults=tuple(draw(st.lists(rules(is_late=is_late), max_size=4))),
        seed=draw(st.integers(0, 99)),
        token_uses=draw(st.sampled_from((None, 25))),
        import_delay=draw(st.sampled_from((0.0, 20.0))) if is_late else 0.0,
        import_jitter=100.0 if is_late else 0.0,
        resource_ids=draw(st.sampled_from(ids)),
        body_limit=draw(st.sampled_from((250_000_000, 1_000 if by_file else 400))),
        body_limit_status=draw(st.sampled_from((404, 413))),
        poisoned=draw(st.frozensets(st.sampled_from(CONTACTS), max_size=2)),
    )
    closed = draw(st.booleans())
    return Script(
        draw(inputs()),
        behaviour,
        LIST_IMPORT if by_file and not closed else PROFILE_FIELDS,
        draw(st.sampled_from((1, 4))),
        beta_route=not (by_file and closed),
        journalled=draw(st.sampled_from((False, False, True))),
    )


@given(scripts())
@settings(max_examples=600 if IS_LONG else 30)
def test_any_script(script: Script) -> None:
    """Contacts hold what they would, but for refused ones, and those can be fed back."""
    time = StillTime(chance=0.5)
    account = msgspec.structs.replace(ACCOUNT, beta_route=script.beta_route)
    options = DeliveryOptions(
        script.in_flight, policy=RetryPolicy(attempts=60), timing=time.timing()
    )
    more: dict[str, Any] = {"route": script.route, "journalled": script.journalled}
    whole = undisturbed(script.inputs)
    with Timed(account, script.behaviour, lambda: time.now) as sandbox:
        pushed = push_all(script.inputs, sandbox, options, **more)
        time.now += 1_000.0
        values = sandbox.values()
    assert pushed.answers() == whole.answers()
    assert pushed.report.contacts == whole.report.contacts == whole.answers().total()
    refused = [one for one in pushed.rejects if isinstance(one, RefusedContact)]
    assert pushed.report.refused.total() == len(refused) == len(pushed.rejects)
    touched = {(one.update.list_id, one.update.email_address.lower()) for one in refused}
    for list_id, contacts in whole.values.items():
        for email, fields in contacts.items():
            if (list_id, email) not in touched:
                assert values[list_id][email] == fields
            elif email in script.behaviour.poisoned:
                assert email not in values[list_id]
    if refused:
        again = replace(script.inputs, lines=tuple(encode(one).decode() for one in refused))
        with Sandbox(ACCOUNT) as second:
            fed = push_all(again, second, DeliveryOptions(1))
        for list_id, contacts in fed.values.items():
            for email, fields in contacts.items():
                values[list_id].setdefault(email, {}).update(fields)
    assert values == whole.values


OFTEN = tuple(
    Rule(action=action, route=route, probability=0.3)
    for action in (Drop(), Reply(status=503))
    for route in get_args(RouteKind)
)


@given(scripts(), st.integers(1, 3))
@settings(max_examples=200 if IS_LONG else 15)
def test_giving_up_and_resuming(script: Script, attempts: int) -> None:
    """A run that gives up whenever a few attempts fail comes, resumed, to the same values.

    Windows end where a run does, so the order is that of the input, whatever the windows are.
    """
    time = StillTime(chance=0.5)
    account = msgspec.structs.replace(ACCOUNT, beta_route=script.beta_route)
    faults = (*script.behaviour.faults, *OFTEN)
    behaviour = msgspec.structs.replace(script.behaviour, poisoned=frozenset(), faults=faults)
    inputs = replace(script.inputs, by_timestamp=False)
    policy = RetryPolicy(attempts=attempts)
    options = DeliveryOptions(script.in_flight, policy=policy, timing=time.timing())
    with Timed(account, behaviour, lambda: time.now) as sandbox:
        push_until_done(inputs, sandbox, options, route=script.route)
        time.now += 1_000.0
        assert sandbox.values() == undisturbed(inputs).values
