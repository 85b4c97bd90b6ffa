"""Batches to send, a time that does not pass by itself, and a place for receipts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from listrak_sync.batching.batches import PROFILE_FIELDS, Batch, Limits, batches
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.delivery import Delivery, Phase
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import PATIENT, DeliveryOptions, Listrak, RetryPolicy, Timing
from listrak_sync.delivery.stop import Stop
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.sandbox import Account, Behaviour, Rule, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.sandbox.behaviour import Action, RouteKind

LISTS = (7, 8)
ACCOUNT = Account.of_fields({list_id: {1: None} for list_id in LISTS})


def contact(number: int, list_id: int = 7, value: str = "on") -> Contact:
    """Return a contact with a value for field 1."""
    return Contact(list_id, f"c{number}@example.com", ((1, value),), (0,), 0, number)


def some(count: int, list_id: int = 7, each: int = 1) -> list[Batch]:
    """Return batches of so many contacts of a list, so many in each."""
    contacts = [contact(number, list_id) for number in range(count)]
    return list(batches(lambda: contacts, PROFILE_FIELDS, Limits(each, 1_000_000)))


def faulty(action: Action, route: RouteKind = "profile-fields", **more: int) -> Behaviour:
    """Return a behaviour with one fault."""
    return Behaviour(
        resource_ids="one",
        faults=(
            Rule(action=action, route=route, after=more.get("after", 0), times=more.get("times")),
        ),
    )


class StillTime:
    """A clock that only resting moves on, and chance that is always the same."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self._chance = chance
        self._lock = threading.Lock()

    def timing(self) -> Timing:
        """Return the timing of a delivery in this time."""
        return Timing(lambda: self.now, lambda: self._chance, self._rest)

    def _rest(self, _: threading.Event, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.rests.append(seconds)


@dataclass
class Outcome:
    """What a delivery came to."""

    stop: Stop = field(default_factory=Stop)
    receipts: list[Receipt] = field(default_factory=list)
    time: StillTime = field(default_factory=StillTime)

    def kinds(self) -> Counter[str]:
        """Return how many batches ended in which way."""
        return Counter(type(receipt).__name__ for receipt in self.receipts)

    def contacts(self, *kinds: type[Receipt]) -> list[tuple[int, str]]:
        """Return list and address of each contact with a receipt of some kinds, sorted."""
        wanted = kinds or (AcceptedBatch, RefusedBatch, UnsentBatch)
        return sorted(
            (one.list_id, one.email_address)
            for receipt in self.receipts
            if isinstance(receipt, wanted)
            for one in receipt.batch.contacts
        )


def deliver(
    listrak: Listrak,
    windows: Sequence[Iterable[Batch]],
    *,
    in_flight: int = 4,
    policy: RetryPolicy = PATIENT,
    outcome: Outcome | None = None,
) -> Outcome:
    """Send windows of batches; return what it came to."""
    outcome = outcome or Outcome()
    delivery = Delivery(
        listrak,
        outcome.receipts.append,
        outcome.stop,
        DeliveryOptions(in_flight, fall_back=False, policy=policy, timing=outcome.time.timing()),
    )
    for window in windows:
        delivery.start((Phase(iter(window)),))
    delivery.finish()
    return outcome


@contextmanager
def connected(
    behaviour: Behaviour | None = None, account: Account = ACCOUNT
) -> Iterator[tuple[Sandbox, Api]]:
    """Give a sandbox and an API that speaks to it over real connections."""
    with Sandbox(account, behaviour or Behaviour(resource_ids="one"), keep_bodies=True) as sandbox:
        addresses = Addresses(sandbox.api_url, sandbox.auth_url)
        with Api(addresses, Credentials("sandbox", "sandbox")) as api:
            yield sandbox, api
