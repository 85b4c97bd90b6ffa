"""One contact and its values, looked up in a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.account.contacts import contact
from listrak_sync.errors import (
    AccessRefusedError,
    StoppedError,
    UnreachableError,
    UsageError,
)
from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    Drop,
    MailingList,
    Reply,
    Rule,
)
from listrak_sync.sandbox.account import ALL_AREAS
from tests.account.test_ids import Start, start

__all__ = ["start"]  # fixtures

if TYPE_CHECKING:
    from tests.account.test_ids import Pair

FIELDS = tuple(AccountField(id=number, name=f"F{number}") for number in range(1, 66))
GROUPS = (
    AccountFieldGroup(id=1, name="A", fields=FIELDS[:40]),
    AccountFieldGroup(id=2, name="B", fields=FIELDS[40:]),
)
CONTACTS = {"Ann+x/y@example.com": {1: "one", 31: "", 65: "last"}, "new@example.com": {}}
LISTS = (MailingList(id=7, groups=GROUPS, contacts=CONTACTS), MailingList(id=8))
ACCOUNT = Account(lists=LISTS)


def passes(pair: Pair) -> list[int]:
    """Return how many fields each request for a contact asked for."""
    return [
        len(one.query.partition("=")[2].split(",")) if one.query else 0
        for one in pair.sandbox.requests
        if "/Contact/" in one.path
    ]


def test_all_fields(start: Start) -> None:
    """All fields of the list are returned in its order, asked for thirty at a time."""
    pair = start(ACCOUNT)
    found = contact(pair.api, 7, "ANN+x/y@example.com")
    assert found
    assert found.state == "Subscribed"
    assert [each.field.id for each in found.fields] == [*range(1, 66)]
    assert {each.field.id: each.value for each in found.fields if each.value is not None} == {
        1: "one",
        31: "",
        65: "last",
    }
    assert [each.group.name for each in found.fields[38:42]] == ["A", "A", "B", "B"]
    assert passes(pair) == [30, 30, 5]


def test_some_fields(start: Start) -> None:
    """Only the fields that are named are asked for; those that are not there are told."""
    pair = start(ACCOUNT)
    found = contact(pair.api, 7, "ann+x/y@example.com", (65, 99, 1))
    assert found
    assert [(each.field.id, each.value) for each in found.fields] == [(1, "one"), (65, "last")]
    assert found.unknown == (99,)
    assert passes(pair) == [2]


def test_not_there(start: Start) -> None:
    """A contact that is not on the list is None, after one request."""
    pair = start(ACCOUNT)
    assert contact(pair.api, 7, "nobody@example.com") is None
    assert passes(pair) == [30]


def test_no_fields(start: Start) -> None:
    """A contact of a list without fields has a state."""
    account = Account.of_fields({8: {}})
    found = contact(start(account).api, 8, "new@example.com")
    assert found
    assert (found.state, found.fields) == ("Subscribed", ())


def test_failures(start: Start) -> None:
    """A missing list or area, a refused address and a server that is down are told apart."""
    with pytest.raises(StoppedError, match="list 9"):
        contact(start(ACCOUNT).api, 9, "new@example.com")
    closed = Account(lists=LISTS, areas=ALL_AREAS - {"Contact"})
    with pytest.raises(AccessRefusedError) as denied:
        contact(start(closed).api, 7, "new@example.com")
    assert "Contact, List and Segmentation needed" in denied.value.hint
    with pytest.raises(UsageError, match="Listrak refuses to look for it"):
        contact(start(ACCOUNT).api, 7, "a b")
    late = Behaviour(faults=(Rule(action=Drop(), route="contacts"),))
    with pytest.raises(UnreachableError):
        contact(start(ACCOUNT, late).api, 7, "new@example.com")
    brief = Behaviour(faults=(Rule(action=Reply(status=503), route="contacts", times=1),))
    assert contact(start(ACCOUNT, brief).api, 7, "new@example.com")
