"""From lines to values in Listrak: what dry-run shows is what push sets."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.batching.batches import Limits
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy
from listrak_sync.errors import StoppedError, UnreachableError
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.guards import Guards
from listrak_sync.input.sources import expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.file import parse
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Account, Behaviour, Drop, Reply, Rule
from listrak_sync.sync import dry_run, push
from tests.delivery.conftest import StillTime, connected

if TYPE_CHECKING:
    from listrak_sync.report.counts import Report
    from listrak_sync.sandbox.contacts import Values

EVENTS = 20_000
LISTS = (11, 12, 13)
KEYS = tuple(f"audience_{number}" for number in range(12))
MAPPINGS = "mappings:\n" + "".join(
    f"""
  - name: {key}
    trigger: context.personas.computation_key = "{key}"
    list_id: {LISTS[number % 3]}
    enable_batching: {"false" if number == 11 else "true"}
    profile_field_values:
      {100 + number}: useAudienceKey
      {200 + number % 2}: {{"@path": $.properties.note}}
"""
    for number, key in enumerate(KEYS)
)
ACCOUNT = Account.of_fields({one: dict.fromkeys([*range(100, 112), 200, 201]) for one in LISTS})
ROUGH = Behaviour(
    seed=3,
    token_uses=9,
    faults=(
        Rule(action=Drop("after"), route="profile-fields", probability=0.1),
        Rule(action=Drop(), route="profile-fields", probability=0.1),
        Rule(
            action=Reply(status=429, headers={"Retry-After": "9"}),
            route="profile-fields",
            probability=0.1,
        ),
        Rule(action=Reply(status=503, when="after"), route="profile-fields", probability=0.1),
        Rule(action=Reply(status=502, body="<h1>Bad</h1>"), route="token", probability=0.2),
    ),
)


def event(random: Random, number: int) -> dict[str, Any]:
    """Return an event of an audience, now and then one that is skipped or rejected."""
    email = f"c{random.randrange(3000)}@example.com"
    key = random.choice(KEYS[:11]) if random.random() < 0.998 else KEYS[11]
    made: dict[str, Any] = {
        "type": "track",
        "event": "Audience",
        "context": {
            "traits": {"email": email.title() if random.random() < 0.1 else email},
            "personas": {"computation_class": "audience", "computation_key": key},
        },
        "properties": {"audience_key": key, key: random.random() < 0.5},
        "timestamp": f"2026-03-{random.randrange(1, 29):02}T00:00:{number % 60:02}Z",
    }
    if random.random() < 0.3:
        made["properties"]["note"] = f"näte {number}"
    match random.randrange(100):
        case 0:
            made["context"]["traits"]["email"] = "nobody"
        case 1:
            made["type"] = "screen"
        case 2:
            made["context"]["personas"]["computation_key"] = "other"
    return made


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of generated events."""
    random = Random(20260301)  # noqa: S311 - chance, not a secret
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    lines = (json.dumps(event(random, number)) for number in range(EVENTS))
    path.write_text("\n".join(lines) + "\n")
    return path


def settings(file: Path, **more: Any) -> RunSettings:
    """Return the settings of a run over a file."""
    limits = Limits(400, 1_000_000)
    made = RunSettings(
        sources=expand([str(file)]), mappings=parse("m.yaml", MAPPINGS), limits=limits
    )
    return replace(made, **more)


def patient(in_flight: int, attempts: int = 100) -> DeliveryOptions:
    """Return options that never really rest."""
    policy = RetryPolicy(attempts=attempts)
    return DeliveryOptions(in_flight, policy=policy, timing=StillTime().timing())


@cache
def shown(file: Path, window: int = 1_000_000) -> tuple[Values, Report]:
    """Return the final values that dry-run's updates come to, line after line."""
    values: Values = {one: {} for one in LISTS}
    lines: list[bytes] = []
    ended = dry_run(settings(file, window=window), RunCallbacks(), on_contact=lines.append)
    assert ended.error is None
    for line in map(json.loads, lines):
        held = values[line["list_id"]].setdefault(line["email_address"].lower(), {})
        held.update({int(field): value for field, value in line["fields"].items()})
    return values, ended.report


def check_sums(report: Report) -> None:
    """Check that the sums of a report agree."""
    assert report.lines == report.skipped.total() + report.unreadable + report.matched_lines
    rejected = report.rejected.total() - report.unreadable
    assert report.matched.total() == report.updates + rejected
    assert report.values == report.superseded + report.values_to_send
    by_mapping = sum(each.values for each in report.mappings())
    lists = report.record("push", 0, None).lists
    by_field = sum(field.values for each in lists for field in each.fields)
    assert by_mapping == by_field == report.values - report.superseded
    ended = [(one.accepted, one.refused, one.unsent) for one in report.lists.values()]
    assert report.contacts == sum(map(sum, ended))


