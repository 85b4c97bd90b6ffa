"""The profile-fields route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from listrak_sync.sandbox import Behaviour
from tests.sandbox.conftest import ACCOUNT, PUSH, contact, error_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start


def test_push(caller: Caller) -> None:
    """Values of contacts on the list are set, in one import, and other contacts passed over."""
    answer = caller.push(
        contact("ANN@example.com", f789="on"), contact("new@example.com", f789="on")
    )
    assert answer.status_code == 201
    assert answer.json() == {"status": 201, "resourceId": "1001"}
    assert caller.sandbox.values()[12345] == {
        "ann@example.com": {789: "on", 790: "Ulm"},
        "ben@example.com": {},
        "sue@example.com": {},
    }


def test_later_wins(caller: Caller) -> None:
    """Where a contact stands twice the later value holds."""
    caller.push(contact("ben@example.com", f790="Rom"), contact("BEN@example.com", f790="Bonn"))
    assert caller.sandbox.values()[12345]["ben@example.com"] == {790: "Bonn"}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ([], "contactSegmentationFieldValues"),
        ([contact("", f789="on")], "emailAddress"),
        ([contact("ann@example.com", f789="on"), contact("ann", f789="on")], "emailAddress"),
        ([contact("ann@example.com", f4="on")], "segmentationFieldId"),
        ([contact("ann@example.com", f790=5)], "value"),
        ([contact("ann@example.com", f790=None)], "value"),
        ([contact("ann@example.com", f790=["x"])], "value"),
        ([contact("ann@example.com", f790="London")], "value"),
        ([contact("ann@example.com", f789="yes")], "value"),
    ],
)
def test_refused_content(caller: Caller, body: list[object], parameter: str) -> None:
    """Content against the contract refuses the whole body, naming the parameter but no element."""
    answer = caller.post(PUSH, body)
    assert error_of(answer) == (400, "ERROR_INVALID_PARAMETER")
    assert answer.json()["message"] == f"The value of {parameter} cannot be used."
    assert caller.sandbox.values()[12345]["ann@example.com"] == {790: "Ulm"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"{}",
        b"[1]",
        b'["\xff"]',
        b'[{"emailAddress": "ann@example.com"}]',
        b'[{"emailAddress": null, "segmentationFieldValues": []}]',
        b'[{"emailAddress": "a@example.com", "segmentationFieldValues": [{"value": "on"}]}]',
        (
            b'[{"emailAddress": "a@example.com", "segmentationFieldValues":'
            b' [{"segmentationFieldId": "789", "value": "on"}]}]'
        ),
    ],
)
def test_malformed(caller: Caller, body: bytes) -> None:
    """A body that is not JSON or of another shape is refused as malformed."""
    answer = caller.client.post(
        caller.sandbox.api_url + PUSH, content=body, headers={"Content-Type": "application/json"}
    )
    assert error_of(answer) == (400, "ERROR_MALFORMED_REQUEST_BODY")


def test_poisoned(start: Start) -> None:
    """One poisoned address refuses the import it is in, and no other."""
    caller = start(behaviour=Behaviour(poisoned=frozenset({"Ben@example.com"})))
    ann, ben = contact("ann@example.com", f789="on"), contact("ben@EXAMPLE.com", f789="on")
    assert error_of(caller.push(ann, ben)) == (400, "ERROR_INVALID_PARAMETER")
    assert caller.push(ann).status_code == 201


def test_closed_beta(start: Start) -> None:
    """An integration outside the beta is told so, with 403 or the status scripted."""
    account = msgspec.structs.replace(ACCOUNT, beta_route=False)
    error = "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE"
    one = contact("ann@example.com", f789="on")
    assert error_of(start(account).push(one)) == (403, error)
    assert error_of(start(account, Behaviour(beta_status=401)).push(one)) == (401, error)
