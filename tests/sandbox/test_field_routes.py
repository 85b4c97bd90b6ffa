"""Making groups and profile fields."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, Behaviour
from listrak_sync.sandbox.account import ALL_AREAS
from tests.sandbox.conftest import ACCOUNT, SHOPPERS, contact, error_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start

GROUPS = "/List/12345/SegmentationFieldGroup"
FIELDS = f"{GROUPS}/7/SegmentationField"
GROUP = {"segmentationFieldGroupName": "Engage", "position": 2}
FIELD = {"segmentationFieldName": "New", "dataType": "CheckBox", "maxLength": 0, "position": 3}


def test_make(caller: Caller) -> None:
    """A new group and a new field get ids, are found at once, and take values."""
    made = caller.post(GROUPS, GROUP)
    assert (made.status_code, made.json()) == (201, {"status": 201, "resourceId": "9"})
    made = caller.post(f"{GROUPS}/9/SegmentationField", FIELD)
    assert made.json()["resourceId"] == "792"
    assert caller.get(GROUPS).json()["data"][2]["segmentationFieldGroupName"] == "Engage"
    (field,) = caller.get(f"{GROUPS}/9/SegmentationField").json()["data"]
    assert (field["segmentationFieldId"], field["dataType"]) == (792, "CheckBox")
    assert caller.push(contact("ann@example.com", f792="on")).status_code == 201
    values = {"segmentationFieldIds": "792"}
    held = caller.get("/List/12345/Contact/ann@example.com", **values).json()["data"]
    assert held["segmentationFieldValues"][0]["value"] == "on"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (GROUPS, GROUP | {"segmentationFieldGroupName": "audiences"}),
        (GROUPS, GROUP | {"segmentationFieldGroupName": " "}),
        (FIELDS, FIELD | {"segmentationFieldName": "vip"}),
        (FIELDS, FIELD | {"segmentationFieldName": ""}),
        (f"{GROUPS}/8/SegmentationField", FIELD | {"segmentationFieldName": "VIP"}),
        (FIELDS, FIELD | {"dataType": "Hologram"}),
        (FIELDS, FIELD | {"maxLength": -1}),
    ],
)
def test_refused(caller: Caller, path: str, body: object) -> None:
    """A name that exists, or that is blank, and values that are not valid are refused."""
    assert error_of(caller.post(path, body)) == (400, "ERROR_INVALID_PARAMETER")


@pytest.mark.parametrize("key", FIELD)
def test_required(caller: Caller, key: str) -> None:
    """Every key of a field is required."""
    body = {name: value for name, value in FIELD.items() if name != key}
    assert error_of(caller.post(FIELDS, body)) == (400, "ERROR_MALFORMED_REQUEST_BODY")


def test_not_there(caller: Caller) -> None:
    """Nothing is made on a list, or in a group, that does not exist."""
    assert caller.post("/List/99/SegmentationFieldGroup", GROUP).status_code == 404
    assert caller.post(f"{GROUPS}/99/SegmentationField", FIELD).status_code == 404


def test_group_limit(start: Start) -> None:
    """A list has no more groups than its limit."""
    caller = start(behaviour=Behaviour(group_limit=2))
    answer = caller.post(GROUPS, GROUP)
    assert error_of(answer) == (400, "ERROR_SEGMENTATION_FIELD_GROUP_LIMIT_MET")


def test_area(start: Start) -> None:
    """The area Segmentation is needed."""
    caller = start(Account(lists=(SHOPPERS,), areas=ALL_AREAS - {"Segmentation"}))
    assert caller.post(GROUPS, GROUP).status_code == 401


def test_together(start: Start) -> None:
    """Of two requests for one name at a time, one makes it."""
    caller = start(ACCOUNT)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.post(FIELDS, FIELD).status_code, range(8)))
    assert sorted(answers) == [201, *[400] * 7]
