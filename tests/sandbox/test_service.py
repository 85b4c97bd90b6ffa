"""What is checked before a route answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from listrak_sync.sandbox import Behaviour
from listrak_sync.sandbox.account import ALL_AREAS, Area
from listrak_sync.sandbox.service import kind_of
from listrak_sync.sandbox.wire import Request
from tests.sandbox.conftest import ACCOUNT, IMPORT, PUSH, contact, error_of, list_file

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start


ONE = contact("ann@example.com", f789="on")


@pytest.mark.parametrize("path", ["", "/Lists", "/list", "/List/1/Nothing", IMPORT + "/1/Status/x"])
def test_unknown_path(caller: Caller, path: str) -> None:
    """An address without a route is not found."""
    assert error_of(caller.get(path))[0] == 404


def test_outside_the_api(caller: Caller) -> None:
    """Nothing is served beside the API and the token address."""
    root = caller.sandbox.api_url.removesuffix("/email/v1")
    for path in ("/", "/x/email/v1/List"):
        assert error_of(caller.client.get(root + path))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", PUSH, "POST, GET"),
        ("POST", "/List", "GET"),
        ("DELETE", IMPORT, "POST, GET"),
        ("PATCH", "/List/12345", "GET"),
        ("OPTIONS", "/List", "GET"),
    ],
)
def test_wrong_method(caller: Caller, method: str, path: str, allowed: str) -> None:
    """A known address refuses other methods, and says which it takes."""
    answer = caller.client.request(method, caller.sandbox.api_url + path)
    assert error_of(answer)[0] == 405
    assert answer.headers["Allow"] == allowed


def test_head(caller: Caller) -> None:
    """HEAD is refused without a body."""
    answer = caller.client.head(caller.sandbox.api_url + "/List")
    assert (answer.status_code, answer.content) == (405, b"")


@pytest.mark.parametrize("path", [PUSH, IMPORT])
def test_content_type(caller: Caller, path: str) -> None:
    """A POST to the API carries JSON and nothing else."""
    for headers in ({"Content-Type": "text/plain"}, {}):
        answer = caller.client.post(caller.sandbox.api_url + path, content=b"[]", headers=headers)
        assert error_of(answer)[0] == 415


def test_content_type_with_charset(caller: Caller) -> None:
    """A charset beside the content type does no harm."""
    body = msgspec.json.encode([ONE])
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    url = caller.sandbox.api_url + PUSH
    assert caller.client.post(url, content=body, headers=headers).status_code == 201


@pytest.mark.parametrize("path", [PUSH, IMPORT])
def test_post_to_unknown_list(caller: Caller, path: str) -> None:
    """An import to a list that is not there is not found."""
    answer = caller.post(path.replace("12345", "99"), [ONE])
    assert error_of(answer) == (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")


FOLLOW: list[tuple[Area, str]] = [
    (area, f"{IMPORT}/1/{end}")
    for area in ("List", "Contact", "Report")
    for end in ("Status", "Summary", "Contact")
]


@pytest.mark.parametrize(
    ("area", "path"),
    [
        ("List", "/List"),
        ("List", "/List/12345"),
        ("List", "/List/12345/SegmentationFieldGroup"),
        ("Segmentation", "/List/12345/SegmentationFieldGroup"),
        ("Segmentation", "/List/12345/SegmentationFieldGroup/7/SegmentationField"),
        ("Contact", "/List/12345/Contact/ann@example.com"),
        ("Contact", IMPORT),
        ("Contact", f"{IMPORT}/1"),
        *FOLLOW,
    ],
)
def test_areas(start: Start, area: Area, path: str) -> None:
    """A route is closed to an integration that lacks one of its areas."""
    caller = start(msgspec.structs.replace(ACCOUNT, areas=ALL_AREAS - {area}))
    assert error_of(caller.get(path)) == (401, "ERROR_UNAUTHORIZED")


def test_areas_of_posts(start: Start) -> None:
    """Imports need Contact, and those of files List too."""
    without_contact = start(msgspec.structs.replace(ACCOUNT, areas=ALL_AREAS - {"Contact"}))
    assert error_of(without_contact.push(ONE))[0] == 401
    without_list = start(msgspec.structs.replace(ACCOUNT, areas=ALL_AREAS - {"List"}))
    assert error_of(without_list.post(IMPORT, list_file("a@example.com")))[0] == 401
    assert without_list.push(ONE).status_code == 201


@pytest.mark.parametrize(
    ("status", "error"),
    [(413, "ERROR_REQUEST_TOO_LARGE"), (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE")],
)
def test_body_limit(start: Start, status: int, error: str) -> None:
    """A body over the limit is refused, by 413 or as if nothing were there; one below is not."""
    limit = len(msgspec.json.encode([ONE]))
    behaviour = Behaviour(body_limit=limit, body_limit_status=status)  # type: ignore[arg-type] # parametrized
    caller = start(behaviour=behaviour)
    assert caller.push(ONE).status_code == 201
    assert error_of(caller.push(ONE, ONE)) == (status, error)
    assert error_of(caller.post(IMPORT, list_file("x" * 2_000_000))) == (status, error)
    assert caller.get("/List/12345").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/OAuth2/Token", "token"),
        ("POST", "/email/v1" + PUSH, "profile-fields"),
        ("POST", "/email/v1" + IMPORT, "list-import"),
        ("GET", "/email/v1/List", "lookups"),
        ("GET", "/email/v1" + IMPORT + "/1/Status", "status"),
        ("PUT", "/email/v1/List", None),
        ("GET", "/", None),
    ],
)
def test_kinds(method: str, path: str, kind: str | None) -> None:
    """Every route is of the kind by which a fault rule names it."""
    assert kind_of(Request(method, path, "", {}, b"", 0)) == kind
