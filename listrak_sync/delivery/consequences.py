"""What each verdict on a batch leads to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

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
