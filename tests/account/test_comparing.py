"""Only what changes is sent, it is read back, and who is not in the input is switched off."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync import sync
from listrak_sync.account.list_reading import FEW, FIELDS_AT_ONCE
from listrak_sync.account.values import is_same
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy, Timing
from listrak_sync.errors import StoppedError, UnreachableError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.sources import Source
from listrak_sync.listrak import api as api_module
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import parse
from listrak_sync.progress import Comparing, Ended, Reading, Verifying, Waiting
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import Order, RouteChoice, RunSettings
from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
    Reply,
    Rule,
    Sandbox,
)
from listrak_sync.tasks import PushOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from listrak_sync.progress import Step
    from listrak_sync.sandbox.account import DataType
    from listrak_sync.sync import RunResult

PAGE = 50
"""How many contacts a page has in these tests."""

LIST = 7
BOX, TEXT, NUMBER = 1, 2, 3
TYPES: dict[int, DataType] = {BOX: "CheckBox", TEXT: "Text", NUMBER: "Numeric"}
QUICK = Timing(rest=lambda event, seconds: event.wait(min(seconds, 0.001)))
HASTY = DeliveryOptions(policy=RetryPolicy(attempts=2, first=0.001, longest=0.001), timing=QUICK)
MAPPINGS = parse(
    "m.yaml",
    json.dumps(
        {
            "mappings": [
                {
                    "name": "VIP",
                    "trigger": 'type = "track"',
                    "list_id": LIST,
                    "audience_key": "vip",
                    "profile_field_values": {str(BOX): "useAudienceKey"},
                }
            ]
        }
    ),
)


@pytest.fixture(autouse=True, scope="module")
def _small_pages() -> Iterator[None]:
    """Ask for small pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api_module, "PAGE", PAGE)
        yield


def member(name: str, *, vip: bool = True) -> str:
    """Return an event that says whether somebody is in the audience."""
    event = {
        "type": "track",
        "event": "Audience Entered" if vip else "Audience Exited",
        "properties": {"audience_key": "vip", "vip": vip},
        "context": {"traits": {"email": f"{name}@example.com"}},
    }
    return json.dumps(event)


def account(
    contacts: Mapping[str, Mapping[int, str]],
    unsubscribed: Sequence[str] = (),
    types: Mapping[int, DataType] = TYPES,
) -> Account:
    """Return an account with one list."""
    fields = tuple(
        AccountField(id=id_, name=f"F{id_}", data_type=type_) for id_, type_ in types.items()
    )
    named = {f"{name}@example.com": dict(values) for name, values in contacts.items()}
    gone = frozenset(f"{name}@example.com" for name in unsubscribed)
    groups = (AccountFieldGroup(id=1, fields=fields),)
    return Account(lists=(MailingList(id=LIST, groups=groups, contacts=named, unsubscribed=gone),))


@dataclass
class Bench:
    """A sandbox, and runs against it; notes and details are what was told."""

    sandbox: Sandbox
    api: Api
    folder: Path
    told: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def settings(self, lines: Sequence[str], **more: Any) -> RunSettings:
        """Return the settings of a run of some lines."""
        return RunSettings([self.file(lines)], MAPPINGS, **more)

    def file(self, lines: Sequence[str]) -> Source:
        """Write lines to a file."""
        path = self.folder / f"{next(self.numbers)}.ndjson"
        path.write_text("".join(f"{line}\n" for line in lines))
        return Source(str(path))

    def push(
        self,
        lines: Sequence[str],
        *,
        verify: float | None = None,
        options: DeliveryOptions = HASTY,
        journal: Journal | None = None,
        **more: Any,
    ) -> RunResult:
        """Push lines; what is not given otherwise sends only changes."""
        more = {"only_changes": True} | more
        callbacks = RunCallbacks(on_note=self.told.append, on_detail=self.told.append)
        return sync.push(
            self.settings(lines, **more),
            callbacks,
            self.api,
            options,
            verify=verify,
            journal=journal,
        )

    def plan(self, lines: Sequence[str], **more: Any) -> tuple[RunResult, list[dict[str, Any]]]:
        """Plan lines; return the changes as well."""
        found: list[dict[str, Any]] = []
        ended = sync.plan(
            self.settings(lines, **more),
            RunCallbacks(),
            self.api,
            HASTY,
            on_change=lambda line: found.append(json.loads(line)),
        )
        return ended, found

    @property
    def posts(self) -> int:
        """How many imports were asked for."""
        return sum(one.method == "POST" and "/List/" in one.path for one in self.sandbox.requests)

    def reads(self, of: str) -> int:
        """How many requests read pages, or single contacts."""
        paths = [one.path for one in self.sandbox.requests if one.method == "GET"]
        pages = sum(path.endswith("/Contact") for path in paths)
        return pages if of == "pages" else sum("/Contact/" in path for path in paths)

    def on(self) -> set[str]:
        """Who is on."""
        values = self.sandbox.values()[LIST]
        return {email.partition("@")[0] for email, held in values.items() if held.get(BOX) == "on"}


