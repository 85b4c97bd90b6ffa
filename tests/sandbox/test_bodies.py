"""The list-import route's file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.sandbox import Behaviour
from tests.sandbox.conftest import IMPORT, error_of, list_file

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start

EMAIL = {"fileColumn": 0, "fileColumnType": "Email"}


def column(number: int, field_id: int = 790, **changed: object) -> dict[str, object]:
    """Build the mapping of a profile field's column."""
    kind = "SegmentationField"
    return {"fileColumn": number, "fileColumnType": kind, "segmentationFieldId": field_id} | changed


def values(caller: Caller, email: str = "ben@example.com") -> dict[int, str]:
    """Return what a contact holds."""
    return caller.sandbox.values()[12345][email]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("ben@example.com,on,Ulm\n", {}),
        ("\ufeffben@example.com,on,Ulm", {}),
        ('"ben@example.com","on","Ulm"\r\n\r\n', {}),
        ("email,vip,city\nben@example.com,on,Ulm\n", {"hasColumnNames": True}),
        ("'ben@example.com';on;Ulm", {"fileDelimiter": ";", "textQualifier": "'"}),
        ("ben@example.com\ton\tUlm", {"fileDelimiter": "\t", "textQualifier": ""}),
    ],
)
def test_file(caller: Caller, text: str, changed: dict[str, object]) -> None:
    """The file is read by its delimiter, qualifier and column names."""
    assert caller.post(IMPORT, list_file(text, **changed)).status_code == 201
    assert values(caller) == {789: "on", 790: "Ulm"}


def test_qualified_cells(caller: Caller) -> None:
    """A qualified cell may hold delimiters, line ends and qualifiers."""
    note = 'a,"b"\u2028c\r\n'
    cell = note.replace('"', '""')
    body = list_file(f'ben@example.com,"{cell}"', fileMappings=[EMAIL, column(1, 791)])
    caller.post(IMPORT, body)
    assert values(caller) == {791: note}


def test_blank_and_missing_cells(caller: Caller) -> None:
    """Under `Update` a blank or missing cell sets nothing, or the default where there is one."""
    caller.post(IMPORT, list_file("ann@example.com,,\nben@example.com\n"))
    assert values(caller, "ann@example.com") == {790: "Ulm"}
    assert values(caller) == {}
    defaults = [EMAIL, column(2, defaultValue="Rom")]
    caller.post(IMPORT, list_file("ben@example.com,,", fileMappings=defaults))
    assert values(caller) == {790: "Rom"}


def test_overwrite(caller: Caller) -> None:
    """Under `Overwrite` a blank cell empties the field."""
    caller.post(IMPORT, list_file("ann@example.com,off,", segmentationImportType="Overwrite"))
    assert values(caller, "ann@example.com") == {789: "off", 790: ""}


def test_spoilt_rows(caller: Caller) -> None:
    """An invalid address or value costs its own row only."""
    text = "ann,on,Ulm\nann@example.com,maybe,Rom\nben@example.com,on,Rom\n"
    answer = caller.post(IMPORT, list_file(text))
    summary = caller.get(f"{IMPORT}/{answer.json()['resourceId']}/Summary").json()["data"]
    assert (summary["invalidEmailCount"], summary["skippedCount"]) == (1, 1)
    assert summary["alreadySubscribedCount"] == 1
    assert values(caller, "ann@example.com") == {790: "Ulm"}
    assert values(caller) == {789: "on", 790: "Rom"}


def test_other_columns(caller: Caller) -> None:
    """Columns for events and external ids are allowed, and set no field."""
    mappings = [
        EMAIL,
        {"fileColumn": 1, "fileColumnType": "Event"},
        {"fileColumn": 2, "fileColumnType": "ExternalContactID"},
    ]
    answer = caller.post(IMPORT, list_file("ben@example.com,x,y", fileMappings=mappings))
    assert answer.status_code == 201
    assert values(caller) == {}


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"fileName": " "}, "fileName"),
        ({"importType": "Replace"}, "importType"),
        ({"segmentationImportType": "Merge"}, "segmentationImportType"),
        ({"fileDelimiter": ""}, "fileDelimiter"),
        ({"fileDelimiter": "\n"}, "fileDelimiter"),
        ({"textQualifier": "''"}, "textQualifier"),
        ({"textQualifier": ","}, "textQualifier"),
        ({"fileMappings": []}, "fileMappings"),
        ({"fileMappings": [column(1)]}, "fileMappings"),
        ({"fileMappings": [EMAIL, {**EMAIL, "fileColumn": 1}]}, "fileMappings"),
        ({"fileMappings": [EMAIL, column(0)]}, "fileColumn"),
        ({"fileMappings": [EMAIL, column(-1)]}, "fileColumn"),
        ({"fileMappings": [EMAIL, column(1, 4)]}, "segmentationFieldId"),
        (
            {"fileMappings": [EMAIL, {"fileColumn": 1, "fileColumnType": "SegmentationField"}]},
            "segmentationFieldId",
        ),
        (
            {"fileMappings": [EMAIL, {"fileColumn": 1, "fileColumnType": "Name"}]},
            "fileColumnType",
        ),
        ({"fileStream": "no base64!"}, "fileStream"),
        ({"fileStream": ""}, "fileStream"),
        ({"fileStream": base64.b64encode(b"\xff\xfe").decode()}, "fileStream"),
        ({"fileStream": base64.b64encode(b'ben@example.com,"on').decode()}, "fileStream"),
        ({"hasColumnNames": True}, "fileStream"),
    ],
)
def test_refused(caller: Caller, changed: dict[str, object], parameter: str) -> None:
    """What the contract refuses is refused by the parameter's name, and nothing is applied."""
    answer = caller.post(IMPORT, list_file("ben@example.com,on,Ulm", **changed))
    assert error_of(answer) == (400, "ERROR_INVALID_PARAMETER")
    assert answer.json()["message"] == f"The value of {parameter} cannot be used."
    assert values(caller) == {}


@pytest.mark.parametrize(
    "key",
    [
        "fileDelimiter",
        "fileMappings",
        "fileName",
        "fileStream",
        "importType",
        "segmentationImportType",
    ],
)
def test_required(caller: Caller, key: str) -> None:
    """A body without a required key is malformed."""
    body: dict[str, Any] = list_file("ben@example.com,on,Ulm")
    del body[key]
    assert error_of(caller.post(IMPORT, body)) == (400, "ERROR_MALFORMED_REQUEST_BODY")


def test_poisoned(start: Start) -> None:
    """A poisoned address refuses a file that holds it."""
    caller = start(behaviour=Behaviour(poisoned=frozenset({"ben@example.com"})))
    answer = caller.post(IMPORT, list_file("BEN@example.com,on,"))
    assert error_of(answer) == (400, "ERROR_INVALID_PARAMETER")
