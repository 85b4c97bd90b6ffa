"""Ids, queries and pages of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Behaviour
from tests.sandbox.conftest import IMPORT, contact, error_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start


@pytest.mark.parametrize(
    "number", ["0", "-1", "2147483648", "99999999999", "abc", "1.5", "%20", "\u0661"]
)
def test_ids(caller: Caller, number: str) -> None:
    """An id is an int32 from 1."""
    assert error_of(caller.get(f"/List/{number}")) == (400, "ERROR_INVALID_PARAMETER")


def test_highest_id(caller: Caller) -> None:
    """The highest int32 is an id, here of no list."""
    assert error_of(caller.get("/List/2147483647")) == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")


@pytest.mark.parametrize(
    "query",
    [{"count": 0}, {"count": 5001}, {"count": "x"}, {"cursor": "End"}, {"cursor": "from-x"}],
)
def test_bad_page(caller: Caller, query: dict[str, str | int]) -> None:
    """A page has 1 to 5000 members, and starts at `Start` or at a cursor given out."""
    caller.push(contact("ann@example.com", f789="on"))
    answer = caller.get(f"{IMPORT}/1001/Contact", **query)
    assert error_of(answer) == (400, "ERROR_INVALID_PARAMETER")


def test_pages(caller: Caller) -> None:
    """Following the cursor meets every contact once, in order."""
    emails = [f"p{number}@example.com" for number in range(5)]
    caller.push(*(contact(email, f789="on") for email in emails))
    found: list[str] = []
    cursor = "Start"
    while cursor:
        page = caller.get(f"{IMPORT}/1001/Contact", cursor=cursor, count=2).json()
        found += [one["emailAddress"] for one in page["data"]]
        cursor = page["nextPageCursor"]
    assert found == emails


def test_next_page_as_address(start: Start) -> None:
    """The next page may be given as an address instead of a cursor."""
    caller = start(behaviour=Behaviour(next_page="address"))
    caller.push(*(contact(f"p{number}@example.com", f789="on") for number in range(3)))
    first = caller.get(f"{IMPORT}/1001/Contact", count=2).json()["nextPageCursor"]
    assert first.startswith(f"{caller.sandbox.api_url}{IMPORT}/1001/Contact?")
    page = caller.client.get(first).json()
    assert [one["emailAddress"] for one in page["data"]] == ["p2@example.com"]
    assert page["nextPageCursor"] is None
