"""A run that ends early answers for all that it counted, whatever ended it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Limits
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import SettingsError, StoppedError
from listrak_sync.events.rejects import RefusedContact, Reject
from listrak_sync.guards import Guards
from listrak_sync.input.blocks import BLOCK_BYTES
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.ranges import LARGE_BYTES, LARGE_COMPRESSED_BYTES
from listrak_sync.input.sources import expand
from listrak_sync.mapping.file import parse
from listrak_sync.progress import Ended, Reading, Sending
from listrak_sync.run import MANY_SETS, Run
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Reply
from listrak_sync.sync import dry_run, push
from tests.delivery.conftest import connected, faulty
from tests.report.counts_of import counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from listrak_sync.batching.batches import Route
    from listrak_sync.batching.window import Contact, Window
    from listrak_sync.progress import Step
    from listrak_sync.report.counts import Report
    from listrak_sync.sync import RunResult

EVENTS = 9_000
MAPPINGS = """\
mappings:
  - name: A
    list_id: 7
    profile_field_values: {1: {"@path": $.properties.value}}
  - name: alone
    trigger: properties.number < 40
    list_id: 8
    profile_field_values: {1: on}
    enable_batching: false
"""
FULL = SettingsError("r.ndjson: No space left on device", "Make room.")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of more than a block; each hundredth event is rejected, half are superseded."""
    path = tmp_path_factory.mktemp("events") / "e.ndjson"
    with path.open("w") as stream:
        for number in range(EVENTS):
            email = "nobody" if number % 100 == 50 else f"c{number % (EVENTS // 2)}@example.com"
            event = {
                "type": "track",
                "context": {"traits": {"email": email}},
                "properties": {"number": number, "value": number % 3, "note": "x" * 100},
            }
            stream.write(json.dumps(event) + "\n")
    assert path.stat().st_size > BLOCK_BYTES * 3 // 2
    return path


def settings(file: Path, **more: Any) -> RunSettings:
    """Return the settings of a run over a file."""
    made = RunSettings(
        expand([str(file)]), parse("m.yaml", MAPPINGS), limits=Limits(100, 1_000_000)
    )
    return replace(made, **more)


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


def check_contacts(report: Report) -> None:
    """Check that every contact is answered for: here, each has one value."""
    ended = [one.accepted + one.refused + one.unsent for one in report.lists.values()]
    assert report.contacts == sum(ended) == report.values_to_send


class Failing:
    """A watcher that fails from the so-many-eth call on."""

    def __init__(self, after: int, error: Exception = FULL) -> None:
        self.left = after
        self.error = error

    def __call__(self, *_: object) -> None:
        """Fail, if it is time."""
        self.left -= 1
        if self.left < 0:
            raise self.error


CALLBACKS: dict[str, Callable[[int], RunCallbacks]] = {
    "on_reject": lambda after: RunCallbacks(on_reject=Failing(after)),
    "on_receipt": lambda after: RunCallbacks(on_receipt=Failing(after)),
    "on_progress": lambda after: RunCallbacks(on_progress=Failing(after)),
    "a bug": lambda after: RunCallbacks(on_receipt=Failing(after, TypeError("ours"))),
}


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize("window", [300, 1_000_000])
@pytest.mark.parametrize("after", [0, 1, 30])
def test_watcher_that_fails(file: Path, name: str, window: int, after: int) -> None:
    """A watcher that fails ends the run with its error, and no contact is left without answer."""
    with connected() as (sandbox, api):
        ended = push(settings(file, window=window), CALLBACKS[name](after), api)
        held = sum(map(len, sandbox.values().values()))
    assert ended.error is not None
    check_sums(ended.report)
    check_contacts(ended.report)
    assert sum(one.accepted for one in ended.report.lists.values()) >= held


def test_progress_while_sending(file: Path) -> None:
    """The bytes that are read are told, and request by request the contacts that are answered."""
    told: list[Step | Ended] = []
    with connected() as (_, api):
        callbacks, options = RunCallbacks(on_progress=told.append), DeliveryOptions(in_flight=1)
        ended = push(settings(file), callbacks, api, options)
    reading = [step for step in told if isinstance(step, Reading)]
    size = file.stat().st_size
    assert {step.total for step in reading} == {size}
    assert (reading[-1].done, reading[-1].lines) == (size, EVENTS)
    assert Ended(Reading) in told
    sending = [step for step in told if isinstance(step, Sending)]
    requests = sum(entry.requests for entry in ended.report.lists.values())
    assert requests > 1
    assert [step.done for step in sending] == sorted({step.done for step in sending})
    assert len(sending) == requests + 1
    assert {step.is_all for step in sending} == {True}
    assert {step.total for step in sending} == {sending[-1].done} == {ended.report.contacts}


