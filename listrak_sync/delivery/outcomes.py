"""One batch to Listrak: how it ends, or what is to be sent in its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from listrak_sync.batching.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    PROFILE_FIELDS,
    Batch,
    rebatch,
)
from listrak_sync.delivery.isolation import Isolation, halves
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.sending import DeliveryOptions, Listrak, Sender
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import AccessRefusedError, ListrakSyncError, UnreachableError
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    Failure,
    NoSuchList,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    Verdict,
    words_of,
)

ACCESS_HINT: Final = """\
Listrak does not say which of these it was:
  - LISTRAK_CLIENT_ID or the client secret is wrong, or belongs to another integration
  - the integration is not of type Email, is inactive, or its API access is paused
  - this machine's IP address is not among those the integration allows
  - the integration lacks an area: Contact, List and Segmentation are needed
Look under Integration Management in Listrak; then: listrak-sync auth test"""


class Step(Enum):
    """What is done with a batch, in the words of docs/delivery.md."""

    DONE = "done"
    HALVE = "send it again in two halves"
    SHRINK = "send it again in parts of half the size, and nothing larger from then on"
    ASK = "ask for the list: it is there → *TooLarge*, it is not → *NoSuchList*"
    REFUSE_CONTACT = (
        "reject it: `refused_by_listrak`; after five alike in a row, "
        "what sets these fields is given up for its list"
    )
    REFUSE_LARGE = "reject it: `too_large`"
    REFUSE_LIST = "reject everything for the list: `list_refused`"
    FALL_BACK = "go on by list import; with `--route profile-fields`, stop"
    RETRY = "wait, then send it again; after 8 attempts, stop"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What is done with a batch of several contacts, and with a single one.

    `error`, `says` and `hint` are what the run ends with, where it has to.
    """

    several: Step
    single: Step
    error: type[ListrakSyncError] = ListrakSyncError
    says: str = "Listrak answered what it should not"
    hint: str = "Does something else answer at that address? If not, it is a bug: please report it."


CONSEQUENCES: Final[dict[type[Verdict], Consequence]] = {
    Accepted: Consequence(Step.DONE, Step.DONE),
    Refused: Consequence(Step.HALVE, Step.REFUSE_CONTACT),
    TooLarge: Consequence(Step.SHRINK, Step.REFUSE_LARGE),
    NotFound: Consequence(Step.ASK, Step.ASK),
    NoSuchList: Consequence(Step.REFUSE_LIST, Step.REFUSE_LIST),
    BetaClosed: Consequence(
        Step.FALL_BACK,
        Step.FALL_BACK,
        AccessRefusedError,
        "the profile-fields route is closed",
        "Leave out --route profile-fields: --route auto goes by list import instead.",
    ),
    Denied: Consequence(Step.STOP, Step.STOP, AccessRefusedError, "access refused", ACCESS_HINT),
    Unavailable: Consequence(
        Step.RETRY,
        Step.RETRY,
        UnreachableError,
        "Listrak cannot be reached",
        "Check the network, the proxy and Listrak's status, then run it again.",
    ),
    Redirected: Consequence(
        Step.STOP,
        Step.STOP,
        UnreachableError,
        "Listrak is not at this address",
        "Nothing was sent there. Correct --api-url or --auth-url if Listrak has moved; else see\n"
        "what on the way answers for it: a proxy, a sign-in page.",
    ),
    Unexpected: Consequence(Step.STOP, Step.STOP),
}
"""Every verdict with its consequence; `tests/test_docs_delivery.py` holds the docs to it."""


def step_for(verdict: Verdict, contacts: int) -> Step:
    """Return what is done with a batch of so many contacts."""
    consequence = CONSEQUENCES[type(verdict)]
    return consequence.single if contacts == 1 else consequence.several


def error_for(failure: Failure) -> ListrakSyncError:
    """Return what to tell where a failure ends the run."""
    consequence = CONSEQUENCES[type(failure)]
    return consequence.error(f"{consequence.says}: {words_of(failure)}", consequence.hint)


class Outcomes:
    """Sends batches, from several threads, and takes the step that each answer leads to."""

    def __init__(
        self, listrak: Listrak, isolation: Isolation, stop: Stop, ways: DeliveryOptions
    ) -> None:
        self._listrak = listrak
        self._isolation = isolation
        self._stop = stop
        self._falls_back = ways.fall_back
        self._sender = Sender(listrak, stop, ways.policy, ways.senses, ways.on_retry)
        self._existing: set[int] = set()
        self.fell_back = False
        """Whether the profile-fields route is closed and the rest goes by list import."""

    def of(self, batch: Batch) -> Receipt | list[Batch]:
        """Send a batch; return how it ended, or the parts to send in its place."""
        if self._stop.event.is_set():
            return self._stopped(batch)
        words = self._isolation.verdict_on(batch)
        if words is not None:
            return Undelivered(batch, "list_refused", words)
        if batch.route == PROFILE_FIELDS and self.fell_back:
            return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
        parts = self._isolation.fitting(batch)
        if len(parts) > 1:
            return parts
        match self._sender.send(batch):
            case None:
                return self._stopped(batch)
            case Accepted(resource_ids):
                return Delivered(batch, resource_ids)
            case failure:
                return self._lead(batch, failure)

    def _lead(self, batch: Batch, failure: Failure) -> Receipt | list[Batch]:
        """Take the step that a failure leads to."""
        words = words_of(failure)
        match step_for(failure, len(batch.contacts)):
            case Step.HALVE:
                return halves(batch)
            case Step.SHRINK:
                self._isolation.too_large(batch)
                return self._isolation.fitting(batch)
            case Step.ASK if isinstance(failure, NotFound):
                told = self._tell_apart(batch, failure)
                return self._stopped(batch) if told is None else self._lead(batch, told)
            case Step.REFUSE_CONTACT:
                return Undelivered(batch, "refused_by_listrak", words)
            case Step.REFUSE_LARGE:
                return Undelivered(batch, "too_large", words)
            case Step.REFUSE_LIST:
                self._isolation.give_up(batch.list_id, f"list {batch.list_id}: {words}")
                return Undelivered(batch, "list_refused", f"list {batch.list_id}: {words}")
            case Step.FALL_BACK if self._falls_back and batch.route == PROFILE_FIELDS:
                self.fell_back = True
                return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
            case _:
                error = error_for(failure)
                self._stop.because(error)
                return Unsent(batch, error.message)

    def _stopped(self, batch: Batch) -> Unsent:
        return Unsent(batch, str(self._stop.error))

    def _tell_apart(self, batch: Batch, failure: NotFound) -> Failure | None:
        """Ask whether a list is missing; where it is there, the body was too large.

        A list that was there is asked for again only for a single contact. Returns None where
        the run was stopped before an answer.
        """
        if batch.list_id not in self._existing or len(batch.contacts) == 1:
            match self._sender.ask(lambda: self._listrak.list(batch.list_id)):
                case None:
                    return None
                case NotFound(code, message):
                    return NoSuchList(code, message)
                case Denied() | Unavailable() | Redirected() | Unexpected() as found:
                    return found
                case Refused(code, message) | TooLarge(code, message) | BetaClosed(code, message):
                    return Unexpected(code, message)
            self._existing.add(batch.list_id)
        return TooLarge(failure.code, failure.message)
