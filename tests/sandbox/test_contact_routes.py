"""Reading contacts back: pages, states, check boxes, values that show late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from listrak_sync.sandbox import Account, Behaviour
from listrak_sync.sandbox.contacts import ImportKind, Row
from listrak_sync.sandbox.imports import Imports
from tests.sandbox.conftest import ACCOUNT, IMPORT, SHOPPERS, contact, error_of, list_file

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start

CONTACTS = "/List/12345/Contact"
GONE = msgspec.structs.replace(SHOPPERS, unsubscribed=frozenset({"BEN@example.com"}))
WITH_GONE = msgspec.structs.replace(ACCOUNT, lists=(GONE,))


def emails(answer: Any) -> list[str]:
    """Return the addresses of a page."""
    return [one["emailAddress"] for one in answer.json()["data"]]


def test_pages(caller: Caller) -> None:
    """A page names the next one, until the last, which names none."""
    first = caller.get(CONTACTS, count=2)
    assert emails(first) == ["ann@example.com", "ben@example.com"]
    second = caller.get(CONTACTS, count=2, cursor=first.json()["nextPageCursor"])
    assert emails(second) == ["sue@example.com"]
    assert second.json()["nextPageCursor"] is None


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"count": 5001}, {"subscriptionState": "Both"}])
def test_refused(caller: Caller, query: dict[str, str | int]) -> None:
    """A cursor that was not given, more than a page holds, and another state are refused."""
    assert error_of(caller.get(CONTACTS, **query)) == (400, "ERROR_INVALID_PARAMETER")


def test_open_lists_have_no_pages(start: Start) -> None:
    """A list of every address cannot be listed."""
    caller = start(Account.of_fields({12345: {789: None}}))
    assert error_of(caller.get(CONTACTS))[0] == 400


def test_unsubscribed(start: Start) -> None:
    """Who is unsubscribed is listed apart, and gets no update, unless a file asks for it."""
    caller = start(WITH_GONE)
    assert emails(caller.get(CONTACTS)) == ["ann@example.com", "sue@example.com"]
    assert emails(caller.get(CONTACTS, subscriptionState="Unsubscribed")) == ["ben@example.com"]
    answer = caller.push(contact("ben@example.com", f789="on"))
    summary = caller.get(f"{IMPORT}/{answer.json()['resourceId']}/Summary").json()["data"]
    assert summary["previouslyUnsubscribedCount"] == 1
    assert caller.sandbox.values()[12345]["ben@example.com"] == {}
    caller.post(IMPORT, list_file("ben@example.com,on,", includeUnsubscribed=True))
    assert caller.sandbox.values()[12345]["ben@example.com"] == {789: "on"}


def test_removed(caller: Caller) -> None:
    """Who is removed by an import is unsubscribed."""
    caller.post(IMPORT, list_file("ann@example.com,,", importType="RemoveSubscribers"))
    assert emails(caller.get(CONTACTS, subscriptionState="Unsubscribed")) == ["ann@example.com"]


@pytest.mark.parametrize(
    ("spelled", "read"),
    [
        (Behaviour(), ["on", "off", None]),
        (Behaviour(box_on="1", box_off="0", box_unset=""), ["1", "0", ""]),
        (Behaviour(box_off=None), ["on", None, None]),
    ],
)
def test_boxes(start: Start, spelled: Behaviour, read: list[str | None]) -> None:
    """Check boxes read as the behaviour spells them; other fields as they are."""
    caller = start(behaviour=spelled)
    caller.push(contact("ann@example.com", f789="on"), contact("ben@example.com", f789="off"))
    page = caller.get(CONTACTS, segmentationFieldIds="789,790").json()["data"]
    held = [
        {each["segmentationFieldId"]: each["value"] for each in one["segmentationFieldValues"]}
        for one in page
    ]
    assert [values.get(789) for values in held] == read
    assert held[0][790] == "Ulm"


def test_late() -> None:
    """An import has ended before its values show."""
    now = [0.0]
    behaviour = Behaviour(resource_ids="one", import_delay=5, show_delay=10)
    imports = Imports(ACCOUNT, behaviour, lambda: now[0])
    number = int(imports.start(12345, "a", ImportKind(), [Row("ann@example.com", {790: "Rom"})]))
    seen = []
    for now[0] in (0.0, 5.0, 14.0, 15.0):
        found, shown = imports.find(12345, number), imports.contact(12345, "ann@example.com")
        assert found is not None
        assert shown is not None
        seen.append((found[1], shown.values[790]))
    assert seen == [(False, "Ulm"), (True, "Ulm"), (True, "Ulm"), (True, "Rom")]
