"""Exported audiences and updates as input come to what the events would have come to."""

from __future__ import annotations

import csv
import gzip
import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.delivery.destination import known_fields
from listrak_sync.errors import UsageError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.rejects import RefusedContact, Reject, encode
from listrak_sync.input.checkpoints import Checkpoint, ReadPoint, read_from
from listrak_sync.input.sources import RowOptions, Source, expand
from listrak_sync.input.units import Block
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import parse
from listrak_sync.report.counts import Report
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Account, Sandbox
from listrak_sync.sync import dry_run, push
from tests.evaluation.reference import AUDIENCE, Plain
from tests.evaluation.strategies import EVENTS, MAPPINGS

VIP = RowOptions(audience="vip")
BY_LINE = EvaluationRules(by_timestamp=False)
MAPPING = parse(
    "m.yaml",
    """
mappings:
  - name: VIP
    trigger: type = "identify" and context.personas.computation_key = "vip"
    list_id: 12345
    profile_field_values: {789: useAudienceKey, 790: {'@path': traits.plan}}
""",
)


class Dry:
    """What a dry run gave."""

    def __init__(self, sources: tuple[Source, ...], mappings: Any = MAPPING, **more: Any) -> None:
        self.rejects: list[bytes] = []
        self.contacts: list[bytes] = []
        self.explained: list[Explanation] = []
        explains = more.pop("explains", False)
        result = dry_run(
            RunSettings(sources, mappings, **more),
            RunCallbacks(self._reject, on_explanation=self.explained.append if explains else None),
            on_contact=self.contacts.append,
        )
        if result.error is not None:
            raise result.error
        self.report: Report = result.report

    def _reject(self, reject: Reject | RefusedContact) -> None:
        self.rejects.append(encode(reject))

    def values(self) -> dict[tuple[int, str], dict[str, str]]:
        """Return the final values of contacts, by list and address."""
        found = [json.loads(line) for line in self.contacts]
        return {(each["list_id"], each["email_address"]): each["fields"] for each in found}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an exported audience of some megabytes, with all that may be in one."""
    chance = random.Random(1)  # noqa: S311 - made-up data
    file = tmp_path_factory.mktemp("exported") / "vip.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["key", "external_ids", "email", "email_1", "plan"])
        for number in range(30_000):
            address = f"c{number}@example.com"
            ids = json.dumps([{"id": address, "type": "email", "collection": "users"}])
            plan = chance.choice(["gold", "", "two\nlines", 'a "b"', "Zoë"])
            other = f"d{number}@example.com" if chance.random() < 0.02 else ""
            row = [f"use_{number:020}", ids, address, other, plan]
            if chance.random() < 0.01:
                row = chance.choice([row[:2], [], ["x", "{", address, "", ""], [*row, "more"]])
            writer.writerow(row)
    return file


def test_any_jobs(exported: Path) -> None:
    """Rows come to the same for any number of jobs, and when they are explained one by one."""
    sources = expand([str(exported)], VIP)
    one = Dry(sources)
    for other in (Dry(sources, jobs=2), Dry(sources, explains=True)):
        assert other.contacts == one.contacts
        assert other.rejects == one.rejects
        assert other.report.skipped == one.report.skipped
        assert other.report.lines == one.report.lines
    assert one.report.lines == (
        one.report.skipped.total() + one.report.unreadable + one.report.matched_lines
    )
    assert one.report.rejected["bad_row"] > 100
    assert one.report.matched_lines > 30_000


def test_lines_of_rejects(exported: Path) -> None:
    """The line of a reject is the one where its row begins in the file."""
    lines = exported.read_bytes().split(b"\r\n")
    text = exported.read_bytes().decode().split("\n")
    assert len(lines) < len(text)
    for line in Dry(expand([str(exported)], VIP)).rejects:
        reject = json.loads(line)
        assert text[reject["line"] - 1].removesuffix("\r") == reject["raw"].split("\n")[0]


def test_resumed_at_any_row(exported: Path) -> None:
    """What is read after a checkpoint within a CSV file follows what was read before it."""
    sources = expand([str(exported)], VIP)
    whole = [unit for unit in read_from(sources, Checkpoint()) if isinstance(unit, Block)]
    lines = [line for unit in whole for line in unit.lines]
    last = whole[0].last_line
    for line in (2, 3, 100, last - 1, last, last + 1):
        unit = next(each for each in whole if each.first_line <= line <= each.last_line)
        start = ReadPoint(unit, line, ()).checkpoint()
        rest = [each for each in read_from(sources, start) if isinstance(each, Block)]
        assert [each for unit in rest for each in unit.lines] == lines[line - 1 :]
        assert all(each.columns == whole[0].columns for each in rest)


def test_compressed_and_mixed(exported: Path, tmp_path: Path) -> None:
    """A folder may hold CSV, compressed or not, and events; rows are those of CSV alone."""
    part = b"".join(exported.read_bytes().splitlines(keepends=True)[:6000])
    for name in ("a.csv.gz", "b.gz"):
        (tmp_path / name).write_bytes(gzip.compress(part))
    (tmp_path / "c.csv").write_bytes(b"email\nlast@example.com\n")
    (tmp_path / "d.json").write_text('{"type":"page"}\n')
    sources = expand([str(tmp_path)], VIP)
    one, two = Dry(sources), Dry(sources, jobs=2)
    assert two.contacts == one.contacts
    assert two.rejects == one.rejects
    assert one.report.skipped["no_mapping_matched"] == 1
    assert one.report.lines == 2 * Dry(sources[:1]).report.lines + 2


def _lines(events: list[Any]) -> bytes:
    """Return events as lines, without the word that updates must not have as a value."""
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    return lines.replace(AUDIENCE.encode(), b"word")


@given(
    events=st.lists(EVENTS, max_size=12),
    mappings=st.lists(MAPPINGS, min_size=1, max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_updates_again(events: list[Any], mappings: list[Plain], order: random.Random) -> None:
    """The lines of dry-run's updates, given as input, are the same lines, in any order of them."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    parsed = parse("m.yaml", json.dumps({"mappings": entries}))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "in"
        file.write_bytes(_lines(events))
        first = Dry(expand([str(file)]), parsed)
        for shuffled in (False, True):
            lines = list(first.contacts)
            if shuffled:
                order.shuffle(lines)
            file.write_bytes(b"".join(msgspec.json.encode(json.loads(x)) + b"\n" for x in lines))
            for given_mappings in (parsed, ()):
                again = Dry(expand([str(file)]), given_mappings)
                assert sorted(again.contacts) == sorted(first.contacts)
                assert again.values() == first.values()