@contextmanager
def running(folder: Path, held: Account, behaviour: Behaviour | None = None) -> Iterator[Bench]:
    """Give a sandbox and what runs against it."""
    with (
        Sandbox(held, behaviour) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", "sandbox")) as api,
    ):
        yield Bench(sandbox, api, folder)


SHOP = account({"ann": {}, "ben": {BOX: "on"}, "dora": {BOX: "on"}, "finn": {BOX: "off"}}, ["cid"])
PEOPLE = [member("ANN"), member("ben"), member("cid"), member("eve"), member("finn", vip=False)]


def test_only_changes(tmp_path: Path) -> None:
    """What is right is not sent, nor who is not there; the sums hold all of them."""
    with running(tmp_path, SHOP) as bench:
        report = bench.push(PEOPLE).report
        assert bench.on() == {"ann", "ben", "dora"}
        entry = report.lists[LIST]
        counted = entry.accepted, entry.already_right, entry.not_on_list, entry.unsubscribed
        assert counted == (1, 2, 1, 1)
        assert report.contacts == entry.contacts == 5
        assert (report.values, report.values_to_send, report.already_right) == (5, 1, 2)
        assert (report.not_on_list, report.unsubscribed) == (1, 1)
        again = bench.push(PEOPLE).report
        assert (again.values_to_send, bench.posts) == (0, 1)


def test_reject_unknown(tmp_path: Path) -> None:
    """Who is not there is rejected where that is wanted, and counts against --max-rejects."""
    with running(tmp_path, SHOP) as bench:
        ended = bench.push(PEOPLE, reject_unknown=True)
        assert dict(ended.report.refused) == {"not_on_list": 1, "unsubscribed": 1}
        stopped = bench.push(PEOPLE, reject_unknown=True, guards=Guards(max_rejects=1))
        assert isinstance(stopped.error, StoppedError)
        assert bench.posts == 1


def test_plan(tmp_path: Path) -> None:
    """A plan says what a push would change, for whom and from what, and changes nothing."""
    with running(tmp_path, SHOP) as bench:
        ended, changes = bench.plan(PEOPLE)
        one = ended.report.plan[LIST]
        assert (one.contacts, one.to_change, one.already_right) == (5, 1, 2)
        assert (one.not_on_list.first, one.unsubscribed.first) == (
            ["eve@example.com"],
            ["cid@example.com"],
        )
        (box,) = one.fields
        assert (box.name, box.switch_on.first, box.switch_off.contacts) == (
            "F1",
            ["ann@example.com"],
            0,
        )
        assert ended.report.requests == 1
        assert [(line["email_address"].partition("@")[0], line["state"]) for line in changes] == [
            ("ann", "subscribed"),
            ("cid", "unsubscribed"),
            ("eve", "not_on_list"),
        ]
        assert changes[0]["changes"] == {"1": {"from": None, "to": "on"}}
        assert bench.posts == 0


