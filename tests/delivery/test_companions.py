"""By list import, a contact that is refused alone is sent with another one as well."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from listrak_sync.batching.batches import LIST_IMPORT, Batch, Limits, batches, single
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.companions import Companions, together
from listrak_sync.delivery.delivery import SENT_ALONE, Delivery, Phase
from listrak_sync.delivery.receipts import AcceptedBatch, RefusedBatch
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.sandbox import Account, Behaviour, Reply, Rule, Sandbox
from tests.delivery.conftest import Outcome, connected, deliver

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNT = Account.of_fields({7: {1: None, 2: None}})
BAD = frozenset(f"bad{number}@example.com" for number in range(40))
PICKY = Behaviour(least_rows=2, poisoned=BAD)


def person(name: str, *fields: int, value: str = "on") -> Contact:
    """Return a contact that sets some fields, field 1 unless others are given."""
    values = tuple((field, value) for field in fields or (1,))
    return Contact(7, f"{name}@example.com", values, (0,), 0, 1)


def sent(contacts: Sequence[Contact], each: int, in_flight: int = 1) -> tuple[Outcome, Sandbox]:
    """Send contacts to a sandbox that wants two in a file."""
    made = list(batches(lambda: contacts, LIST_IMPORT, Limits(each, 1_000_000)))
    with connected(PICKY, ACCOUNT) as (sandbox, api):
        outcome = deliver(api, [made], in_flight=in_flight)
        return outcome, sandbox


def names(outcome: Outcome, kind: type[AcceptedBatch | RefusedBatch]) -> set[str]:
    """Return the names of the contacts that ended so."""
    return {email.partition("@")[0] for _, email in outcome.contacts(kind)}


@given(
    st.lists(st.booleans(), min_size=3, max_size=24).filter(lambda drawn: drawn.count(False) <= 4),
    st.sampled_from([1, 2, 3, 30]),
    st.sampled_from([1, 4]),
)
def test_exactly_the_bad_ones(drawn: list[bool], each: int, in_flight: int) -> None:
    """Where three contacts or more are good, exactly the bad ones are rejected.

    But for files of single contacts, several at a time: there, ten good and bad ones may be refused
    in a row before it is known that one was taken with another.
    """
    assume(each > 1 or in_flight == 1)
    good = [f"c{number}" for number, is_good in enumerate(drawn) if is_good]
    good += ["extra1", "extra2", "extra3"][len(good) :]
    bad = [f"bad{number}" for number, is_good in enumerate(drawn) if not is_good]
    contacts = [person(name) for name in sorted(good + bad)]
    outcome, sandbox = sent(contacts, each, in_flight)
    assert outcome.stop.error is None
    assert len(outcome.contacts()) == len(set(outcome.contacts())) == len(contacts)
    assert names(outcome, RefusedBatch) == set(bad)
    assert {email for email, held in sandbox.values()[7].items() if held == {1: "on"}} == {
        f"{name}@example.com" for name in good
    }


def test_alone() -> None:
    """A contact beside which there is no other one is rejected, and the reject says so."""
    outcome, sandbox = sent([person("a")], 10)
    (refused,) = outcome.receipts
    assert isinstance(refused, RefusedBatch)
    assert refused.detail.endswith(SENT_ALONE)
    assert sum(one.method == "POST" and "/List/" in one.path for one in sandbox.requests) == 1


def test_more_fields() -> None:
    """One that sets more fields goes along with those that are needed, and the values it has."""
    contacts = [person("a", 1, 2), person("b", 1, 2), person("lone", 2, value="x")]
    outcome, sandbox = sent(contacts, 10)
    assert names(outcome, AcceptedBatch) == {"a", "b", "lone"}
    values = sandbox.values()[7]
    assert values["a@example.com"] == {1: "on", 2: "on"}
    assert values["lone@example.com"] == {2: "x"}
    fewer, _ = sent([person("a"), person("b"), person("lone", 1, 2)], 10)
    assert names(fewer, RefusedBatch) == {"lone"}


def test_single_contacts_are_taken() -> None:
    """Once a file with a single contact was accepted, one that is refused is bad at once."""
    contacts = [person("a"), person("bad1"), person("b"), person("bad2")]
    made = list(single(contacts, LIST_IMPORT))
    with connected(Behaviour(poisoned=BAD), ACCOUNT) as (sandbox, api):
        outcome = deliver(api, [made], in_flight=1)
        posts = sum(one.path.endswith("/ListImport") for one in sandbox.requests)
    assert names(outcome, RefusedBatch) == {"bad1", "bad2"}
    assert posts == 4


@pytest.mark.parametrize(
    "order", [("a", "b", "a", "c", "b"), ("a", "a", "b"), ("b", "a", "c", "a")]
)
def test_in_order(order: tuple[str, ...]) -> None:
    """What goes along never brings an older value back."""
    contacts = [person(name, value=f"v{index}") for index, name in enumerate(order)]
    outcome = Outcome()
    with connected(PICKY, ACCOUNT) as (sandbox, api):
        options = DeliveryOptions(1, fall_back=False, timing=outcome.time.timing())
        delivery = Delivery(api, outcome.receipts.append, outcome.stop, options)
        delivery.start((Phase(single(contacts, LIST_IMPORT), alone=True),))
        delivery.finish()
    accepted = {
        each.email_address: dict(each.fields)
        for receipt in outcome.receipts
        if isinstance(receipt, AcceptedBatch)
        for each in receipt.batch.contacts
    }
    held = {email: values for email, values in sandbox.values()[7].items() if values}
    assert held == accepted
    assert len(outcome.contacts()) == len(order)


def test_forgotten() -> None:
    """Of what was accepted, the newest value goes along, and nothing after it is forgotten."""
    companions = Companions()

    def batch(one: Contact) -> Batch:
        (made,) = single([one], LIST_IMPORT)
        return made

    companions.accept(batch(person("a")), paired=True)
    companions.accept(batch(person("A", 1, 2, value="off")), paired=True)
    assert not companions.are_needless
    lone = batch(person("lone"))
    assert companions.with_accepted(lone) == together(lone, person("A", value="off"))
    assert companions.with_accepted(batch(person("a"))) is None
    companions.forget()
    assert companions.with_accepted(lone) is None


def test_stopped() -> None:
    """Where the run stops, a contact in doubt is unsent and not rejected."""
    fault = Rule(action=Reply(status=401), route="list-import", after=1)
    behaviour = msgspec.structs.replace(PICKY, faults=(fault,))
    made = list(batches(lambda: [person("a"), person("b", 2)], LIST_IMPORT, Limits(9, 1_000_000)))
    with connected(behaviour, ACCOUNT) as (_, api):
        outcome = deliver(api, [made], in_flight=1)
    assert outcome.kinds() == Counter(UnsentBatch=2)
