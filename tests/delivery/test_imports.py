"""Imports are asked about until they have ended, and newer values wait for that."""

from __future__ import annotations

import json
import threading
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Limits, Route, batches
from listrak_sync.delivery.delivery import BARRIER_PATIENCE, Delivery, Phase
from listrak_sync.delivery.imports import Followed, follow
from listrak_sync.delivery.polling import FIRST_PAUSE, LONGEST_PAUSE
from listrak_sync.delivery.sending import DeliveryOptions, Timing
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import InterruptedRunError, UnreachableError
from listrak_sync.input.sources import expand
from listrak_sync.mapping.file import parse
from listrak_sync.progress import Ended, Step, Waiting
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Behaviour, Reply, Rule
from listrak_sync.sync import push
from tests.delivery.conftest import ACCOUNT, Outcome, StillTime, connected, contact, some

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from listrak_sync.delivery.receipts import ImportKey
    from listrak_sync.listrak.api import Api
    from listrak_sync.listrak.verdicts import Verdict
    from listrak_sync.sandbox import Sandbox

NEVER = Behaviour(resource_ids="one", import_delay=1e8)
QUICK = Timing(rest=lambda event, seconds: event.wait(min(seconds, 0.002)))
"""The real time, with short rests."""


def started(api: Api, count: int) -> list[ImportKey]:
    """Start so many imports."""
    found: list[ImportKey] = []
    for batch in some(count):
        verdict = api.update_profile_fields(batch.list_id, batch.body)
        found += [(batch.list_id, each) for each in verdict.resource_ids]  # type: ignore[union-attr]  # accepted, or the test fails
    return found


def asked(sandbox: Sandbox) -> int:
    """Return how often an import was asked about."""
    return sum(one.path.endswith("/Status") for one in sandbox.requests)


def test_to_their_end() -> None:
    """Imports that end at different times are all followed to their end."""
    with connected(Behaviour(resource_ids="one", import_delay=0.02, import_jitter=0.1)) as (
        sandbox,
        api,
    ):
        imports = started(api, 6)
        followed = follow(api, imports, 60, Stop(), DeliveryOptions(timing=QUICK))
        assert len(sandbox.values()[7]) == 6
    assert followed == Followed(frozenset(imports), frozenset(), frozenset())


def test_asked_no_more_than_needed() -> None:
    """An import that has ended is not asked about again."""
    with connected() as (sandbox, api):
        imports = started(api, 3)
        follow(api, imports, 60, Stop(), DeliveryOptions(timing=QUICK))
        assert asked(sandbox) == 3


def test_back_off() -> None:
    """The pauses between two questions double up to the longest, keep to the patience, are told."""
    still, told = StillTime(), list[Step | Ended]()
    with connected(NEVER) as (sandbox, api):
        imports = started(api, 2)
        followed = follow(
            api,
            imports,
            100,
            Stop(),
            DeliveryOptions(timing=still.timing(), on_progress=told.append),
        )
        assert asked(sandbox) == 2 * (len(still.rests) + 1)
    assert told[0] == Waiting("import", 0, 2, 0, 100)
    assert told[-1] == Ended(Waiting)
    waiting = [each for each in told[1:-1] if isinstance(each, Waiting)]
    assert [each.pause for each in waiting] == still.rests
    assert [each.waited for each in waiting] == list(accumulate([0, *still.rests[:-1]]))
    assert {(each.done, each.total, each.at_most) for each in waiting} == {(0, 2, 100)}
    assert followed == Followed(frozenset(), frozenset(imports), frozenset())
    doubling = [FIRST_PAUSE * 2**number for number in range(6)]
    assert still.rests[:6] == doubling
    assert set(still.rests[6:-1]) == {LONGEST_PAUSE}
    assert sum(still.rests) == 100


@pytest.mark.parametrize("import_id", ["", "abc", "1001x", "12 13", "²", "9" * 5000])
def test_no_usable_id(import_id: str) -> None:
    """An import with an unusable id is not asked about: it is unverified."""
    with connected() as (sandbox, api):
        followed = follow(api, [(7, import_id)], 60, Stop(), DeliveryOptions(timing=QUICK))
        assert sandbox.requests == ()
    assert followed.unverified == {(7, import_id)}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404, error="ERROR_UNABLE_TO_LOCATE_RESOURCE"),
        Reply(status=403, error="ERROR_UNAUTHORIZED"),
        Reply(status=400, error="ERROR_INVALID_PARAMETER"),
        Reply(status=302),
    ],
)
def test_not_told(reply: Reply) -> None:
    """Where Listrak does not tell, the import is unverified at once, not waited for."""
    still = StillTime()
    with connected(Behaviour(resource_ids="one", faults=(Rule(action=reply, route="status"),))) as (
        _,
        api,
    ):
        imports = started(api, 2)
        followed = follow(api, imports, 60, Stop(), DeliveryOptions(timing=still.timing()))
    assert followed.unverified == frozenset(imports)
    assert still.rests == []


@pytest.mark.parametrize("body", [None, "<h1>Proxy</h1>", '{"data": 5}'])
def test_passing_failures(body: str | None) -> None:
    """A failure that passes says nothing of an import: it is asked about again."""
    reply = Reply(status=503 if body is None else 200, body=body)
    still = StillTime()
    rule = Rule(action=reply, route="status", times=3)
    with connected(Behaviour(resource_ids="one", faults=(rule,))) as (_, api):
        imports = started(api, 1)
        followed = follow(api, imports, 60, Stop(), DeliveryOptions(timing=still.timing()))
    assert followed.ended == frozenset(imports)
    assert len(still.rests) == 3


