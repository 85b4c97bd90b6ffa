"""Verdicts and what they lead to: how a batch ends, what replaces it, or why the run stops."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, TypeVar

from listrak_sync.batching.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    PROFILE_FIELDS,
    Batch,
    rebatch,
)
from listrak_sync.delivery.isolation import Isolation, halves
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import (
    BRIEF,
    DeliveryOptions,
    Listrak,
    OnRetry,
    Retrying,
    RetryPolicy,
    UnansweredError,
    ignore,
)
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
from listrak_sync.reasons import Reason

ACCESS_HINT: Final = """\
Listrak does not say which of these it was:
  - LISTRAK_CLIENT_ID or the client secret is wrong, or belongs to another integration
  - the integration is not of type Email, is inactive, or its API access is paused
  - this machine's IP address is not among those the integration allows
  - the integration lacks an area: Contact, List and Segmentation are needed
Look under Integration Management in Listrak; then: listrak-sync auth test"""


class Step(Enum):
    """What we do with a batch, in the words of docs/delivery.md."""

    DONE = "done"
    HALVE = "send it again in two halves"
    SHRINK = "send it again in parts of half the size, and nothing larger to this list"
    ASK = "ask for the list: it is there → *TooLarge*, it is not → *NoSuchList*"
    REFUSE_CONTACT = (
        "reject it: `refused_by_listrak`; after five alike in a row, "
        "what sets these fields is given up for its list"
    )
    REFUSE_LARGE = (
        "reject it: `too_large`; after five in a row, a list that accepted nothing is given up"
    )
    REFUSE_LIST = "reject everything for the list: `list_refused`"
    FALL_BACK = "go on by list import; with `--route profile-fields`, stop"
    RETRY = "wait, then send it again; after a minute (`--retry-for`), stop"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What we do with a batch of several contacts, and with a single one.

    `error`, `says` and `hint` describe the end of the run, where the step ends it.
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
"""Every verdict with its consequence; the table in docs/delivery.md is compared with this."""


def step_for(verdict: Verdict, contacts: int) -> Step:
    """Return what we do with a batch of `contacts` contacts after a verdict."""
    consequence = CONSEQUENCES[type(verdict)]
    return consequence.single if contacts == 1 else consequence.several


def error_for(failure: Failure) -> ListrakSyncError:
    """Return the error of a run that a failure ends."""
    consequence = CONSEQUENCES[type(failure)]
    return consequence.error(f"{consequence.says}: {words_of(failure)}", consequence.hint)


_T = TypeVar("_T")


def answered(answer: _T | Failure) -> _T:
    """Return the answer to a look-up. Raises the error that a failure means."""
    if isinstance(answer, Failure):
        raise error_for(answer)
    return answer


class Authenticating(Protocol):
    """The part of Listrak's API that gets a token."""

    def authenticate(self) -> Failure | None:
        """Get a token; return why there is none."""


def check_access(
    api: Authenticating, policy: RetryPolicy = BRIEF, on_retry: OnRetry = ignore
) -> None:
    """Get a token before anything is read. Raises the error that a failure means."""
    failure = Retrying(policy, on_retry=on_retry).ask(api.authenticate)
    if failure is not None:
        raise error_for(failure)


class Outcomes:
    """Sends batches, from several threads, and takes the step that each verdict leads to."""

    def __init__(
        self, listrak: Listrak, isolation: Isolation, stop: Stop, options: DeliveryOptions
    ) -> None:
        self._listrak = listrak
        self._isolation = isolation
        self._stop = stop
        self._falls_back = options.fall_back
        self._retrying = Retrying(options.policy, stop, options.timing, options.on_retry)
        self._existing: set[int] = set()
        self.fell_back = False
        """Whether the profile-fields route is closed and the rest goes by list import."""

    def of(self, batch: Batch) -> Receipt | list[Batch]:
        """Send a batch; return how it ended, or the parts to send in its place."""
        if self._stop.event.is_set():
            return self._stopped(batch)
        words = self._isolation.verdict_on(batch)
        if words is not None:
            return RefusedBatch(batch, Reason.LIST_REFUSED, words)
        if batch.route == PROFILE_FIELDS and self.fell_back:
            return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
        parts = self._isolation.fitting(batch)
        if len(parts) > 1:
            return parts
        try:
            match self._retrying.ask(lambda: self._post(batch)):
                case Accepted(resource_ids):
                    return AcceptedBatch(batch, resource_ids)
                case failure:
                    return self._after(failure, batch)
        except UnansweredError:
            return self._stopped(batch)

    def _post(self, batch: Batch) -> Verdict:
        if batch.route == PROFILE_FIELDS:
            return self._listrak.update_profile_fields(batch.list_id, batch.body)
        return self._listrak.start_list_import(batch.list_id, batch.body)

    def _after(self, failure: Failure, batch: Batch) -> Receipt | list[Batch]:
        """Take the step that a failure leads to. Raises UnansweredError."""
        words = words_of(failure)
        match step_for(failure, len(batch.contacts)):
            case Step.HALVE:
                return halves(batch)
            case Step.SHRINK:
                self._isolation.too_large(batch)
                return self._isolation.fitting(batch)
            case Step.ASK if isinstance(failure, NotFound):
                return self._after(self._tell_apart(batch, failure), batch)
            case Step.REFUSE_CONTACT:
                return RefusedBatch(batch, Reason.REFUSED_BY_LISTRAK, words)
            case Step.REFUSE_LARGE:
                return RefusedBatch(batch, Reason.TOO_LARGE, words)
            case Step.REFUSE_LIST:
                self._isolation.give_up(batch.list_id, f"list {batch.list_id}: {words}")
                return RefusedBatch(batch, Reason.LIST_REFUSED, f"list {batch.list_id}: {words}")
            case Step.FALL_BACK if self._falls_back and batch.route == PROFILE_FIELDS:
                self.fell_back = True
                return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
            case _:
                error = error_for(failure)
                self._stop.because(error)
                return UnsentBatch(batch, error.message)

    def _stopped(self, batch: Batch) -> UnsentBatch:
        return UnsentBatch(batch, str(self._stop.error))

    def _tell_apart(self, batch: Batch, failure: NotFound) -> Failure:
        """Ask whether the list is missing; where it exists, the body was too large.

        Raises UnansweredError.
        """
        # A list that existed a moment ago is asked for again only where a single contact is at
        # stake: it would be rejected, while a batch is only sent again in smaller parts.
        if batch.list_id not in self._existing or len(batch.contacts) == 1:
            match self._retrying.ask(lambda: self._listrak.list(batch.list_id)):
                case NotFound(code, message):
                    return NoSuchList(code, message)
                case Denied() | Unavailable() | Redirected() | Unexpected() as found:
                    return found
                case Refused(code, message) | TooLarge(code, message) | BetaClosed(code, message):
                    return Unexpected(code, message)
            self._existing.add(batch.list_id)
        return TooLarge(failure.code, failure.message)
