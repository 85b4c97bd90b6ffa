"""What dry-run shows of a run: requests and final values that agree, in bounded memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from listrak_sync.batching.batches import Limits
from listrak_sync.errors import StoppedError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.guards import Guards
from listrak_sync.input.sources import Source
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.model import Mapping
from listrak_sync.report.counts import Report
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sync import dry_run
from tests.report.counts_of import counts

State = dict[tuple[int, str], dict[str, str]]

AUDIENCE = "useAudienceKey"
EVENTS = 20_000
FEWER = 4_000

BY_LINE = EvaluationRules(by_timestamp=False)


def _mapping_text() -> str:
    entries: list[dict[str, Any]] = [
        {
            "name": f"audience {number}",
            "trigger": f'context.personas.computation_key = "audience_{number}"',
            "list_id": 100 + number % 3,
            "profile_field_values": {str(700 + number % 5): AUDIENCE},
        }
        for number in range(8)
    ]
    entries += [
        {
            "name": "alone",
            "trigger": 'context.personas.computation_key = "audience_0"',
            "list_id": 100,
            "profile_field_values": {"700": AUDIENCE, "790": "seen"},
            "enable_batching": False,
        },
        {
            "name": "plan",
            "trigger": 'type = "identify"',
            "list_id": {"@path": "$.traits.list"},
            "profile_field_values": {"791": {"@path": "$.traits.plan"}},
        },
        {
            "name": "tracked",
            "trigger": 'type = "track" and properties.total >= 50',
            "list_id": 100,
            "profile_field_values": {"792": {"@template": '{{properties.total}} "é"'}},
        },
        {
            "name": "off",
            "enabled": False,
            "list_id": 1,
            "profile_field_values": {"1": "on"},
        },
    ]
    return json.dumps({"mappings": entries})


def _events(count: int, *, in_order: bool) -> Iterator[bytes]:
    """Yield made-up events: members that come and go, some of them late, some of them broken."""
    chance = random.Random(20261123)  # noqa: S311 - made-up data
    for number in range(count):
        second = number if in_order else max(0, number - chance.randrange(5000))
        email = f"contact{chance.randrange(1500)}@example.com"
        email = chance.choice([email, email, email.upper(), f" {email}"])
        if chance.random() < 0.03:
            email = chance.choice(["", "no address"])
        key = f"audience_{chance.randrange(9)}"
        member: object = chance.choice([True, False, "true", "false", True, False, "perhaps"])
        personas = {"computation_class": "audience", "computation_key": key}
        event: dict[str, Any] = {
            "timestamp": f"2026-11-{1 + second // 86400:02}T{second // 3600 % 24:02}:"
            f"{second // 60 % 60:02}:{second % 60:02}.5Z",
            "context": {"personas": personas, "traits": {"email": email}},
            "messageId": f"m{number}",
        }
        if chance.random() < 0.5:
            list_id, plan = chance.choice([100, "101", "x"]), chance.choice(["a", "b", 5])
            traits = {"list": list_id, "plan": plan}
            event |= {"type": "identify", "traits": {key: member} | traits}
        else:
            properties = {"audience_key": key, key: member, "total": chance.randrange(100)}
            event |= {"type": "track", "event": "Audience Entered", "properties": properties}
        if chance.random() < 0.02:
            event["type"] = "screen"
        if chance.random() < 0.02:
            event["integrations"] = {"All": False}
        if not in_order and chance.random() < 0.02:
            del event["timestamp"]
        line = json.dumps(event).encode()
        yield chance.choice([b"", line[:-9], b"\xff"]) if chance.random() < 0.01 else line


@pytest.fixture(scope="module")
def mappings() -> tuple[Mapping, ...]:
    """Return twelve mappings: several lists, one that is not batched, one switched off."""
    return parse("m.yaml", _mapping_text())


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a file of events that are out of order."""
    path = tmp_path_factory.mktemp("events") / "late.json"
    path.write_bytes(b"\n".join(_events(EVENTS, in_order=False)))
    return Source(str(path))