def test_progress_by_windows(file: Path) -> None:
    """While more windows come, what is to be sent is told as what is known so far."""
    told: list[Step | Ended] = []
    with connected() as (_, api):
        ended = push(settings(file, window=300), RunCallbacks(on_progress=told.append), api)
    sending = [step for step in told if isinstance(step, Sending)]
    assert not sending[0].is_all
    assert sending[-1] == Sending(ended.report.contacts, ended.report.contacts, is_all=True)
    assert all(step.done <= step.total for step in sending)


GUARDS = [Guards(max_rejects=5), Guards(max_contacts=700)]


def stopped(ended: RunResult) -> Report:
    """Return the report of a run that a guard has stopped."""
    assert isinstance(ended.error, StoppedError)
    check_sums(ended.report)
    assert ended.report.contacts == ended.report.values_to_send > 0
    return ended.report


@pytest.mark.parametrize("guards", GUARDS)
@pytest.mark.parametrize("window", [300, 650, 1_000_000])
def test_guard(file: Path, guards: Guards, window: int) -> None:
    """A guard stops push and dry-run at the same place: the same counts, to the last value."""
    guarded = settings(file, guards=guards, window=window)
    lines: list[bytes] = []
    foreseen = stopped(dry_run(guarded, RunCallbacks(), on_request=lines.append))
    with connected() as (sandbox, api):
        report = stopped(push(guarded, RunCallbacks(), api))
        posts = [one for one in sandbox.requests if one.path.endswith("/SegmentationField")]
    check_contacts(report)
    assert len(posts) == len(lines)
    for count in ("lines", "rejected", "updates", "superseded", "values_to_send", "contacts"):
        assert getattr(report, count) == getattr(foreseen, count)


def test_too_much_is_refused(file: Path) -> None:
    """What Listrak refuses counts among the rejects: over the limit, nothing more is sent."""
    behaviour = faulty(Reply(status=400, error="ERROR_X", message="No."), after=1)
    guarded = settings(file, guards=Guards(max_rejects=100), limits=Limits(1, 10_000))
    with connected(behaviour) as (sandbox, api):
        ended = push(guarded, RunCallbacks(), api, DeliveryOptions(in_flight=1))
        posts = [one for one in sandbox.requests if one.path.endswith("/SegmentationField")]
    report = stopped(ended)
    check_contacts(report)
    assert len(posts) < 20
    assert report.unsent > 1000


def test_journal_that_fails(file: Path, tmp_path: Path) -> None:
    """A journal that takes no more windows ends the run; what it did not take is unsent."""
    path = tmp_path / "j.sqlite3"

    def spoil(*_: object) -> None:
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DROP TABLE IF EXISTS runs")

    with Journal(path) as journal, connected() as (sandbox, api):
        journal.begin(b"{}")
        ended = push(
            settings(file, window=4_000), RunCallbacks(on_progress=spoil), api, journal=journal
        )
        held = sum(map(len, sandbox.values().values()))
    assert isinstance(ended.error, SettingsError)
    assert "j.sqlite3: the journal cannot be used" in ended.error.message
    check_sums(ended.report)
    check_contacts(ended.report)
    assert ended.report.unsent > 0
    assert held == sum(one.accepted for one in ended.report.lists.values())


def test_journal_that_takes_no_answers(file: Path, tmp_path: Path) -> None:
    """A journal that takes no answer ends the run; every contact is answered for all the same."""
    path = tmp_path / "j.sqlite3"
    with Journal(path) as journal, connected() as (_, api):
        journal.begin(b"{}")
        with closing(sqlite3.connect(path)) as other, other:
            other.execute(
                "CREATE TRIGGER t BEFORE UPDATE ON batches BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        ended = push(settings(file, window=1_000_000), RunCallbacks(), api, journal=journal)
    assert isinstance(ended.error, SettingsError)
    check_sums(ended.report)
    check_contacts(ended.report)
    assert ended.report.unsent > 0


def test_rejects_that_fail_are_read_again(file: Path, tmp_path: Path) -> None:
    """Where rejects could not be kept, a resumed run reads on from before them."""
    kept: list[Reject | RefusedContact] = []
    with Journal(tmp_path / "j.sqlite3") as journal, connected() as (sandbox, api):
        journal.begin(b"{}")
        first = push(settings(file), RunCallbacks(on_reject=Failing(70)), api, journal=journal)
        assert first.error is FULL
        (info,) = journal.runs()
        assert (info.is_finished, info.position) == (False, Checkpoint())
        again = push(
            settings(file, start=info.position),
            RunCallbacks(on_reject=kept.append),
            api,
            journal=journal,
        )
        assert again.error is None
        assert journal.runs()[0].is_finished
        assert len(sandbox.values()[7]) == EVENTS // 2 - EVENTS // 100 // 2
    assert len([one for one in kept if isinstance(one, Reject)]) == EVENTS // 100


@pytest.mark.parametrize("window", [650, 1_000_000])
def test_jobs(file: Path, tmp_path: Path, window: int) -> None:
    """However many processes evaluate, a guard stops at the same line with the same counts."""
    packed, long = tmp_path / "packed.gz", tmp_path / "long"
    packed.write_bytes(gzip.compress(file.read_bytes(), 1))
    long.write_bytes(file.read_bytes() * 4)
    assert long.stat().st_size > LARGE_BYTES
    sources = expand([str(packed), str(long), str(file)])
    guarded = settings(file, sources=sources, guards=Guards(max_rejects=300), window=window)
    one = stopped(dry_run(guarded, RunCallbacks()))
    two = stopped(dry_run(replace(guarded, jobs=2), RunCallbacks()))
    assert counts(one) == counts(two)


@pytest.mark.parametrize("jobs", [1, 2])
def test_from_any_window(file: Path, tmp_path: Path, jobs: int) -> None:
    """From where any window ended, the rest follows, also within a compressed file."""
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(file.read_bytes(), 1))
    assert packed.stat().st_size > LARGE_COMPRESSED_BYTES
    sources = expand([str(packed), str(file), str(packed)])
    given = settings(file, sources=sources, window=1_500, jobs=jobs)

    def windows(start: Checkpoint) -> list[tuple[Checkpoint, list[Contact]]]:
        run = Run(replace(given, start=start), RunCallbacks(), Stop())
        return [(run.checkpoint, _placed(run, window)) for window in run.windows()]

    whole = windows(Checkpoint())
    assert len(whole) > 10
    assert any(position.checked is not None for position, _ in whole)
    for index, (position, _) in enumerate(whole, 1):
        rest = windows(position)
        assert [contacts for _, contacts in rest] == [contacts for _, contacts in whole[index:]]