def test_mirror(tmp_path: Path) -> None:
    """Who is on and not in the input is switched off, and nobody else is; plan shows it before."""
    with running(tmp_path, SHOP) as bench:
        planned, changes = bench.plan(PEOPLE, mirror=True)
        assert planned.report.switched_off == {(LIST, BOX): 1}
        assert changes[-1]["changes"] == {"1": {"from": "on", "to": "off"}}
        ended = bench.push(PEOPLE, mirror=True, verify=5)
        assert ended.error is None
        assert bench.on() == {"ann", "ben"}
        assert "list 7, field 1: 1 contact is switched off, not being in the input" in bench.told
        assert ended.report.verified[LIST].seen == 2
        assert bench.plan(PEOPLE, mirror=True)[0].report.values_to_send == 0


ALONE = parse(
    "m.yaml",
    json.dumps(
        {
            "mappings": [
                {
                    "name": "alone",
                    "trigger": 'type = "track"',
                    "list_id": LIST,
                    "audience_key": "vip",
                    "enable_batching": False,
                    "profile_field_values": {str(BOX): "useAudienceKey", str(TEXT): "seen"},
                },
                {
                    "name": "together",
                    "trigger": 'type = "identify"',
                    "list_id": LIST,
                    "profile_field_values": {str(BOX): "off"},
                },
            ]
        }
    ),
)
LEFT = json.dumps({"type": "identify", "traits": {"email": "ben@example.com"}})


@pytest.mark.parametrize(
    ("lines", "sent", "requests"),
    [
        ([member("ben")], 1, 1),
        ([member("finn"), member("finn", vip=False)], 1, 2),
        ([member("ben", vip=False), LEFT], 2, 2),
    ],
)
def test_what_goes_alone(tmp_path: Path, lines: list[str], sent: int, requests: int) -> None:
    """What goes out alone is left out as well where it is right in the end."""
    with running(tmp_path, SHOP) as bench, running(tmp_path, SHOP) as plain:
        run = replace(bench.settings(lines, only_changes=True), mappings=ALONE)
        report = sync.push(run, RunCallbacks(), bench.api, HASTY).report
        assert (report.lists[LIST].requests, bench.posts) == (requests, requests)
        assert report.values_to_send >= sent
        sync.push(replace(run, only_changes=False), RunCallbacks(), plain.api, HASTY)
        assert plain.sandbox.values() == bench.sandbox.values()
        assert sync.push(run, RunCallbacks(), bench.api, HASTY).report.values_to_send == 0


def test_without_types(tmp_path: Path) -> None:
    """Where types may not be looked up, values compare as text, and that is told."""
    held = msgspec.structs.replace(SHOP, areas=frozenset({"Contact", "List"}))
    with running(tmp_path, held, Behaviour(box_on="True")) as bench:
        assert bench.push([member("ben")]).report.values_to_send == 1
        assert any("may not be looked up" in line for line in bench.told)


@pytest.mark.parametrize("only_changes", [True, False])
def test_unsubscribed_are_not_mirrored(tmp_path: Path, *, only_changes: bool) -> None:
    """Who is unsubscribed is not switched off."""
    held = account({"ann": {}, "gone": {BOX: "on"}}, ["gone"])
    with running(tmp_path, held) as bench:
        report = bench.push([member("ann")], mirror=True, only_changes=only_changes).report
        assert report.switched_off == {(LIST, BOX): 0}
        assert bench.on() == {"ann", "gone"}


CUT = '{"type": "track", "event": "Audi'


