"""Every contact is sent and answered for, whatever the other side does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.delivery.delivery import Delivery, Phase
from listrak_sync.delivery.isolation import FEW
from listrak_sync.delivery.receipts import AcceptedBatch, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import DeliveryOptions, RetryPolicy
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import Accepted, Failure, Refused, Unavailable, Verdict
from listrak_sync.reasons import Reason
from listrak_sync.sandbox import Behaviour, Drop, Reply, Rule
from tests.delivery.conftest import Outcome, connected, contact, deliver, faulty, some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listrak_sync.batching.batches import Batch
    from listrak_sync.sandbox.behaviour import Action


class Scripted:
    """A route whose answers a test gives, by the count of the request from 1."""

    def __init__(self, answer: Callable[[int, int, bytes], Verdict]) -> None:
        self.answer = answer
        self.requests = 0
        self._lock = threading.Lock()

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:
        """Answer as scripted."""
        with self._lock:
            self.requests += 1
            number = self.requests
        return self.answer(number, list_id, body)

    def start_list_import(self, list_id: int, body: bytes) -> Verdict:  # noqa: ARG002 - a Listrak
        """Take no files."""
        raise AssertionError

    def list(self, list_id: int) -> object | Failure:
        """Know every list."""
        return list_id

    def import_finished(self, list_id: int, import_id: int) -> bool | Failure:  # noqa: ARG002 - a Listrak
        """Have ended every import."""
        return True


def emails(count: int, list_id: int = 7) -> list[tuple[int, str]]:
    """Return list and address of some contacts, sorted."""
    return sorted((list_id, f"c{number}@example.com") for number in range(count))


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize(
    "action",
    [
        Reply(status=503),
        Reply(status=500, body="<h1>Oops</h1>"),
        Reply(status=502),
        Reply(status=504, when="after"),
        Reply(status=408),
        Reply(status=429, error="ERROR_SLOW", message="Slow."),
        Reply(status=200, body="<h1>Proxy</h1>"),
        Drop(),
        Drop("after"),
    ],
)
def test_passing_failures(action: Action, in_flight: int) -> None:
    """Failures that pass are waited out: all values end up right, applied before or not."""
    with connected(faulty(action, times=3)) as (sandbox, api):
        outcome = deliver(api, [some(20, each=2)], in_flight=in_flight)
        assert outcome.stop.error is None
        assert outcome.contacts(AcceptedBatch) == outcome.contacts() == emails(20)
        assert sandbox.values()[7] == {email: {1: "on"} for _, email in emails(20)}
    assert len(outcome.time.rests) == 3


def test_back_off_grows() -> None:
    """Between attempts at a batch the rests double; none is taken for a success."""
    with connected(faulty(Reply(status=503), times=4)) as (_, api):
        outcome = deliver(api, [some(2)], in_flight=1)
    assert outcome.time.rests == [0.5, 1, 2, 4]


@pytest.mark.parametrize("in_flight", [1, 4])
def test_pause_asked_for(in_flight: int) -> None:
    """A pause that a reply asks for is kept to, and then all is sent."""
    reply = Reply(status=429, headers={"Retry-After": "240"})
    with connected(faulty(reply, times=1)) as (_, api):
        outcome = deliver(api, [some(8)], in_flight=in_flight)
    assert outcome.contacts(AcceptedBatch) == emails(8)
    assert outcome.time.now >= 240


def test_pause_holds_every_sender() -> None:
    """A pause asked for by one reply holds back every sender until it is over."""
    outcome = Outcome()
    both_send = threading.Barrier(2)
    held = threading.Event()
    begun: list[float] = []

    def passes() -> None:
        outcome.time.now += 30

    both_rest = threading.Barrier(2, passes)

    def rest(_: threading.Event, seconds: float) -> None:
        assert seconds == 30
        held.set()
        both_rest.wait(60)

    def answer(number: int, list_id: int, body: bytes) -> Verdict:
        begun.append(outcome.time.now)
        if number > 2:
            return Accepted()
        both_send.wait(60)
        if number == 1:
            return Unavailable("HTTP 429", 30)
        assert held.wait(60)
        return Accepted()

    timing = outcome.time.timing()
    timing.rest = rest
    outcome.time.timing = lambda: timing  # type: ignore[method-assign]  # rests for both at once
    deliver(Scripted(answer), [some(3)], in_flight=2, outcome=outcome)
    assert outcome.stop.error is None
    assert begun == [0, 0, 30, 30]
    assert outcome.contacts(AcceptedBatch) == emails(3)


@pytest.mark.parametrize("in_flight", [1, 4])
def test_token_runs_out(in_flight: int) -> None:
    """A token that is refused in the middle of a run is renewed, and nothing is lost."""
    with connected(Behaviour(token_uses=7)) as (sandbox, api):
        outcome = deliver(api, [some(30)], in_flight=in_flight)
        assert outcome.contacts(AcceptedBatch) == emails(30)
        assert len(sandbox.values()[7]) == 30
        tokens = [one for one in sandbox.requests if one.path == "/OAuth2/Token"]
    assert len(tokens) >= 5


@pytest.mark.parametrize("in_flight", [1, 4])
def test_missing_list(in_flight: int) -> None:
    """A list that is missing is refused by itself; the others are delivered."""
    with connected() as (sandbox, api):
        outcome = deliver(
            api, [[*some(5), *some(20, list_id=99), *some(5, 8)]], in_flight=in_flight
        )
        assert outcome.stop.error is None
        assert outcome.contacts(AcceptedBatch) == emails(5) + emails(5, 8)
        assert outcome.contacts(RefusedBatch) == emails(20, 99)
        assert {len(contacts) for contacts in sandbox.values().values()} == {5}
        asked = [one for one in sandbox.requests if "/List/99" in one.path]
    assert len(asked) <= 2 * in_flight
    for receipt in outcome.receipts:
        if isinstance(receipt, RefusedBatch):
            assert receipt.reason == "list_refused"
            assert receipt.detail.startswith("list 99: ERROR_UNABLE_TO_LOCATE_RESOURCE: ")


@pytest.mark.parametrize("status", [404, 413])
@pytest.mark.parametrize(("limit", "kind"), [(250, AcceptedBatch), (50, RefusedBatch)])
def test_too_large(limit: int, kind: type[AcceptedBatch | RefusedBatch], status: int) -> None:
    """A 404 for a list that is there means a body that is too large, as a 413 does."""
    behaviour = msgspec.convert({"body_limit": limit, "body_limit_status": status}, Behaviour)
    with connected(behaviour) as (sandbox, api):
        outcome = deliver(api, [some(10, each=10)], in_flight=1)
        lookups = [one for one in sandbox.requests if one.path.endswith("/List/7")]
    assert outcome.stop.error is None
    assert outcome.contacts() == outcome.contacts(kind) == emails(10)
    assert bool(lookups) is (status == 404)
    reasons = [each.reason for each in outcome.receipts if isinstance(each, RefusedBatch)]
    assert reasons.count(Reason.TOO_LARGE) == (FEW if reasons else 0)
    assert {*reasons} <= {"too_large", "list_refused"}


def test_refused_in_listraks_words() -> None:
    """What Listrak refuses is rejected with its words, and every other contact is accepted."""
    spoilt = msgspec.structs.replace(contact(1), fields=((99, "on"),))
    bad = some(1)[0]
    bad = msgspec.structs.replace(bad, body=bad.body.replace(b":1,", b":99,"), contacts=(spoilt,))
    with connected() as (sandbox, api):
        outcome = deliver(api, [[bad, *some(4, 8)]])
        assert sandbox.values()[7] == {}
    assert outcome.contacts(AcceptedBatch) == emails(4, 8)
    (refused,) = (one for one in outcome.receipts if isinstance(one, RefusedBatch))
    assert refused.reason == "refused_by_listrak"
    assert refused.detail == (
        "ERROR_INVALID_PARAMETER: The value of segmentationFieldId cannot be used."
    )
    assert outcome.stop.error is None


STOPPING: list[tuple[Behaviour, type[ListrakSyncError], str]] = [
    (faulty(Reply(status=405), after=3), ListrakSyncError, "HTTP 405"),
    (faulty(Reply(status=415), after=3), ListrakSyncError, "HTTP 415"),
    (faulty(Reply(status=302), after=3), UnreachableError, "HTTP 302"),
    (faulty(Reply(status=403), after=3), AccessRefusedError, "HTTP 403"),
    (
        faulty(Reply(status=403, error="ERROR_BETA_ROUTE", message="No."), after=3),
        AccessRefusedError,
        "profile-fields route",
    ),
    (
        faulty(Reply(status=401, error="ERROR_UNAUTHORIZED"), after=3),
        AccessRefusedError,
        "UNAUTHORIZED",
    ),
    (faulty(Reply(status=503), after=3), UnreachableError, "503"),
    (faulty(Drop(), after=3), UnreachableError, "broke off"),
    (
        Behaviour(token_uses=3, faults=(Rule(action=Reply(status=401), route="token", after=1),)),
        AccessRefusedError,
        "HTTP 401",
    ),
    (
        Behaviour(token_uses=3, faults=(Rule(action=Reply(status=404), route="token", after=1),)),
        AccessRefusedError,
        "HTTP 404",
    ),
]


@pytest.mark.parametrize("in_flight", [1, 4])
@pytest.mark.parametrize(("behaviour", "error", "words"), STOPPING)
def test_stops_the_run(
    behaviour: Behaviour, error: type[ListrakSyncError], words: str, in_flight: int
) -> None:
    """What no batch can get past stops the run: each contact that was not sent is told."""
    with connected(behaviour) as (sandbox, api):
        windows = [some(20), some(10, 8)]
        outcome = deliver(api, windows, in_flight=in_flight)
        sent = len(sandbox.values()[7])
        posts = [one for one in sandbox.requests if one.method == "POST"]
    assert type(outcome.stop.error) is error
    assert words in str(outcome.stop.error)
    assert outcome.contacts() == emails(20) + emails(10, 8)
    assert len(outcome.contacts(AcceptedBatch)) == sent == 3
    assert outcome.contacts(RefusedBatch) == []
    for receipt in outcome.receipts:
        assert not isinstance(receipt, UnsentBatch) or receipt.detail == str(outcome.stop.error)
    assert len(posts) <= 5 + 10 * in_flight


def test_gives_up() -> None:
    """After so many attempts at a batch, Listrak counts as unreachable."""
    with connected(faulty(Reply(status=503))) as (sandbox, api):
        outcome = deliver(api, [some(3)], in_flight=1, policy=RetryPolicy(attempts=5))
        attempts = [one for one in sandbox.requests if one.path.endswith("SegmentationField")]
    assert isinstance(outcome.stop.error, UnreachableError)
    assert len(attempts) == 5
    assert outcome.contacts(UnsentBatch) == emails(3)


def test_a_stopped_delivery_sends_nothing() -> None:
    """Once stopped, everything that comes is told as unsent, without a request."""
    outcome = Outcome()
    outcome.stop.because(UnreachableError("gone"))
    route = Scripted(lambda *_: Accepted())
    deliver(route, [some(3), some(2, 8)], outcome=outcome)
    assert route.requests == 0
    assert outcome.contacts(UnsentBatch) == emails(3) + emails(2, 8)
    assert {receipt.detail for receipt in outcome.receipts if isinstance(receipt, UnsentBatch)} == {
        "gone"
    }


def test_a_stop_ends_rests() -> None:
    """A stop wakes a sender that rests: no pause keeps a run from ending."""
    outcome = Outcome()

    def rest(event: threading.Event, _: float) -> None:
        outcome.stop.because(UnreachableError("gone"))
        assert event.is_set()

    timing = outcome.time.timing()
    timing.rest = rest
    outcome.time.timing = lambda: timing  # type: ignore[method-assign]  # rests until the stop
    route = Scripted(lambda *_: Unavailable("HTTP 429", 300))
    deliver(route, [some(2)], in_flight=1, outcome=outcome)
    assert route.requests == 1
    assert outcome.contacts(UnsentBatch) == emails(2)


def test_windows_one_after_the_other() -> None:
    """A window is begun when every batch of the one before is answered for."""
    running: list[int] = []
    lock = threading.Lock()

    def answer(_: int, list_id: int, body: bytes) -> Verdict:
        with lock:
            running.append(list_id)
        threading.Event().wait(0.005)
        with lock:
            assert set(running) == {list_id}
            running.remove(list_id)
        return Accepted()

    outcome = deliver(Scripted(answer), [some(8, list_id) for list_id in range(1, 6)])
    assert outcome.stop.error is None
    assert len(outcome.contacts(AcceptedBatch)) == 40


def test_in_flight_at_most() -> None:
    """No more requests than asked for are under way at a time, and that many are."""
    meet = threading.Barrier(3)
    outcome = deliver(Scripted(lambda *_: Accepted((str(meet.wait(60)),))), [some(12)], in_flight=3)
    assert outcome.stop.error is None
    assert len(outcome.contacts(AcceptedBatch)) == 12


def test_phase_alone() -> None:
    """Batches that must not go together go one by one, in order, before the rest."""
    sent: list[bytes] = []
    lock = threading.Lock()

    def answer(_: int, list_id: int, body: bytes) -> Verdict:
        assert lock.acquire(blocking=False)
        threading.Event().wait(0.005)
        sent.append(body)
        lock.release()
        return Accepted()

    stop, batches = Stop(), some(6)
    delivery = Delivery(Scripted(answer), lambda _: None, stop, DeliveryOptions(4))
    delivery.start((Phase(batches, alone=True), Phase(())))
    delivery.finish()
    assert stop.error is None
    assert sent == [batch.body for batch in batches]


def test_receipts_that_cannot_be_taken() -> None:
    """An error of the receipts' callback stops the run, and is not lost in a thread."""

    def full(_: object) -> None:
        raise OSError("disk full")

    stop, route = Stop(), Scripted(lambda *_: Refused("ERROR_X", "No."))
    delivery = Delivery(route, full, stop, DeliveryOptions(2))
    delivery.start((Phase(some(50)),))
    delivery.finish()
    assert str(stop.error) == "disk full"
    assert route.requests <= 2


