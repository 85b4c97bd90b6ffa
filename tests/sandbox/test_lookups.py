"""Looking up lists, fields and contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account
from tests.sandbox.conftest import error_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start

CONTACT = "/List/12345/Contact/"


def test_lists(caller: Caller) -> None:
    """Every list is told with its id and name."""
    answer = caller.get("/List").json()
    assert answer["status"] == 200
    assert [(one["listId"], one["listName"]) for one in answer["data"]] == [
        (12345, "Shoppers"),
        (2, "Other"),
    ]


def test_list(caller: Caller) -> None:
    """One list is told by its id."""
    assert caller.get("/List/2").json()["data"]["listName"] == "Other"


def test_groups(caller: Caller) -> None:
    """A list's groups are told in their order."""
    groups = caller.get("/List/12345/SegmentationFieldGroup").json()["data"]
    assert groups == [
        {
            "segmentationFieldGroupId": number,
            "segmentationFieldGroupName": name,
            "position": position,
        }
        for position, (number, name) in enumerate([(7, "Audiences"), (8, "Empty")])
    ]


def test_fields(caller: Caller) -> None:
    """A group's fields are told with type and length."""
    base = "/List/12345/SegmentationFieldGroup"
    fields = caller.get(f"{base}/7/SegmentationField").json()["data"]
    assert fields[1] == {
        "segmentationFieldId": 790,
        "segmentationFieldName": "City",
        "segmentationFieldGroupId": 7,
        "dataType": "Text",
        "maxLength": 5,
        "position": 1,
    }
    assert [one["dataType"] for one in fields] == ["CheckBox", "Text", "Text"]
    assert caller.get(f"{base}/8/SegmentationField").json()["data"] == []


def test_contact(caller: Caller) -> None:
    """A contact is found without regard to case, with the values asked for that it has."""
    path = CONTACT + "ANN%40example.com"
    contact = caller.get(path, segmentationFieldIds="789,790").json()["data"]
    assert contact["emailAddress"] == "ann@example.com"
    assert contact["segmentationFieldValues"] == [
        {"segmentationFieldGroupId": 7, "segmentationFieldId": 790, "value": "Ulm"}
    ]
    assert caller.get(path).json()["data"]["segmentationFieldValues"] == []


def test_contact_of_open_list(start: Start) -> None:
    """Every address is a contact of an open list."""
    caller = start(Account.of_fields({5: {9: None}}))
    assert caller.get("/List/5/Contact/new@example.com").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/List/99",
        "/List/99/SegmentationFieldGroup",
        "/List/12345/SegmentationFieldGroup/99/SegmentationField",
        "/List/2/SegmentationFieldGroup/7/SegmentationField",
        "/List/99/Contact/ann@example.com",
        "/List/12345/Contact/new@example.com",
        "/List/2/Contact/ann@example.com",
        "/List/99/ListImport",
        "/List/12345/ListImport/99",
        "/List/12345/ListImport/99/Status",
        "/List/12345/ListImport/99/Summary",
        "/List/12345/ListImport/99/Contact",
    ],
)
def test_not_found(caller: Caller, path: str) -> None:
    """A list, group, field or contact that does not exist is not found."""
    assert error_of(caller.get(path)) == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("ann@example.com", ",".join(["789"] * 31)),
        ("ann@example.com", "789,x"),
        ("ann@example.com", "4"),
        ("ann", "789"),
    ],
)
def test_contact_refused(caller: Caller, path: str, ids: str) -> None:
    """At most 30 ids of the list's own fields may be asked for, and by an address."""
    answer = caller.get(CONTACT + path, segmentationFieldIds=ids)
    is_many = ids.count(",") >= 30
    code = "ERROR_TOO_MANY_SEGMENTATION_FIELDS" if is_many else "ERROR_INVALID_PARAMETER"
    assert error_of(answer) == (400, code)


def test_thirty_ids(caller: Caller) -> None:
    """Thirty ids are not too many."""
    ids = ",".join(["789"] * 30)
    assert caller.get(CONTACT + "ann@example.com", segmentationFieldIds=ids).status_code == 200
