"""Contacts and their values, read back over real connections."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, get_args

import pytest

from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import FIRST_PAGE, MOST_FIELDS, PAGE, Api, cursor_of
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import (
    ContactPage,
    HeldContact,
    NotFound,
    Refused,
    SubscriptionState,
    Unavailable,
)
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

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = (AccountField(id=1, data_type="CheckBox"), AccountField(id=2))
GROUP = AccountFieldGroup(id=1, fields=FIELDS)


def account(count: int) -> Account:
    """Return an account with so many subscribed contacts, every box on, and one unsubscribed."""
    contacts = {f"c{number}@example.com": {1: "on"} for number in range(count)}
    gone = "Gone@example.com"
    one = MailingList(id=7, groups=(GROUP,), contacts=contacts, unsubscribed=frozenset({gone}))
    return Account(lists=(one,))


@contextmanager
def connected(behaviour: Behaviour | None = None, count: int = 3) -> Iterator[tuple[Sandbox, Api]]:
    """Give a sandbox and an API that speaks to it."""
    with (
        Sandbox(account(count), behaviour) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", "sandbox")) as api,
    ):
        yield sandbox, api


def page(
    api: Api, state: SubscriptionState = "Subscribed", cursor: str = FIRST_PAGE
) -> ContactPage:
    """Return a page that is there."""
    found = api.contacts(7, state, (1, 2), cursor)
    assert isinstance(found, ContactPage)
    return found


@pytest.mark.parametrize("named", ["cursor", "address"])
def test_pages(named: Literal["cursor", "address"]) -> None:
    """Every page leads to the next, whether it names a cursor or an address; the last to none."""
    with connected(Behaviour(next_page=named), 2 * PAGE + 1) as (sandbox, api):
        found, cursor = [], FIRST_PAGE
        while True:
            one = page(api, cursor=cursor)
            found += [each.email_address for each in one.contacts]
            if one.following is None:
                break
            cursor = one.following
        assert found == [f"c{number}@example.com" for number in range(2 * PAGE + 1)]
        assert sum(one.path.endswith("/Contact") for one in sandbox.requests) == 3


def test_states() -> None:
    """Who is subscribed, and who is not, are asked for apart; each says what it is."""
    with connected() as (_, api):
        assert {one.is_subscribed for one in page(api).contacts} == {True}
        (gone,) = page(api, "Unsubscribed").contacts
        assert (gone.email_address, gone.is_subscribed) == ("gone@example.com", False)
    assert get_args(SubscriptionState) == ("Subscribed", "Unsubscribed")


@pytest.mark.parametrize(
    ("behaviour", "values"),
    [
        (Behaviour(), [(1, "on")]),
        (Behaviour(box_on="True"), [(1, "True")]),
    ],
)
def test_values(behaviour: Behaviour, values: list[tuple[int, str]]) -> None:
    """A contact is read with the values that it has, as Listrak spells them."""
    with connected(behaviour) as (_, api):
        one = api.contact(7, "C1@example.com", (1, 2))
        assert isinstance(one, HeldContact)
        assert [(each.field, each.value) for each in one.values or ()] == values


def test_addresses_are_escaped() -> None:
    """An address with characters that mean something in a path is asked for as it is."""
    with connected() as (sandbox, api):
        assert isinstance(api.contact(7, "a/b?c#d+e%@example.com", ()), NotFound)
        assert sandbox.requests[-1].path.endswith("/Contact/a%2Fb%3Fc%23d%2Be%25%40example.com")


def test_too_many_fields() -> None:
    """More fields than a request may ask for are refused."""
    with connected() as (_, api):
        fields = (1,) * (MOST_FIELDS + 1)
        assert isinstance(api.contacts(7, "Subscribed", fields, FIRST_PAGE), Refused)


@pytest.mark.parametrize("body", ["<h1>Proxy</h1>", "[]", "{}", '{"data": [{"emailAddress": 5}]}'])
def test_other_answers(body: str) -> None:
    """A good status with a body that is not a page is a passing failure, never an empty page."""
    rule = Rule(action=Reply(status=200, body=body), route="contacts")
    with connected(Behaviour(faults=(rule,))) as (_, api):
        assert isinstance(api.contacts(7, "Subscribed", (), FIRST_PAGE), Unavailable)
        assert isinstance(api.contact(7, "c1@example.com", ()), Unavailable)


@pytest.mark.parametrize(
    ("following", "cursor"),
    [
        (None, None),
        ("", None),
        ("abc+/==", "abc+/=="),
        ("https://api.listrak.com/email/v1/List/7/Contact?count=5000&cursor=a%2Bb%3D%3D", "a+b=="),
        ("/List/7/Contact?cursor=a+b", "a+b"),
        ("https://other.example.com/?cursor=", None),
    ],
)
def test_cursors(following: str | None, cursor: str | None) -> None:
    """What names the next page may be absent, null, empty, a cursor or an address that holds it."""
    assert cursor_of(following) == cursor