def test_batches_that_cannot_be_made() -> None:
    """An error while batches are made stops the run, and is not lost in a thread."""

    def broken() -> Iterator[Batch]:
        yield from some(2)
        raise ValueError("no batch")

    outcome = deliver(Scripted(lambda *_: Accepted()), [broken()])
    assert str(outcome.stop.error) == "no batch"
    assert outcome.contacts(AcceptedBatch) == emails(2)


FAULTS = st.lists(
    st.builds(
        Rule,
        action=st.one_of(
            st.builds(
                Reply,
                status=st.sampled_from([302, 400, 401, 403, 404, 405, 408, 413, 429, 500, 503]),
                error=st.sampled_from(["", "ERROR_X", "ERROR_UNAUTHORIZED"]),
                headers=st.sampled_from([{}, {"Retry-After": "5"}]),
                when=st.sampled_from(["before", "after"]),
            ),
            st.builds(Drop, when=st.sampled_from(["before", "after"])),
        ),
        route=st.sampled_from(["profile-fields", "profile-fields", "lookups", "token", "any"]),
        after=st.integers(0, 12),
        times=st.integers(1, 12) | st.none(),
        probability=st.sampled_from([0.2, 0.5, 1.0]),
    ),
    max_size=4,
)


@settings(max_examples=40)
@given(
    FAULTS,
    st.integers(0, 99),
    st.sampled_from([None, 1, 5]),
    st.sampled_from([1, 3]),
    st.lists(st.sampled_from([7, 8, 99]), min_size=1, max_size=3),
)
def test_one_receipt_for_each_contact(
    faults: list[Rule], seed: int, uses: int | None, in_flight: int, lists: list[int]
) -> None:
    """Under any faults each contact has exactly one receipt, and what is told as sent is there."""
    behaviour = Behaviour(faults=tuple(faults), seed=seed, token_uses=uses)
    with connected(behaviour) as (sandbox, api):
        outcome = deliver(api, [some(9, list_id, each=2) for list_id in lists], in_flight=in_flight)
        values = sandbox.values()
    expected = [pair for list_id in lists for pair in emails(9, list_id)]
    assert outcome.contacts() == sorted(expected)
    for list_id, email in outcome.contacts(AcceptedBatch):
        assert values[list_id][email] == {1: "on"}
    assert (outcome.stop.error is None) is not bool(outcome.contacts(UnsentBatch))
