"""The table of consequences is what a delivery does."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from listrak_sync.delivery.delivery import Delivery, Phase
from listrak_sync.delivery.outcomes import (
    ACCESS_HINT,
    CONSEQUENCES,
    Step,
    answered,
    check_access,
    error_for,
    step_for,
)
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import DeliveryOptions, Retry
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    Failure,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    Verdict,
)
from tests.delivery.conftest import StillTime, some

if TYPE_CHECKING:
    from collections.abc import Callable


class Listrak:
    """Gives one verdict for the first import and accepts the rest; knows lists as told to."""

    def __init__(self, *verdicts: Verdict, found: object = "a list") -> None:
        self.verdicts = list(verdicts)
        self.found = found
        self.bodies: list[bytes] = []
        self.files = 0
        self.asked = 0

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:  # noqa: ARG002 - a Listrak
        """Give the next verdict, in the end Accepted."""
        self.bodies.append(body)
        return self.verdicts.pop(0) if self.verdicts else Accepted()

    def start_list_import(self, list_id: int, body: bytes) -> Verdict:
        """Do the same with a file."""
        self.files += 1
        return self.update_profile_fields(list_id, body)

    def list(self, list_id: int) -> object | Failure:  # noqa: ARG002 - a Listrak
        """Return what is found of a list."""
        self.asked += 1
        return self.found

    def import_finished(self, list_id: int, import_id: int) -> bool | Failure:  # noqa: ARG002 - a Listrak
        """Have ended every import."""
        return True


class Ran:
    """What became of one batch."""

    def __init__(self, listrak: Listrak, contacts: int, *, fall_back: bool = True) -> None:
        self.receipts: list[Receipt] = []
        self.retries: list[Retry] = []
        self.stop, self.time = Stop(), StillTime()
        options = DeliveryOptions(
            1, fall_back=fall_back, timing=self.time.timing(), on_retry=self.retries.append
        )
        delivery = Delivery(listrak, self.receipts.append, self.stop, options)
        delivery.start((Phase(some(contacts, each=contacts)),))
        delivery.finish()
        self.fell_back = delivery.fell_back

    def contacts(self, kind: type[Receipt]) -> int:
        """Return how many contacts ended in some way."""
        return sum(len(one.batch.contacts) for one in self.receipts if isinstance(one, kind))

    def reasons(self) -> set[str]:
        """Return why contacts were refused."""
        return {one.reason for one in self.receipts if isinstance(one, RefusedBatch)}


def made(kind: type[Verdict]) -> Verdict:
    """Return a verdict of a kind."""
    if kind is Accepted:
        return Accepted()
    return Unavailable("gone") if kind is Unavailable else kind("ERROR_X", "No.")  # type: ignore[call-arg, arg-type]  # of the others


def test_every_verdict_has_a_consequence() -> None:
    """There is a row for each verdict, and no other."""
    assert set(CONSEQUENCES) == set(get_args(Verdict))


@pytest.mark.parametrize("contacts", [1, 4])
@pytest.mark.parametrize("kind", CONSEQUENCES)
def test_consequence(kind: type[Verdict], contacts: int) -> None:
    """What the table says about a verdict is done with the batch."""
    verdict = made(kind)
    listrak = Listrak(verdict)
    ran = Ran(listrak, contacts)
    row, sent = CONSEQUENCES[kind], len(listrak.bodies)
    match row.single if contacts == 1 else row.several:
        case Step.DONE:
            assert (sent, ran.contacts(AcceptedBatch)) == (1, contacts)
        case Step.HALVE:
            assert (sent, ran.contacts(AcceptedBatch)) == (3, contacts)
        case Step.SHRINK:
            assert ran.contacts(AcceptedBatch) == contacts
            assert max(map(len, listrak.bodies[1:])) <= len(listrak.bodies[0]) // 2
        case Step.ASK:
            assert listrak.asked == 1
            assert ran.contacts(AcceptedBatch) + ran.contacts(RefusedBatch) == contacts
        case Step.REFUSE_CONTACT:
            assert (sent, ran.reasons()) == (1, {"refused_by_listrak"})
        case Step.REFUSE_LARGE:
            assert (sent, ran.reasons()) == (1, {"too_large"})
        case Step.REFUSE_LIST:
            assert (sent, ran.reasons()) == (1, {"list_refused"})
            assert ran.contacts(RefusedBatch) == contacts
        case Step.FALL_BACK:
            assert (listrak.files, ran.contacts(AcceptedBatch)) == (1, contacts)
            assert ran.fell_back
        case Step.RETRY:
            assert (sent, ran.contacts(AcceptedBatch)) == (2, contacts)
            assert [retry.reason for retry in ran.retries] == ["gone"]
        case Step.STOP:
            assert (sent, ran.contacts(UnsentBatch)) == (1, contacts)
            assert type(ran.stop.error) is row.error
            assert str(ran.stop.error).startswith(f"{row.says}: ")
    assert (ran.stop.error is None) is not ran.contacts(UnsentBatch)
    assert bool(ran.retries) is (kind is Unavailable)


@pytest.mark.parametrize("kind", [BetaClosed, Unavailable])
def test_where_a_step_leads_no_further(kind: type[Verdict]) -> None:
    """A closed route without another, and a failure that does not pass, stop the run."""
    listrak = Listrak(*[made(kind)] * 8)
    ran = Ran(listrak, 3, fall_back=False)
    assert len(listrak.bodies) == (8 if kind is Unavailable else 1)
    assert type(ran.stop.error) is CONSEQUENCES[kind].error
    assert ran.contacts(UnsentBatch) == 3


def test_list_imports_that_call_themselves_closed() -> None:
    """The other route's refusal by the beta route's code ends the run, and does not go round."""
    listrak = Listrak(*[BetaClosed("ERROR_BETA_ROUTE", "No.")] * 9)
    ran = Ran(listrak, 3)
    assert len(listrak.bodies) == 2
    assert ran.contacts(UnsentBatch) == 3


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ("a list", AcceptedBatch),
        (NotFound("ERROR_X", "No."), RefusedBatch),
        (Denied("ERROR_X", "No."), UnsentBatch),
        (Redirected("HTTP 302", "No."), UnsentBatch),
        (Unexpected("HTTP 418", "No."), UnsentBatch),
        (Refused("ERROR_X", "No."), UnsentBatch),
        (TooLarge("ERROR_X", "No."), UnsentBatch),
        (BetaClosed("ERROR_X", "No."), UnsentBatch),
        (Unavailable("gone"), UnsentBatch),
    ],
)
def test_asking_for_the_list(found: object, kind: type[Receipt]) -> None:
    """A list that is there halves the batch, a missing one is refused, anything else stops."""
    listrak = Listrak(NotFound("ERROR_X", "No."), found=found)
    ran = Ran(listrak, 4)
    assert ran.contacts(kind) == 4
    assert (len(listrak.bodies) > 1) is (kind is AcceptedBatch)
    assert listrak.asked == (8 if isinstance(found, Unavailable) else 1)


def test_told_of_a_pause() -> None:
    """A pause that Listrak asks for is told as such before it begins, with its length."""
    ran = Ran(Listrak(Unavailable("HTTP 429", 90.0), Unavailable("HTTP 503")), 1)
    first, second = ran.retries
    assert first == Retry(1, 90.0, "HTTP 429", held=True)
    assert (second.attempt, second.held) == (2, False)
    assert ran.time.now == 90.0 + second.seconds


@pytest.mark.parametrize("kind", [kind for kind in CONSEQUENCES if kind is not Accepted])
def test_words(kind: type[Failure]) -> None:
    """Where a failure ends a run, it is told what was said and what to do next."""
    failure = made(kind)
    assert not isinstance(failure, Accepted)
    error = error_for(failure)
    assert ("gone" if kind is Unavailable else "ERROR_X: No.") in error.message
    assert error.hint
    assert step_for(failure, 2) is CONSEQUENCES[kind].several


class Token:
    """Gets a token, or gives the reason why there is none."""

    def __init__(self, failure: Failure | None) -> None:
        self.failure = failure

    def authenticate(self) -> Failure | None:
        """Return the failure."""
        return self.failure


@pytest.mark.parametrize(
    ("failure", "error", "hint"),
    [
        (Denied("ERROR_UNAUTHORIZED", "No."), AccessRefusedError, ACCESS_HINT),
        (BetaClosed("ERROR_BETA_ROUTE", "No."), AccessRefusedError, "--route"),
        (Unavailable("HTTP 503", 0.0), UnreachableError, "network"),
        (Redirected("HTTP 302", "No."), UnreachableError, "--api-url"),
        (Unexpected("HTTP 405", "No."), ListrakSyncError, "report"),
        (Refused("ERROR_X", "No."), ListrakSyncError, ""),
        (NotFound("ERROR_X", "No."), ListrakSyncError, ""),
    ],
)
def test_what_a_failure_means(failure: Failure, error: type[ListrakSyncError], hint: str) -> None:
    """A failure ends the run with its kind of error, what was said, and what to do."""
    raisers: tuple[Callable[[], object], ...] = (
        lambda: check_access(Token(failure)),
        lambda: answered(failure),
    )
    for raising in raisers:
        with pytest.raises(ListrakSyncError) as caught:
            raising()
        assert type(caught.value) is error
        assert (failure.reason if isinstance(failure, Unavailable) else "No.") in str(caught.value)
        assert hint in caught.value.hint


def test_access_hint() -> None:
    """Where access is refused, every possible cause is listed."""
    for cause in ("secret", "inactive", "paused", "IP address", "area", "auth test"):
        assert cause in ACCESS_HINT


def test_no_failure() -> None:
    """An answer that is none of the failures is handed on."""
    check_access(Token(None))
    assert answered(("a", "b")) == ("a", "b")