@pytest.mark.parametrize(
    ("lines", "more", "words"),
    [
        ([member("ann"), "x", member("ben")], {}, "rejects: 1, so the input may lack"),
        ([member("ann"), CUT], {"guards": Guards(max_rejects=5)}, "the input is cut off"),
        ([member("ann", vip=False)], {}, "nobody is on for field 1 of list 7"),
        ([], {}, "nobody is on for field 1 of list 7"),
        ([member("ann"), member("ben")], {"window": 1}, "more than one window"),
        ([member("zoe")], {"guards": Guards().switching_off()}, "2 of 3 values are off"),
    ],
)
@pytest.mark.parametrize("how", ["mirror", "previous", "dry-run"])
def test_guards(
    tmp_path: Path, lines: list[str], more: dict[str, Any], words: str, how: str
) -> None:
    """Nobody is switched off for an input that may not be whole, and nothing is sent."""
    with running(tmp_path, SHOP) as bench:
        before = bench.file([member("ben"), member("dora")])
        if how == "dry-run":
            run = bench.settings(lines, previous=[before], **more)
            ended = sync.dry_run(run, RunCallbacks())
        elif how == "previous":
            ended = bench.push(lines, previous=[before], **more)
        else:
            ended = bench.push(lines, mirror=True, **more)
        assert isinstance(ended.error, StoppedError)
        assert words in str(ended.error)
        assert bench.posts == 0


def test_some_rejects_may_be_allowed(tmp_path: Path) -> None:
    """Within --max-rejects, a mirror goes on."""
    lines = [member("ann"), "x", member("ben")]
    with running(tmp_path, SHOP) as bench:
        ended = bench.push(lines, mirror=True, guards=Guards(max_rejects=1))
        assert (ended.error, bench.on()) == (None, {"ann", "ben"})


def test_nothing_to_mirror(tmp_path: Path) -> None:
    """Without a mapping that switches a box on, a mirror is refused as an option."""
    with running(tmp_path, SHOP) as bench:
        run = replace(bench.settings([], mirror=True), mappings=())
        with pytest.raises(UsageError):
            sync.push(run, RunCallbacks(), bench.api)


def test_previous(tmp_path: Path) -> None:
    """Who was on by an earlier input and is not mentioned now is switched off, byte for byte."""
    with running(tmp_path, SHOP) as bench:
        earlier = [member("ben"), member("Dora"), member("ghost", vip=False)]
        run = bench.settings([member("ben")], previous=[bench.file(earlier)])
        shown: list[bytes] = []
        assert sync.dry_run(run, RunCallbacks(), on_request=shown.append).error is None
        bodies: list[bytes] = []
        with Sandbox(SHOP, keep_bodies=True) as other:
            addresses = Addresses(other.api_url, other.auth_url)
            with Api(addresses, Credentials("sandbox", "sandbox")) as api:
                ended = sync.push(run, RunCallbacks(), api, HASTY)
            bodies = [one.body for one in other.requests if one.path.endswith("ationField")]
            values = other.values()[LIST]
        assert ended.report.switched_off == {(LIST, BOX): 1}
        assert [line.partition(b'"body": ')[2][:-1] for line in shown] == bodies
        assert b"Dora@example.com" in bodies[0]
        assert (values["ben@example.com"], values["dora@example.com"]) == ({1: "on"}, {1: "off"})


@pytest.mark.parametrize(
    ("others", "people", "pages", "single"),
    [(3, 2, 0, 2), (3, 10, 1, 0), (PAGE + 10, 12, 1, 12), (3 * PAGE, FEW + 2, 4, 0)],
)
def test_fewest_requests(tmp_path: Path, others: int, people: int, pages: int, single: int) -> None:
    """Few contacts of a long list are asked for one by one, others are read by pages."""
    names = [f"p{number}" for number in range(people)]
    held = {f"o{number}": {BOX: "off"} for number in range(others)} | {name: {} for name in names}
    with running(tmp_path, account(held)) as bench:
        report = bench.push(list(map(member, names))).report
        assert report.lists[LIST].accepted == people
        assert (bench.reads("pages"), bench.reads("single")) == (pages, single)