@settings(max_examples=max(10, settings().max_examples // 10))
@given(
    events=st.lists(EVENTS, max_size=12),
    mappings=st.lists(MAPPINGS, min_size=1, max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_updates_at_listrak(events: list[Any], mappings: list[Plain], order: random.Random) -> None:
    """Pushed updates, in any order and in two halves, leave what a push of the events leaves."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    parsed = parse("m.yaml", json.dumps({"mappings": entries}))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "in"
        file.write_bytes(_lines(events))
        lines = Dry(expand([str(file)]), parsed).contacts
        expected = pushed(parsed, [file.read_bytes()], parsed)
        order.shuffle(lines)
        middle = order.randint(0, len(lines))
        parts = (lines[:middle], lines[middle:])
        halves = [b"".join(line + b"\n" for line in part) for part in parts]
        assert pushed(parsed, halves, ()) == expected


def pushed(known: Any, inputs: list[bytes], mappings: Any) -> Any:
    """Return what a sandbox holds after pushes of these inputs."""
    with (
        TemporaryDirectory() as folder,
        Sandbox(Account.of_fields(known_fields(known))) as sandbox,
        Api(
            Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", "sandbox")
        ) as listrak,
    ):
        for index, content in enumerate(inputs):
            file = Path(folder) / str(index)
            file.write_bytes(content)
            run = RunSettings(expand([str(file)]), mappings)
            assert push(run, RunCallbacks(), listrak).error is None
        return sandbox.values()


UPDATE = {"list_id": 1, "email_address": "a@example.com", "fields": {"7": "on"}}


def updated(tmp_path: Path, *lines: dict[str, Any], **more: Any) -> Dry:
    """Return what a run over updates gives."""
    (tmp_path / "u").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return Dry(expand([str(tmp_path / "u")]), (), **more)


def test_update_by_time(tmp_path: Path) -> None:
    """Of updates with timestamps the newest wins; without, or by the input's order, the last."""
    newer = {**UPDATE, "timestamp": "2026-01-02T00:00:00Z"}
    older = {**UPDATE, "fields": {"7": "off"}, "timestamp": "2026-01-01"}
    key = (1, "a@example.com")
    assert updated(tmp_path, newer, older).values()[key] == {"7": "on"}
    assert updated(tmp_path, newer, older, rules=BY_LINE).values()[key] == {"7": "off"}
    assert updated(tmp_path, newer, {**UPDATE, "fields": {"7": "x"}}).values()[key] == {"7": "x"}


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"list_id": 0}, "0 is not a valid list id"),
    ({"list_id": "x"}, '"x" is not a valid list id'),
    ({"email_address": "a"}, '"a" is not a valid e-mail address'),
    ({"email_address": None}, "null is not a valid e-mail address"),
    ({"fields": {}}, "fields is not an object of profile field ids with their values"),
    ({"fields": {"x": "on"}}, '"x" is not a valid profile field id'),
    (
        {"fields": {"7": "useAudienceKey"}},
        "field 7: useAudienceKey is a word of mapping files: write on or off",
    ),
    ({"fields": {"7": None}}, "field 7: null is not a text, a number or a boolean"),
]


@pytest.mark.parametrize(("changed", "detail"), INVALID)
def test_invalid_update(tmp_path: Path, changed: dict[str, Any], detail: str) -> None:
    """An update that cannot be sent is rejected with the reason, and is input again once fixed."""
    run = updated(tmp_path, UPDATE | changed, {**UPDATE, "email_address": "b@example.com"})
    assert list(run.values()) == [(1, "b@example.com")]
    ((reject),) = map(json.loads, run.rejects)
    assert (reject["reason"], reject["detail"]) == ("invalid_update", detail)
    fixed = {**reject, "event": UPDATE}
    assert list(updated(tmp_path, fixed).values()) == [(1, "a@example.com")]


def test_half_an_update(tmp_path: Path) -> None:
    """A line that lacks a part of an update is rejected with what it lacks."""
    run = updated(tmp_path, {"list_id": 1, "email_address": "a@example.com"})
    assert json.loads(run.rejects[0])["detail"] == "fields is missing"


def test_loose_update(tmp_path: Path) -> None:
    """Ids may be texts; numbers and booleans are sent as those of events are."""
    fields = {"7": True, "8": 5.0, "09": "x"}
    run = updated(tmp_path, {**UPDATE, "list_id": "1", "fields": fields})
    assert run.values() == {(1, "a@example.com"): {"7": "on", "8": "5", "9": "x"}}


def test_event_without_mapping(tmp_path: Path) -> None:
    """An event where there is no mapping ends the run, with its place."""
    with pytest.raises(UsageError) as caught:
        updated(tmp_path, UPDATE, {"type": "track"})
    assert caught.value.message.endswith("u:2: this is not an update, and there is no mapping file")
