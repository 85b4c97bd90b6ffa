"""Following imports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Behaviour
from tests.sandbox.conftest import IMPORT, contact, error_of, list_file

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start


def test_import(caller: Caller) -> None:
    """An import is told with its id, file name and date."""
    caller.post(IMPORT, list_file("ann@example.com,on,"))
    one = caller.get(f"{IMPORT}/1001").json()["data"]
    assert (one["importFileId"], one["importFileName"]) == (1001, "people.csv")
    assert datetime.fromisoformat(one["importDate"]).tzinfo is None


def test_status(start: Start) -> None:
    """An import has an end date once it has been applied, and not before."""
    caller = start(behaviour=Behaviour(import_delay=0.25))
    caller.push(contact("ann@example.com", f789="on"))
    status = caller.get(f"{IMPORT}/1001/Status").json()["data"]
    assert (status["endDate"], status["status"]) == (None, "Processing")
    assert caller.get(f"{IMPORT}/1001/Summary").json()["data"]["processedCount"] == 0
    assert caller.sandbox.settle(1)
    status = caller.get(f"{IMPORT}/1001/Status").json()["data"]
    assert status["endDate"] > status["startDate"]
    assert status["status"] == "Completed"


def test_summary(caller: Caller) -> None:
    """Every contact of an import is processed, and counted once more by what came of it."""
    caller.push(*(contact(f"{name}@example.com", f789="on") for name in ("ann", "sue", "new")))
    summary = caller.get(f"{IMPORT}/1001/Summary").json()["data"]
    assert summary.pop("processedCount") == 3
    assert {name: count for name, count in summary.items() if count} == {
        "alreadySubscribedCount": 1,
        "suppressedCount": 1,
        "skippedCount": 1,
    }


def test_contacts(caller: Caller) -> None:
    """Each contact is told with its result."""
    caller.push(contact("Ann@example.com", f789="on"), contact("new@example.com", f789="on"))
    assert caller.get(f"{IMPORT}/1001/Contact").json() == {
        "status": 200,
        "nextPageCursor": None,
        "data": [
            {"emailAddress": "Ann@example.com", "importResult": "Updated"},
            {"emailAddress": "new@example.com", "importResult": "Skipped"},
        ],
    }


def test_several_resource_ids(start: Start) -> None:
    """Where one answer names several imports, each can be followed."""
    caller = start(behaviour=Behaviour(resource_ids="several"))
    answer = caller.push(contact("ann@example.com", f789="on"))
    assert answer.json()["resourceId"] == "1001,1002"
    for import_id in (1001, 1002):
        assert caller.get(f"{IMPORT}/{import_id}/Status").json()["data"]["endDate"]


def test_empty_resource_id(start: Start) -> None:
    """An accepted import may come without any id."""
    caller = start(behaviour=Behaviour(resource_ids="empty"))
    answer = caller.push(contact("ann@example.com", f789="on"))
    assert (answer.status_code, answer.json()["resourceId"]) == (201, "")


def test_imports_by_date(caller: Caller) -> None:
    """A list's imports are told between two dates, with or without a zone."""
    for _ in range(3):
        caller.push(contact("ann@example.com", f789="on"))
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    before, after = (now - hour).isoformat(), (now + hour).replace(tzinfo=None).isoformat()

    def found(**query: str | int) -> list[int]:
        return [one["importFileId"] for one in caller.get(IMPORT, **query).json()["data"]]

    assert found() == [1001, 1002, 1003]
    assert found(startDate=before, endDate=after) == [1001, 1002, 1003]
    assert found(startDate=after) == []
    assert found(endDate=before) == []
    assert found(count=2) == [1001, 1002]
    assert caller.get("/List/2/ListImport").json()["data"] == []


@pytest.mark.parametrize("name", ["startDate", "endDate"])
def test_bad_date(caller: Caller, name: str) -> None:
    """A date is a date."""
    answer = caller.get(IMPORT, **{name: "yesterday"})
    assert error_of(answer) == (400, "ERROR_INVALID_PARAMETER")


def test_least_rows(start: Start) -> None:
    """The file of a list import can need several contacts; the other route never does."""
    caller = start(behaviour=Behaviour(least_rows=2))
    one = list_file("ann@example.com,on,\nANN@example.com,on,\n")
    assert error_of(caller.post(IMPORT, one)) == (400, "ERROR_INVALID_PARAMETER")
    two = list_file("ann@example.com,on,\nben@example.com,on,\n")
    assert caller.post(IMPORT, two).status_code == 201
    assert caller.push(contact("ann@example.com", f789="on")).status_code == 201
