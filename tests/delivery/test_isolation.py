"""Listrak's refusals are found in a bounded number of requests; all other contacts are accepted."""

from __future__ import annotations

import threading
from math import log2
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Batch, Limits, Route, batches
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.isolation import FEW, Isolation
from listrak_sync.delivery.receipts import AcceptedBatch, RefusedBatch
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import NotFound, TooLarge, Verdict
from listrak_sync.reasons import Reason
from listrak_sync.sandbox import Account, Behaviour, Reply, Sandbox
from tests.delivery.conftest import Outcome, connected, contact, deliver, faulty, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST = 300
WRONG = 99
WORDS = "ERROR_INVALID_PARAMETER: The value of {} cannot be used."
SPREAD = st.integers(1, MOST).flatmap(
    lambda count: st.tuples(st.just(count), st.sets(st.integers(0, count - 1), max_size=12))
)
CLUSTER = st.integers(100, MOST).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.builds(
            lambda start, length: set(range(start, min(start + length, count))),
            st.integers(0, count - 1),
            st.integers(1, 40),
        ),
    )
)
FEWER = settings(max_examples=settings().max_examples // 3)
ROUTES = st.sampled_from([PROFILE_FIELDS, LIST_IMPORT])


class Meter:
    """A sandbox that refuses some addresses, and counts what it is asked."""

    def __init__(self, sandbox: Sandbox, api: Api) -> None:
        self.sandbox = sandbox
        self.api = api

    def imports(self) -> int:
        """Return how many imports were asked for so far."""
        return sum(one.path.startswith("/email/") for one in self.sandbox.requests)

    def send(self, made: Sequence[Batch], in_flight: int = 1) -> tuple[Outcome, int]:
        """Send batches; return what came of it, and for how many requests."""
        before = self.imports()
        outcome = deliver(self.api, [made], in_flight=in_flight)
        assert outcome.stop.error is None
        return outcome, self.imports() - before


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    """Give a sandbox that refuses the addresses `bad…`."""
    poisoned = frozenset(f"bad{number}@example.com" for number in range(MOST))
    account = Account.of_fields({7: {1: None, 2: None}})
    with Sandbox(account, Behaviour(poisoned=poisoned), keep=1_000_000) as sandbox:
        addresses = Addresses(sandbox.api_url, sandbox.auth_url)
        with Api(addresses, Credentials("sandbox", "sandbox")) as api:
            yield Meter(sandbox, api)


def with_bad(
    count: int, bad: set[int], route: Route = PROFILE_FIELDS, each: int = MOST
) -> list[Batch]:
    """Return batches of so many contacts, some of which Listrak refuses."""
    contacts = [
        Contact(
            7, f"{'bad' if number in bad else 'c'}{number}@example.com", ((1, "on"),), (0,), 0, 1
        )
        for number in range(count)
    ]
    return list(batches(lambda: contacts, route, Limits(each, 1_000_000)))


def bound(count: int, bad: int, sent: int = 1) -> float:
    """Return how many requests so many bad contacts may cost, in so many batches."""
    return sent - 1 + 2 * bad * log2(count) + 10


def refused(outcome: Outcome) -> set[str]:
    """Return the addresses that were refused."""
    return {email for _, email in outcome.contacts(RefusedBatch)}


@given(SPREAD, ROUTES)
def test_exactly_the_bad_ones(meter: Meter, drawn: tuple[int, set[int]], route: Route) -> None:
    """Exactly the bad contacts are refused, in Listrak's words, and within the bound."""
    count, bad = drawn
    assume(len(bad) < FEW)
    outcome, requests = meter.send(with_bad(count, bad, route))
    assert refused(outcome) == {f"bad{number}@example.com" for number in bad}
    assert len(outcome.contacts()) == count
    assert requests <= bound(count, len(bad))
    for receipt in outcome.receipts:
        if isinstance(receipt, RefusedBatch):
            assert receipt.reason == "refused_by_listrak"
            assert receipt.detail.startswith(WORDS.format("emailAddress"))


@FEWER
@given(SPREAD, st.integers(1, 60), st.sampled_from([1, 4]))
def test_any_bad_ones(meter: Meter, drawn: tuple[int, set[int]], each: int, in_flight: int) -> None:
    """However many are bad, each contact is answered for once, and no good one is sent in vain."""
    count, bad = drawn
    made = with_bad(count, bad, each=each)
    outcome, requests = meter.send(made, in_flight)
    meant = {f"bad{number}@example.com" for number in bad}
    assert len(outcome.contacts()) == len(set(outcome.contacts())) == count
    assert refused(outcome) >= meant
    assert requests <= bound(count, len(bad), len(made))
    alone = {
        one.email_address
        for receipt in outcome.receipts
        if isinstance(receipt, RefusedBatch) and receipt.reason == "refused_by_listrak"
        for one in receipt.batch.contacts
    }
    assert alone <= meant
    assert len(alone) >= FEW or refused(outcome) == meant


@FEWER
@given(CLUSTER, st.sampled_from([1, 4]))
def test_bad_neighbours(meter: Meter, drawn: tuple[int, set[int]], in_flight: int) -> None:
    """Bad contacts in a row are not taken for a fault of the list: the others get through."""
    count, bad = drawn
    outcome, requests = meter.send(with_bad(count, bad), in_flight)
    assert refused(outcome) == {f"bad{number}@example.com" for number in bad}
    assert requests <= bound(count, len(bad))


@pytest.mark.parametrize("in_flight", [1, 4, 8])
def test_each_batch_begins_badly(meter: Meter, in_flight: int) -> None:
    """Senders that all meet a bad contact first do not give the list up together."""
    bad = set(range(0, 240, 20))
    outcome, requests = meter.send(with_bad(240, bad, each=20), in_flight)
    assert refused(outcome) == {f"bad{number}@example.com" for number in bad}
    assert requests <= bound(240, len(bad), 12)


def setting(fields: Sequence[int], count: int, start: int = 0) -> list[Contact]:
    """Return contacts that set certain fields."""
    values = tuple((field, "on") for field in fields)
    return [
        Contact(7, f"c{number}@example.com", values, (0,), 0, number)
        for number in range(start, start + count)
    ]


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("route", [PROFILE_FIELDS, LIST_IMPORT])
@pytest.mark.parametrize("each", [1, 10_000])
def test_a_fault_of_the_whole_list(meter: Meter, each: int, route: Route, in_flight: int) -> None:
    """A list whose every contact is refused alike is given up after a few, with Listrak's words."""
    contacts = setting([WRONG], 2000)
    made = list(batches(lambda: contacts, route, Limits(each, 1_000_000)))
    outcome, requests = meter.send(made, in_flight)
    assert len(refused(outcome)) == 2000
    assert requests <= 10 + 2 * log2(2000) + in_flight
    reasons = {receipt.reason for receipt in outcome.receipts if isinstance(receipt, RefusedBatch)}
    assert reasons == {"refused_by_listrak", "list_refused"}
    assert {
        receipt.detail for receipt in outcome.receipts if isinstance(receipt, RefusedBatch)
    } == {WORDS.format("segmentationFieldId")}


@pytest.mark.parametrize("in_flight", [1, 4])
def test_a_fault_of_one_field(meter: Meter, in_flight: int) -> None:
    """Where one field of a list is wrong, what sets it is given up, and all others get through."""
    contacts = [
        one
        for number in range(0, 3000, 3)
        for one in (
            *setting([1], 1, number),
            *setting([WRONG], 1, number + 1),
            *setting([2, WRONG], 1, number + 2),
        )
    ]
    made = list(batches(lambda: contacts, PROFILE_FIELDS, Limits(500, 1_000_000)))
    outcome, requests = meter.send(made, in_flight)
    assert outcome.contacts(AcceptedBatch) == sorted(
        (7, f"c{number}@example.com") for number in range(0, 3000, 3)
    )
    assert requests <= 150


def test_words_that_differ(meter: Meter) -> None:
    """Refusals in a row that differ are not a fault of the list."""
    contacts = [
        Contact(7, f"c{number}@example.com", ((WRONG if number % 2 else 1, "on"),), (0,), 0, 1)
        if number % 2
        else Contact(7, f"bad{number}@example.com", ((1, "on"),), (0,), 0, 1)
        for number in range(8)
    ]
    made = list(batches(lambda: contacts, PROFILE_FIELDS, Limits(1, 1_000_000)))
    outcome, _ = meter.send([*made, *with_bad(3, set())])
    details = [one.detail for one in outcome.receipts if isinstance(one, RefusedBatch)]
    assert details[:8:2] == [WORDS.format("emailAddress")] * 4
    assert details[1:8:2] == [WORDS.format("segmentationFieldId")] * 4
    assert len(outcome.contacts(AcceptedBatch)) == 3


def test_a_list_is_judged_by_itself() -> None:
    """A list that is given up takes no other list with it."""
    with connected(account=Account.of_fields({7: {1: None}, 8: {WRONG: None}})) as (_, api):
        made = [*some(50, 8, each=10), *some(50, 7, each=10)]
        outcome = deliver(api, [made], in_flight=1)
    assert outcome.contacts(AcceptedBatch) == sorted(
        (7, f"c{number}@example.com") for number in range(50)
    )
    assert len(outcome.contacts(RefusedBatch)) == 50


@pytest.mark.parametrize("route", [PROFILE_FIELDS, LIST_IMPORT])
@pytest.mark.parametrize("status", [404, 413])
@pytest.mark.parametrize("limit", [900, 4000])
def test_too_large(status: int, limit: int, route: Route) -> None:
    """A body over the limit is cut until it fits; what is sent later is cut before it is sent."""
    behaviour = Behaviour(body_limit=limit, body_limit_status=404 if status == 404 else 413)
    with connected(behaviour) as (sandbox, api):
        contacts = [contact(number) for number in range(1000)]
        made = list(batches(lambda: contacts, route, Limits(200, 1_000_000)))
        outcome = deliver(api, [made], in_flight=1)
        bodies = [len(one.body) for one in sandbox.requests if one.path.startswith("/email/")]
        lookups = sum(one.path.endswith("/List/7") for one in sandbox.requests)
    assert outcome.stop.error is None
    assert len(outcome.contacts(AcceptedBatch)) == 1000
    posts = [size for size in bodies if size]
    too_large = [size for size in posts if size > limit]
    assert len(too_large) <= 2 * log2(max(posts) / limit) + 1
    assert lookups == (1 if status == 404 else 0)


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize("verdict", [NotFound("HTTP 404", "No."), TooLarge("HTTP 413", "No.")])
def test_nothing_is_small_enough(
    verdict: Verdict, in_flight: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is there and takes not even small contacts is given up; others are not cut."""
    account, asked = Account.of_fields({7: {1: None}, 8: {1: None}}), []
    with connected(account=account) as (_, api):
        post = api.update_profile_fields

        def closed(list_id: int, body: bytes) -> Verdict:
            if list_id == 7:
                return post(list_id, body)
            asked.append(body)
            return verdict

        monkeypatch.setattr(api, "update_profile_fields", closed)
        made = [*some(2000, 8, each=500), *some(2000, 7, each=500)]
        outcome = deliver(api, [made], in_flight=in_flight)
    assert outcome.contacts(AcceptedBatch) == sorted(
        (7, f"c{number}@example.com") for number in range(2000)
    )
    assert len(outcome.contacts(RefusedBatch)) == 2000
    reasons = [each.reason for each in outcome.receipts if isinstance(each, RefusedBatch)]
    assert reasons.count(Reason.TOO_LARGE) <= FEW + 2 * in_flight
    assert len(asked) <= FEW + 2 * in_flight + in_flight * 2 * log2(500)
    assert sum(isinstance(each, AcceptedBatch) for each in outcome.receipts) == 4


def test_large_neighbours() -> None:
    """Contacts in a row that are too large are no fault of the list: smaller ones get through."""
    contacts = [
        Contact(7, f"c{number}@example.com", ((1, "x" * (3000 if number < 90 else 3)),), (0,), 0, 1)
        for number in range(100)
    ]
    made = list(batches(lambda: contacts, PROFILE_FIELDS, Limits(100, 1_000_000)))
    with connected(Behaviour(body_limit=1000)) as (_, api):
        outcome = deliver(api, [made], in_flight=1)
    assert refused(outcome) == {f"c{number}@example.com" for number in range(90)}


def test_missing_list_is_not_halved() -> None:
    """A 404 for a list that is not there costs two requests, and no halving."""
    with connected() as (sandbox, api):
        outcome = deliver(api, [some(1000, 99, each=500)], in_flight=1)
        asked = [one for one in sandbox.requests if "/List/99" in one.path]
    assert len(asked) == 2
    assert len(outcome.contacts(RefusedBatch)) == 1000


def test_smaller_than_the_limit() -> None:
    """A single contact over the limit is refused as too large; those beside it get through."""
    long = Contact(7, "long@example.com", ((1, "x" * 3000),), (0,), 0, 1)
    contacts = [contact(0), long, contact(1)]
    made = list(batches(lambda: contacts, PROFILE_FIELDS, Limits(10, 1_000_000)))
    with connected(Behaviour(body_limit=1000)) as (_, api):
        outcome = deliver(api, [made], in_flight=1)
    assert refused(outcome) == {"long@example.com"}
    assert len(outcome.contacts(AcceptedBatch)) == 2


def test_stopped_while_halving() -> None:
    """A stop during halving leaves the rest unsent, without halving it further."""
    behaviour = faulty(Reply(status=400, error="ERROR_INVALID_PARAMETER", message="No."))
    with connected(behaviour) as (sandbox, api):
        outcome = Outcome()

        def stop_soon() -> None:
            while sum(one.path.startswith("/email/") for one in sandbox.requests) < 3:
                threading.Event().wait(0.001)
            outcome.stop.because(RuntimeError("enough"))

        thread = threading.Thread(target=stop_soon)
        thread.start()
        deliver(api, [some(2**15, each=2**15)], in_flight=1, outcome=outcome)
        thread.join()
    assert len(outcome.contacts()) == 2**15
    assert len(outcome.receipts) <= 32


def test_healthy_batches_are_not_looked_into() -> None:
    """Where nothing was refused, the contacts of accepted batches are never looked at."""
    made = some(2, each=2)[0]
    opaque = Batch(made.list_id, made.route, made.body, _Opaque())
    isolation = Isolation()
    isolation.learn(AcceptedBatch(opaque, ("1",)), set(), whole=True)
    assert isolation.verdict_on(opaque) is None
    assert isolation.fitting(opaque) == [opaque]
    assert isolation.next_of([opaque]) == 0


class _Opaque(tuple[Contact, ...]):
    """Contacts that nobody may look at."""

    __slots__ = ()

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[Contact]:
        raise AssertionError