@pytest.mark.parametrize("behaviour", [Behaviour(), ROUGH], ids=["smooth", "rough"])
@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("window", [1_000_000, 900])
def test_dry_run_is_what_push_sets(
    file: Path,
    window: int,
    in_flight: int,
    behaviour: Behaviour,
) -> None:
    """What dry-run shows is what Listrak holds after a push, through any passing fault."""
    expected, foreseen = shown(file, window)
    with connected(behaviour, ACCOUNT) as (sandbox, api):
        ended = push(settings(file, window=window), RunCallbacks(), api, patient(in_flight))
        assert ended.error is None
        assert sandbox.values() == expected
    report = ended.report
    check_sums(report)
    assert report.lines == EVENTS
    assert report.rejected["invalid_email"] > 100
    for count in ("skipped", "rejected", "matched", "updates", "values", "superseded"):
        assert getattr(report, count) == getattr(foreseen, count)
    assert report.unsent == 0


def test_requests_are_sent_byte_for_byte(file: Path) -> None:
    """The bodies that dry-run shows are, byte for byte and in number, those that push sends."""
    addresses = Addresses("https://api.example.com/email/v1")
    lines: list[bytes] = []
    dry_run(settings(file), RunCallbacks(), on_request=lines.append, addresses=addresses)
    with connected(None, ACCOUNT) as (sandbox, api):
        assert push(settings(file), RunCallbacks(), api, patient(4)).error is None
        sent = [one for one in sandbox.requests if one.path.endswith("/SegmentationField")]
    split = [line.split(b', "body": ', 1) for line in lines]
    foreseen = [(json.loads(head + b"}")["url"], body[:-1]) for head, body in split]
    url = "https://api.example.com/email/v1"
    assert Counter(foreseen) == Counter(
        (one.path.replace("/email/v1", url), one.body) for one in sent
    )


@pytest.mark.parametrize("in_flight", [1, 4])
def test_what_is_unsent_can_be_fed_back(file: Path, in_flight: int, tmp_path: Path) -> None:
    """After Listrak failed for good, the rejects hold all that is missing: fed back, all is set."""
    expected, foreseen = shown(file)
    unsent: list[Reject | RefusedContact] = []
    behaviour = Behaviour(
        faults=(Rule(action=Reply(status=405), route="profile-fields", after=5, times=9),)
    )
    with connected(behaviour, ACCOUNT) as (sandbox, api):
        ended = push(settings(file), RunCallbacks(on_reject=unsent.append), api, patient(in_flight))
        assert ended.error is not None
        report = ended.report
        assert 0 < report.unsent < report.contacts
        check_sums(report)
        assert report.updates == foreseen.updates
        rest = tmp_path / "rest.ndjson"
        rest.write_bytes(b"".join(encode(one) + b"\n" for one in unsent))
    with connected(None, ACCOUNT) as (second, api):
        again = push(settings(rest), RunCallbacks(), api, patient(in_flight))
        assert again.error is None
        assert again.report.unreadable == 0
        values = sandbox.values()
        for list_id, contacts in second.values().items():
            for email, fields in contacts.items():
                values[list_id].setdefault(email, {}).update(fields)
    assert values == expected


def test_too_many_rejects_send_nothing_more(file: Path) -> None:
    """Over the limit of rejects the run stops; what was gathered is answered for as unsent."""
    unsent: list[Reject | RefusedContact] = []
    with connected(None, ACCOUNT) as (sandbox, api):
        ended = push(settings(file, guards=Guards(50)), RunCallbacks(on_reject=unsent.append), api)
        posts = [one for one in sandbox.requests if one.method == "POST"]
    assert isinstance(ended.error, StoppedError)
    assert posts == []
    assert ended.report.unsent == ended.report.contacts > 0
    assert sum(isinstance(one, RefusedContact) for one in unsent) == ended.report.unsent
    check_sums(ended.report)


def test_reading_ends_with_the_other_side(file: Path) -> None:
    """Where Listrak keeps failing, the run ends with that reason and the sums agree."""
    behaviour = Behaviour(faults=(Rule(action=Reply(status=503), route="profile-fields"),))
    with connected(behaviour, ACCOUNT) as (sandbox, api):
        ended = push(settings(file, window=500), RunCallbacks(), api, patient(4, attempts=8))
        assert not any(sandbox.values().values())
    assert isinstance(ended.error, UnreachableError)
    assert ended.report.unsent == ended.report.contacts > 0
    check_sums(ended.report)


def test_too_many_rejects_at_the_end_of_a_window(file: Path) -> None:
    """Where a window is full as rejects are too many, no value that was counted is lost."""
    with connected(None, ACCOUNT) as (_, api):
        ended = push(settings(file, guards=Guards(5), window=1500), RunCallbacks(), api)
    assert isinstance(ended.error, StoppedError)
    check_sums(ended.report)