def test_a_signal_while_following() -> None:
    """A signal ends the wait at once; what has not ended is told as running."""
    stop = Stop()
    with connected(NEVER) as (_, api):
        imports = started(api, 1)
        threading.Timer(0.1, stop.because, [InterruptedRunError(2)]).start()
        followed = follow(api, imports, 600, stop, DeliveryOptions())
    assert followed.running == frozenset(imports)


@pytest.mark.parametrize("ends", ["stop", "time"])
def test_an_end_among_many(ends: str) -> None:
    """Neither a stop nor the end of patience waits for questions about all the other imports."""
    still, stop = StillTime(), Stop()
    with connected() as (sandbox, api):
        imports = started(api, 5)

        def end(_: ImportKey) -> bool:
            if ends == "stop":
                stop.because(InterruptedRunError(2))
            still.now += 11
            return True

        followed = follow(api, imports, 10, stop, DeliveryOptions(timing=still.timing()), end)
        assert asked(sandbox) == 1
    assert followed == Followed(frozenset(imports[:1]), frozenset(imports[1:]), frozenset())


def two_windows(outcome: Outcome, api: Api, timing: Timing) -> None:
    """Send a value for a contact, and a newer one in a window of its own."""
    options = DeliveryOptions(timing=timing)
    delivery = Delivery(api, outcome.receipts.append, outcome.stop, options)
    for value in ("old", "new"):
        held = [contact(1, value=value)]
        made = list(batches(lambda: held, PROFILE_FIELDS, Limits(1, 1000)))  # noqa: B023 - used at once
        delivery.start((Phase(made),))
    delivery.finish()


def test_windows_wait() -> None:
    """A window is sent once the imports of the one before have ended: the newer value wins."""
    outcome = Outcome()
    with connected(Behaviour(resource_ids="one", import_delay=0.05)) as (sandbox, api):
        two_windows(outcome, api, QUICK)
        assert sandbox.settle(10)
        assert sandbox.values()[7] == {"c1@example.com": {1: "new"}}
        paths = [one.path.rpartition("/")[2] for one in sandbox.requests]
    assert outcome.stop.error is None
    assert paths[1] == paths[-1] == "SegmentationField"
    assert set(paths[2:-1]) == {"Status"}


def test_windows_do_not_wait_for_ever() -> None:
    """Where imports do not end, nothing newer is sent: the run stops and names them."""
    outcome = Outcome()
    with connected(NEVER) as (sandbox, api):
        two_windows(outcome, api, outcome.time.timing())
        posts = [one for one in sandbox.requests if one.path.endswith("/SegmentationField")]
    assert len(posts) == 1
    assert isinstance(outcome.stop.error, UnreachableError)
    assert "1001 of list 7" in outcome.stop.error.message
    assert outcome.time.now == BARRIER_PATIENCE
    assert outcome.kinds() == {"AcceptedBatch": 1, "UnsentBatch": 1}


def test_windows_do_not_wait_for_the_unverified() -> None:
    """Without a usable id there is nothing to wait for: the windows go one after the other."""
    outcome = Outcome()
    with connected(Behaviour(resource_ids="empty")) as (sandbox, api):
        two_windows(outcome, api, QUICK)
        assert asked(sandbox) == 0
    assert outcome.kinds() == {"AcceptedBatch": 2}


def watched(sandbox: Sandbox, api: Api, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Return a list that will hold the contact's value as it is before each import is started."""
    before: list[str | None] = []

    def look(post: Callable[[int, bytes], Verdict], list_id: int, body: bytes) -> Verdict:
        before.append(sandbox.values()[7].get("c@example.com", {}).get(1))
        return post(list_id, body)

    for name in ("update_profile_fields", "start_list_import"):
        monkeypatch.setattr(api, name, partial(look, getattr(api, name)))
    return before


@pytest.mark.parametrize(
    ("route", "ids", "flips", "late"),
    [(PROFILE_FIELDS, "one", 250, 0.003), (LIST_IMPORT, "several", 40, 0.05)],
)
def test_the_last_value_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, route: Route, ids: str, flips: int, late: float
) -> None:
    """With a window of one contact that is flipped again and again, its last value wins.

    The sandbox applies imports late and out of order.
    """
    path = tmp_path / "flips.ndjson"
    lines = (
        {
            "type": "identify",
            "context": {"traits": {"email": "c@example.com"}},
            "traits": {"count": number},
        }
        for number in range(flips)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    mapping = (
        '{"mappings": [{"name": "a", "list_id": 7, "profile_field_values":'
        ' {"1": {"@path": "$.traits.count"}}}]}'
    )
    behaviour = Behaviour(import_jitter=late, resource_ids="several" if ids == "several" else "one")
    timing = Timing(rest=lambda event, _: event.wait(0.0005))
    with connected(behaviour, ACCOUNT) as (sandbox, api):
        before = watched(sandbox, api, monkeypatch)
        settings = RunSettings(expand([str(path)]), parse("m.yaml", mapping), window=1, route=route)
        ended = push(settings, RunCallbacks(), api, DeliveryOptions(timing=timing))
        assert ended.error is None
        assert sandbox.settle(10)
        held = sandbox.values()[7]
    assert ended.report.contacts == flips
    assert held == {"c@example.com": {1: str(flips - 1)}}
    assert before == [None, *map(str, range(flips - 1))]