def _placed(run: Run, window: Window) -> list[Contact]:
    """Return a window's contacts, their file's index left out: a resumed run counts anew."""
    return [msgspec.structs.replace(contact, file=0) for contact in window.final()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_stopped_in_compressed_files(file: Path, tmp_path: Path, jobs: int) -> None:
    """A run that is stopped does not read compressed files to their end."""
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(file.read_bytes() * 20))
    sources = expand([str(packed), str(packed), str(file)])
    stop = Stop()
    callbacks = RunCallbacks(on_progress=lambda *_: stop.because(StoppedError("enough")))
    ended = dry_run(settings(file, sources=sources, jobs=jobs), callbacks, stop=stop)
    assert isinstance(ended.error, StoppedError)
    assert EVENTS // 4 < ended.report.lines < EVENTS * 20
    check_sums(ended.report)


@pytest.mark.parametrize(("route", "told"), [(LIST_IMPORT, True), (PROFILE_FIELDS, False)])
def test_many_field_sets_are_told(tmp_path: Path, route: Route, told: bool) -> None:  # noqa: FBT001
    """Where list imports are many because of the fields, their number is told before they go."""
    updates = tmp_path / "e.ndjson"
    with updates.open("w") as stream:
        for number in range(1, MANY_SETS + 2):
            properties = {f"p{bit}": "on" for bit in range(9) if number >> bit & 1}
            traits = {"email": f"c{number}@example.com"}
            event = {"type": "track", "context": {"traits": traits}, "properties": properties}
            stream.write(json.dumps(event) + "\n")
    mappings = "mappings:\n" + "".join(
        f'  - trigger: properties.p{bit} = "on"\n    list_id: 7\n'
        f"    profile_field_values: {{{bit + 1}: on}}\n"
        for bit in range(9)
    )
    settings = RunSettings(expand([str(updates)]), parse("m.yaml", mappings), route=route)
    notes: list[str] = []
    requests: list[bytes] = []
    dry_run(settings, RunCallbacks(on_note=notes.append), on_request=requests.append)
    assert len(notes) == told
    if told:
        assert len(requests) == MANY_SETS + 1
        assert f"{len(requests):,} requests or more" in notes[0]


def test_window_of_long_values(tmp_path: Path) -> None:
    """A window goes out early where its values are long: each value once, as with one window."""
    path = tmp_path / "long.ndjson"
    lines = (
        {
            "type": "track",
            "event": "Entered",
            "context": {"traits": {"email": f"c{number}@example.com"}},
            "properties": {"text": "x" * 20_000},
        }
        for number in range(200)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    mapping = """\
mappings:
  - trigger: event = "Entered"
    list_id: 12345
    profile_field_values: {789: {"@path": $.properties.text}}
"""
    given = RunSettings(expand([str(path)]), parse("m.yaml", mapping), jobs=1)
    whole = Run(given, RunCallbacks(), Stop())
    (one,) = whole.windows()
    run = Run(replace(given, window_bytes=500_000), RunCallbacks(), Stop())
    parts = list(run.windows())
    assert len(parts) > 1
    assert [contact for part in parts for contact in part.final()] == list(one.final())