@pytest.fixture(scope="module")
def fewer(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a smaller file of events that are out of order."""
    path = tmp_path_factory.mktemp("events") / "fewer.json"
    path.write_bytes(b"\n".join(_events(FEWER, in_order=False)))
    return Source(str(path))


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return a file of events in the order in which they happened."""
    path = tmp_path_factory.mktemp("events") / "ordered.json"
    path.write_bytes(b"\n".join(_events(FEWER, in_order=True)))
    return Source(str(path))


def _requests(settings: RunSettings) -> tuple[Report, list[bytes]]:
    lines: list[bytes] = []
    ended = dry_run(settings, RunCallbacks(), on_request=lines.append)
    assert ended.error is None
    return ended.report, lines


def _contacts(settings: RunSettings) -> tuple[Report, list[dict[str, Any]]]:
    lines: list[bytes] = []
    ended = dry_run(settings, RunCallbacks(), on_contact=lines.append)
    assert ended.error is None
    return ended.report, [json.loads(line) for line in lines]


def _sent(lines: list[bytes]) -> State:
    """Return what Listrak holds after it has taken the requests one after the other."""
    state: State = {}
    for line in lines:
        request = json.loads(line)
        list_id = int(request["url"].split("/List/")[1].split("/")[0])
        for contact in request["body"]:
            fields = state.setdefault((list_id, contact["emailAddress"].lower()), {})
            for value in contact["segmentationFieldValues"]:
                fields[str(value["segmentationFieldId"])] = value["value"]
    return state


def _shown(contacts: list[dict[str, Any]]) -> State:
    state: State = {}
    for contact in contacts:
        key = contact["list_id"], contact["email_address"].lower()
        state.setdefault(key, {}).update(contact["fields"])
    return state


def _check_sums(report: Report) -> None:
    assert report.lines == report.skipped.total() + report.unreadable + report.matched_lines
    matched = report.matched.total()
    assert matched == report.updates + report.rejected.total() - report.unreadable
    assert report.values == report.superseded + report.values_to_send


def test_formats_agree(late: Source, mappings: tuple[Mapping, ...]) -> None:
    """Sending the requests in their order leaves Listrak with the values that updates show."""
    settings = RunSettings([late], mappings, limits=Limits(200, 20_000))
    report, requests = _requests(settings)
    other, contacts = _contacts(settings)
    assert _sent(requests) == _shown(contacts)
    assert len(contacts) == len(_shown(contacts))
    assert report.contacts == sum(len(json.loads(line)["body"]) for line in requests)
    for one in (report, other):
        _check_sums(one)
    assert counts(report) == counts(other)
    values = sum(
        len(contact["segmentationFieldValues"])
        for line in requests
        for contact in json.loads(line)["body"]
    )
    assert values == report.values_to_send
    assert set(report.skipped) == {
        "blank_line",
        "filtered_by_integrations_object",
        "no_mapping_matched",
        "unsupported_event_type",
    }
    assert {"not_json", "not_utf8", "unknown_membership", "invalid_list_id"} <= set(report.rejected)
    assert report.superseded > 1000
    assert report.matched[8] > 1000
    assert 11 not in report.matched


def test_request_lines(late: Source, mappings: tuple[Mapping, ...]) -> None:
    """A request's line is JSON with the body last; bodies keep to the limits, lists by lists."""
    _, requests = _requests(RunSettings([late], mappings, limits=Limits(200, 20_000)))
    alone = 0
    for line in requests:
        request = json.loads(line)
        assert list(request) == ["method", "url", "body"]
        assert request["method"] == "POST"
        body = line.partition(b', "body": ')[2].removesuffix(b"}")
        assert len(request["body"]) <= 200
        assert len(body) <= 20_000
        alone += len(request["body"]) == 1
    assert alone > 1000


def test_contact_lines(late: Source, mappings: tuple[Mapping, ...]) -> None:
    """A contact's line names the mappings, and file and line of its newest value."""
    _, contacts = _contacts(RunSettings([late], mappings))
    lines = Path(late.file).read_bytes().split(b"\n")
    names = {mapping.name for mapping in mappings}
    for contact in contacts:
        assert list(contact) == ["list_id", "email_address", "fields", "mappings", "line", "file"]
        assert contact["file"] == late.file
        assert contact["mappings"]
        assert set(contact["mappings"]) <= names
        event = json.loads(lines[contact["line"] - 1])
        address = event["context"]["traits"]["email"].strip()
        assert address.lower() == contact["email_address"].lower()


@pytest.mark.parametrize("window", [20, 700])
@pytest.mark.parametrize("by_timestamp", [True, False])
def test_small_windows(
    ordered: Source,
    fewer: Source,
    mappings: tuple[Mapping, ...],
    window: int,
    *,
    by_timestamp: bool,
) -> None:
    """Windows applied in order leave what one window leaves, where input order is the order."""
    source = ordered if by_timestamp else fewer
    settings = RunSettings([source], mappings, rules=EvaluationRules(by_timestamp=by_timestamp))
    whole, contacts = _contacts(settings)
    small, requests = _requests(replace(settings, window=window))
    several, shown = _contacts(replace(settings, window=window))
    assert _sent(requests) == _shown(shown) == _shown(contacts)
    for report in (whole, small, several):
        _check_sums(report)
    assert whole.values == small.values
    assert len(shown) > len(contacts)


def test_files(fewer: Source, ordered: Source, mappings: tuple[Mapping, ...]) -> None:
    """A value's place is in the file that it came from."""
    _, contacts = _contacts(RunSettings([fewer, ordered], mappings, rules=BY_LINE))
    assert {contact["file"] for contact in contacts} >= {ordered.file}
    _, contacts = _contacts(RunSettings([ordered, fewer], mappings, rules=BY_LINE))
    assert {contact["file"] for contact in contacts} >= {fewer.file}


def test_rejects_fed_back(tmp_path: Path, late: Source, mappings: tuple[Mapping, ...]) -> None:
    """The rejects of a run are input: as they are, they are all rejected again."""
    rejects: list[Reject | RefusedContact] = []
    first = dry_run(RunSettings([late], mappings), RunCallbacks(on_reject=rejects.append)).report
    path = tmp_path / "rejects.json"
    path.write_bytes(b"".join(encode(reject) + b"\n" for reject in rejects))
    again = dry_run(RunSettings([Source(str(path))], mappings), RunCallbacks()).report
    changed = first.rejected - again.rejected
    assert len(rejects) == first.rejected.total() == again.lines
    assert set(changed) <= {"not_utf8"}
    assert again.updates == 0


def test_max_rejects(fewer: Source, mappings: tuple[Mapping, ...]) -> None:
    """Too many rejects stop the run, with what was read counted."""
    guards = Guards(max_rejects=10)
    ended = dry_run(RunSettings([fewer], mappings, guards=guards), RunCallbacks())
    assert isinstance(ended.error, StoppedError)
    assert "--max-rejects 10" in ended.error.message
    assert ended.report.reject_count > 10
    enough = Guards(max_rejects=ended.report.reject_count * 1000)
    assert dry_run(RunSettings([fewer], mappings, guards=enough), RunCallbacks()).error is None


PEAK = """
import sys
from listrak_sync.input.sources import expand
from listrak_sync.mapping.file import parse
from listrak_sync.run import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sync import dry_run
settings = RunSettings(expand([sys.argv[1]]), parse("m.yaml", sys.argv[2]), window=1000)
report = dry_run(settings, RunCallbacks(), on_request=len).report
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(report.updates, peak.split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory(tmp_path: Path) -> None:
    """However long the input is, memory is that of a window."""
    mapping = '{"mappings": [{"name": "A", "list_id": 1, "profile_field_values": {"7": "on"}}]}'
    peaks = []
    for count in (75_000, 300_000):
        path = tmp_path / f"{count}.json"
        line = '{"type":"track","context":{"traits":{"email":"contact%d@example.com"}}}\n'
        with path.open("w") as file:
            file.writelines(line % number for number in range(count))
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path), mapping],
            capture_output=True,
            check=True,
            env={},
        )
        updates, peak = map(int, done.stdout.split())
        assert updates == count
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 8_000