def test_lists_without_pages(tmp_path: Path) -> None:
    """Where Listrak does not give pages, every contact is asked for."""
    names = [f"p{number}" for number in range(FEW + 5)]
    with running(tmp_path, Account.of_fields({LIST: {BOX: "CheckBox"}})) as bench:
        assert bench.push(list(map(member, names)), verify=5).report.verified[LIST].seen == FEW + 5
        assert bench.push(list(map(member, names))).report.values_to_send == 0
        assert isinstance(bench.push([member("a")], mirror=True).error, StoppedError)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(box_on="True", box_off="0", box_unset="", next_page="address"),
        Behaviour(box_on="Checked", box_off=None),
        Behaviour(import_delay=0.05, show_delay=0.05),
        Behaviour(resource_ids="one", import_delay=0.05),
    ],
)
def test_verify(tmp_path: Path, behaviour: Behaviour) -> None:
    """What was sent is read back however boxes are spelled and however late it shows."""
    with running(tmp_path, SHOP, behaviour) as bench:
        report = bench.push(PEOPLE, verify=30, only_changes=False).report
        found = report.verified[LIST]
        assert (found.seen, found.not_on_list, found.unsubscribed, found.amiss) == (3, 1, 1, 0)
        before = bench.posts
        assert bench.push(PEOPLE).report.values_to_send == 0
        assert bench.plan(PEOPLE)[0].report.values_to_send == 0
        assert bench.posts == before


def test_verify_in_vain(tmp_path: Path) -> None:
    """What never shows is told apart: nothing held, and another value."""
    with running(tmp_path, SHOP, Behaviour(show_delay=1e6)) as bench:
        people = [member("ann"), member("finn")]
        found = bench.push(people, verify=0.01).report.verified[LIST]
        assert (found.seen, found.not_seen_yet, found.other_value) == (0, 1, 1)


def test_refused_contacts_are_not_verified(tmp_path: Path) -> None:
    """Whom Listrak refuses is not waited for."""
    poisoned = Behaviour(poisoned=frozenset({"ann@example.com"}))
    with running(tmp_path, SHOP, poisoned) as bench:
        report = bench.push([member("ann"), member("finn")], verify=30).report
        assert report.verified[LIST] == type(report.verified[LIST])(seen=1)


def test_many_fields(tmp_path: Path) -> None:
    """More fields than a request may ask for are read in several passes."""
    types: dict[int, DataType] = dict.fromkeys(range(1, 2 * FIELDS_AT_ONCE + 6), "Text")
    people = {f"p{number}": dict.fromkeys(types, "x") for number in range(4)}
    update = {
        "list_id": LIST,
        "email_address": "P1@example.com",
        "fields": {str(field): "y" if field == 65 else "x" for field in types},
    }
    with running(tmp_path, account(people, types=types)) as bench:
        report = bench.push([json.dumps(update)], verify=5).report
        assert (report.already_right, report.values_to_send) == (64, 1)
        assert report.verified[LIST].seen == 1
        assert bench.plan([json.dumps(update)])[0].report.values_to_send == 0


def test_windows_without_ids(tmp_path: Path) -> None:
    """Where what was sent may not show yet, the rest of a list is sent without a comparison."""
    lines = [member("ann"), member("ben"), member("ann", vip=False)]
    late = Behaviour(show_delay=0.3)
    with running(tmp_path, SHOP, late) as bench:
        report = bench.push(lines, window=1).report
        assert bench.on() == {"ben", "dora"}
        assert report.values_to_send == 3
        assert sum("may not show yet" in line for line in bench.told) == 1
    with running(tmp_path, SHOP, late) as bench:
        report = bench.push(lines, window=1, verify=30).report
        assert bench.on() == {"ben", "dora"}
        assert report.values_to_send == 2


BROKEN = [Reply(status=503), Reply(status=200, body="<h1>"), Reply(status=403, error="ERROR_X")]


