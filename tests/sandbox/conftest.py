"""A caller with a token, against a sandbox that runs for one test."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
    Sandbox,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.sandbox import Exchange

FIELDS = (
    AccountField(id=789, name="VIP", data_type="CheckBox"),
    AccountField(id=790, name="City", max_length=5),
    AccountField(id=791, name="Note"),
)
SHOPPERS = MailingList(
    id=12345,
    name="Shoppers",
    groups=(
        AccountFieldGroup(id=7, name="Audiences", fields=FIELDS),
        AccountFieldGroup(id=8, name="Empty"),
    ),
    contacts={"Ann@Example.com": {790: "Ulm"}, "ben@example.com": {}, "sue@example.com": {}},
)
ACCOUNT = Account(
    lists=(SHOPPERS, MailingList(id=2, name="Other")), suppressed=frozenset({"SUE@example.com"})
)
NAMED = Behaviour(resource_ids="one")
PUSH = "/List/12345/Contact/SegmentationField"
IMPORT = "/List/12345/ListImport"


@dataclass(frozen=True)
class Caller:
    """Speaks to a sandbox; paths stand below the API's address."""

    sandbox: Sandbox
    client: httpx.Client

    def token(self, **changed: str) -> httpx.Response:
        """Ask for a token with the sandbox's own credentials, or others."""
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox",
            "client_secret": "sandbox",
        }
        return self.client.post(self.sandbox.auth_url, data=form | changed)

    def sign_in(self) -> None:
        """Send a fresh token with every later request."""
        token = self.token().json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """GET a path."""
        return self.client.get(self.sandbox.api_url + path, params=query)

    def post(self, path: str, body: object) -> httpx.Response:
        """POST a JSON body."""
        return self.client.post(self.sandbox.api_url + path, json=body)

    def push(self, *contacts: dict[str, Any]) -> httpx.Response:
        """POST contacts to the profile-fields route of the first list."""
        return self.post(PUSH, list(contacts))


class Start(Protocol):
    """Starts a sandbox and signs in to it."""

    def __call__(
        self,
        account: Account = ...,
        behaviour: Behaviour | None = None,
        *,
        sign_in: bool = True,
        keep_bodies: bool = False,
        on_request: Any = None,
    ) -> Caller:
        """Return a caller of a new sandbox."""
        ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that starts sandboxes; all are closed after the test."""
    with ExitStack() as stack:

        def _start(
            account: Account = ACCOUNT,
            behaviour: Behaviour | None = None,
            *,
            sign_in: bool = True,
            keep_bodies: bool = False,
            on_request: Any = None,
        ) -> Caller:
            sandbox = stack.enter_context(
                Sandbox(account, behaviour or NAMED, keep_bodies=keep_bodies, on_request=on_request)
            )
            caller = Caller(sandbox, stack.enter_context(httpx.Client(trust_env=False, timeout=60)))
            if sign_in:
                caller.sign_in()
            return caller

        yield _start


@pytest.fixture
def caller(start: Start) -> Caller:
    """Give a signed-in caller of a sandbox that does everything at once."""
    return start()


def contact(email: str, **values: object) -> dict[str, object]:
    """Build an element of a profile-fields body from `f789="on"`-like values."""
    return {
        "emailAddress": email,
        "segmentationFieldValues": [
            {"segmentationFieldId": int(name[1:]), "value": value} for name, value in values.items()
        ],
    }


def list_file(text: str, **changed: object) -> dict[str, object]:
    """Build a list-import body: column 0 the address, column 1 field 789, column 2 field 790."""
    return {
        "fileName": "people.csv",
        "fileStream": base64.b64encode(text.encode()).decode(),
        "fileDelimiter": ",",
        "textQualifier": '"',
        "hasColumnNames": False,
        "fileMappings": [
            {"fileColumn": 0, "fileColumnType": "Email"},
            {"fileColumn": 1, "fileColumnType": "SegmentationField", "segmentationFieldId": 789},
            {"fileColumn": 2, "fileColumnType": "SegmentationField", "segmentationFieldId": 790},
        ],
        "importType": "UpdateSubscribers",
        "segmentationImportType": "Update",
        "suppressEmailNotifications": True,
        "triggerJourney": False,
        "includeUnsubscribed": False,
    } | changed


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Return status and error code, having checked that the body agrees with the status line."""
    body = response.json()
    assert set(body) == {"status", "error", "message"}
    assert body["status"] == response.status_code
    assert body["message"]
    return response.status_code, body["error"]


def routes_of(requests: tuple[Exchange, ...]) -> list[tuple[str, int | None]]:
    """Return path and status of each recorded request."""
    return [(one.path, one.status) for one in requests]