@pytest.mark.parametrize("mirror", [True, False])
@pytest.mark.parametrize("page", range(4))
@pytest.mark.parametrize("fault", BROKEN)
def test_a_reading_that_breaks_off(
    tmp_path: Path, fault: Reply, page: int, *, mirror: bool
) -> None:
    """Wherever a reading breaks off, nothing is sent; what is resumed compares anew."""
    held = {f"o{number}": {BOX: "on"} for number in range(2 * PAGE)}
    people: dict[str, dict[int, str]] = {f"p{number}": {} for number in range(FEW + 5)}
    lines = [member(name) for name in people] + [member("nobody")]
    lines += [member(f"o{number}") for number in range(PAGE + 1)]
    times = 1 if fault.status == 403 else HASTY.policy.attempts
    rule = Rule(action=fault, route="contacts", after=page, times=times)
    behaviour = Behaviour(faults=(rule,))
    with (
        running(tmp_path, account({**held, **people}, ["late"]), behaviour) as bench,
        Journal(tmp_path / "journal") as journal,
    ):
        options = PushOptions(
            mapping="m.yaml",
            mapping_sha256="",
            events=(),
            ignore_integrations=False,
            order=Order.timestamp,
            window=1,
            route=RouteChoice.auto,
            batch_contacts=None,
            batch_bytes=None,
        )
        addresses = Addresses(bench.sandbox.api_url, bench.sandbox.auth_url)
        journal.begin(options.encoded(addresses))
        ended = bench.push(lines, mirror=mirror, journal=journal)
        assert ended.error is not None
        assert ended.error.exit_status == (4 if fault.status == 403 else 5)  # type: ignore[attr-defined]  # of ours
        assert (bench.posts, ended.report.unsent) == (0, ended.report.contacts)
        journal.begin(options.encoded(addresses))
        again = bench.push(lines, mirror=mirror, journal=journal)
        assert (again.error, again.report.left_over, again.report.lists[LIST].accepted) == (
            None,
            0,
            FEW + 5 + mirror * (PAGE - 1),
        )


@dataclass(frozen=True)
class World:
    """What a list holds, and updates for it."""

    contacts: dict[str, dict[int, str]]
    unsubscribed: list[str]
    updates: list[dict[str, Any]]


NAMES = st.sampled_from(["ann", "ben", "cid", "dora", "eve"])
VALUES = {BOX: st.sampled_from(["on", "off"]), TEXT: st.sampled_from(["", "a", "on", "A"])}
VALUES[NUMBER] = st.sampled_from(["1", "1.0", "2"])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw what a list holds, and updates."""
    held = st.fixed_dictionaries({}, optional=VALUES)
    spelled = st.builds(lambda name, upper: name.upper() if upper else name, NAMES, st.booleans())
    given = st.fixed_dictionaries({}, optional=VALUES).filter(bool)
    pairs = draw(st.lists(st.tuples(spelled, given), max_size=12))
    return World(
        draw(st.dictionaries(NAMES, held, max_size=5)),
        draw(st.lists(NAMES, max_size=2)),
        [
            {
                "list_id": LIST,
                "email_address": f"{name}@example.com",
                "fields": {str(field): value for field, value in fields.items()},
            }
            for name, fields in pairs
        ],
    )


BEHAVIOURS = st.builds(
    Behaviour,
    box_on=st.sampled_from(["on", "True", "1"]),
    box_off=st.sampled_from([None, "off", "false"]),
    box_unset=st.sampled_from([None, "", "off"]),
    resource_ids=st.sampled_from(["one", "several", "empty"]),
    next_page=st.sampled_from(["cursor", "address"]),
    show_delay=st.sampled_from([0.0, 0.02]),
    faults=st.sampled_from(
        [(), (Rule(action=Reply(status=503), route="contacts", probability=0.2, times=3),)]
    ),
)


@settings(max_examples=40)
@given(world=worlds(), behaviour=BEHAVIOURS, window=st.sampled_from([1, 2, 100]))
def test_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, world: World, behaviour: Behaviour, window: int
) -> None:
    """Sending only changes leaves what a plain push leaves; then nothing is left to do."""
    folder = tmp_path_factory.mktemp("world")
    options = DeliveryOptions(policy=RetryPolicy(8, 0.001, 0.001), timing=QUICK)
    held = account(world.contacts, world.unsubscribed)
    lines = list(map(json.dumps, world.updates))
    with ExitStack() as stack:
        plain = stack.enter_context(
            running(folder, held, msgspec.structs.replace(behaviour, show_delay=0.0))
        )
        other = stack.enter_context(running(folder, held, behaviour))
        first = plain.push(lines, only_changes=False, window=window, options=options)
        second = other.push(lines, window=window, verify=5, options=options)
        for ended in (first, second):
            assert ended.error is None
            report = ended.report
            assert report.values == report.superseded + report.already_right + (
                report.not_on_list + report.unsubscribed + report.values_to_send
            )
            assert report.contacts == sum(each.contacts for each in report.lists.values())
        assert second.report.amiss == 0
        left, right = plain.sandbox.values()[LIST], other.sandbox.values()[LIST]
        assert left.keys() == right.keys()
        for email, values in left.items():
            for field_id, data_type in TYPES.items():
                held_here = right[email].get(field_id)
                assert is_same(data_type, values.get(field_id, ""), held_here), (email, field_id)
        before = other.posts
        if window == 100:
            assert other.plan(lines)[0].report.values_to_send == 0
            assert other.push(lines, options=options).report.values_to_send == 0
            assert other.posts == before


@settings(max_examples=25)
@given(world=worlds(), members=st.lists(NAMES, min_size=1, unique=True), behaviour=BEHAVIOURS)
def test_exactly_the_members(
    tmp_path_factory: pytest.TempPathFactory,
    world: World,
    members: list[str],
    behaviour: Behaviour,
) -> None:
    """After a mirror, exactly the members of the input who are subscribed are on."""
    folder = tmp_path_factory.mktemp("world")
    options = DeliveryOptions(policy=RetryPolicy(8, 0.001, 0.001), timing=QUICK)
    held = account(world.contacts, world.unsubscribed)
    there = {*world.contacts} - {*world.unsubscribed}
    with running(folder, held, behaviour) as bench:
        ended = bench.push(
            list(map(member, members)),
            mirror=True,
            verify=5,
            options=options,
            guards=Guards(max_off_ratio=1.0),
        )
        assert ended.error is None
        assert bench.on() & there == {*members} & there


def test_unreachable_is_no_traceback(tmp_path: Path) -> None:
    """A list that does not exist, or lacks a field, is told before anything is read."""
    with running(tmp_path, account({}, types={9: "Text"})) as bench:
        ended = bench.push([member("ann")])
        assert isinstance(ended.error, StoppedError)
        assert "list 7 has no profile field 1" in str(ended.error)
    missing = Behaviour(faults=(Rule(action=Reply(status=502), route="lookups"),))
    with running(tmp_path, SHOP, missing) as bench:
        assert isinstance(bench.push([member("ann")]).error, UnreachableError)


def test_progress(tmp_path: Path) -> None:
    """Every phase that reads is told: this input, the earlier one, and the list, read twice."""
    people = {f"p{number}": {BOX: "on"} for number in range(PAGE + 10)}
    told: list[Step | Ended] = []
    with running(tmp_path, account(people)) as bench:
        settings = replace(
            bench.settings([member("p1"), member("p2", vip=False)], mirror=True),
            previous=[bench.file([member("p3")])],
        )
        callbacks = RunCallbacks(on_progress=told.append)
        options = replace(HASTY, on_progress=told.append)
        assert sync.push(settings, callbacks, bench.api, options, verify=5).error is None
    reading = [each for each in told if isinstance(each, Reading)]
    assert [(each.is_earlier, each.lines) for each in reading] == [(False, 2), (True, 1)]
    assert [each.done for each in told if isinstance(each, Comparing)] == [PAGE, PAGE + 10]
    assert [each for each in told if isinstance(each, Verifying)]
    ended = [each.phase for each in told if isinstance(each, Ended)]
    assert ended == [Reading, Reading, Comparing, Verifying, Waiting]
