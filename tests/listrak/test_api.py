"""The routes, against the sandbox over real connections."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec
import pytest

from listrak_sync.errors import SettingsError
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    ListInfo,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
)
from listrak_sync.sandbox import Account, Behaviour, Drop, Reply, Rule, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from listrak_sync.sandbox.behaviour import Action, RouteKind

ACCOUNT = Account.of_fields({7: {1: None}, 8: {1: None}})
OTHER = Credentials("ann", "s3cret")
OWN = Credentials("sandbox", "sandbox")


def body(*emails: str, field: int = 1) -> bytes:
    """Return a body that sets a field of some contacts to on."""
    values = [{"segmentationFieldId": field, "value": "on"}]
    return msgspec.json.encode(
        [{"emailAddress": email, "segmentationFieldValues": values} for email in emails]
    )


def faulty(action: Action, route: RouteKind, times: int | None = None) -> Behaviour:
    """Return a behaviour with a fault on one route."""
    return Behaviour(faults=(Rule(action=action, route=route, times=times),))


class Pair:
    """A sandbox and the API that speaks to it."""

    def __init__(self, stack: ExitStack, account: Account, behaviour: Behaviour | None) -> None:
        self.sandbox = stack.enter_context(Sandbox(account, behaviour))
        self.addresses = Addresses(self.sandbox.api_url, self.sandbox.auth_url)
        self._stack = stack

    def api(self, credentials: Credentials = OWN) -> Api:
        """Return an open API."""
        return self._stack.enter_context(Api(self.addresses, credentials))

    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return [exchange.path for exchange in self.sandbox.requests]


@pytest.fixture
def start() -> Iterator[Callable[..., Pair]]:
    """Give a function that starts a sandbox."""
    with ExitStack() as stack:
        yield lambda account=ACCOUNT, behaviour=None: Pair(stack, account, behaviour)


def test_update(start: Callable[..., Pair]) -> None:
    """Accepted contacts have their values, and the import is named."""
    pair = start(ACCOUNT, Behaviour(resource_ids="one"))
    verdict = pair.api().update_profile_fields(7, body("ann@example.com"))
    assert isinstance(verdict, Accepted)
    assert len(verdict.resource_ids) == 1
    assert pair.sandbox.values()[7] == {"ann@example.com": {1: "on"}}


@pytest.mark.parametrize(("ids", "count"), [("one", 1), ("several", 2), ("empty", 0)])
def test_resource_ids(start: Callable[..., Pair], ids: str, count: int) -> None:
    """One import, several or none may be named."""
    behaviour = msgspec.convert({"resource_ids": ids}, Behaviour)
    verdict = start(ACCOUNT, behaviour).api().update_profile_fields(7, body("ann@example.com"))
    assert isinstance(verdict, Accepted)
    assert len(verdict.resource_ids) == count


def test_look_ups(start: Callable[..., Pair]) -> None:
    """Lists come with their ids and names, one or all."""
    api = start().api()
    assert api.lists() == (ListInfo(7, "List 7"), ListInfo(8, "List 8"))
    assert api.list(8) == ListInfo(8, "List 8")
    assert isinstance(api.list(9), NotFound)


def test_one_token(start: Callable[..., Pair]) -> None:
    """Four senders at once ask for one token."""
    pair = start()
    api = pair.api()
    with ThreadPoolExecutor(4) as senders:
        verdicts = list(
            senders.map(
                lambda n: api.update_profile_fields(7, body(f"c{n}@example.com")), range(40)
            )
        )
    assert all(isinstance(verdict, Accepted) for verdict in verdicts)
    assert pair.paths().count("/OAuth2/Token") == 1
    assert len(pair.sandbox.values()[7]) == 40


def test_expired_token(start: Callable[..., Pair]) -> None:
    """A token that runs out earlier than it said is renewed unnoticed."""
    pair = start(ACCOUNT, Behaviour(token_uses=2))
    api = pair.api()
    for _ in range(5):
        assert isinstance(api.list(7), ListInfo)
    assert pair.paths().count("/OAuth2/Token") == 3


@pytest.mark.parametrize(
    ("account", "behaviour", "sent", "kind"),
    [
        (ACCOUNT, None, body("no address"), Refused),
        (ACCOUNT, None, body("ann@example.com", field=99), Refused),
        (ACCOUNT, None, b"[", Refused),
        (ACCOUNT, Behaviour(body_limit=20), body("ann@example.com"), TooLarge),
        (
            ACCOUNT,
            Behaviour(body_limit=20, body_limit_status=404),
            body("ann@example.com"),
            NotFound,
        ),
        (
            msgspec.structs.replace(ACCOUNT, beta_route=False),
            None,
            body("a@example.com"),
            BetaClosed,
        ),
        (msgspec.structs.replace(ACCOUNT, paused=True), None, body("a@example.com"), Denied),
        (
            msgspec.structs.replace(ACCOUNT, areas=frozenset()),
            None,
            body("a@example.com"),
            Denied,
        ),
        (ACCOUNT, faulty(Reply(status=405), "profile-fields"), body("a@example.com"), Unexpected),
        (ACCOUNT, faulty(Drop(), "profile-fields"), body("a@example.com"), Unavailable),
        (ACCOUNT, faulty(Drop(), "token"), body("a@example.com"), Unavailable),
        (ACCOUNT, faulty(Reply(status=404), "token"), body("a@example.com"), Denied),
    ],
)
def test_failures(
    start: Callable[..., Pair],
    account: Account,
    behaviour: Behaviour | None,
    sent: bytes,
    kind: type[object],
) -> None:
    """A failure is a value, never an exception, and nothing is tried again here."""
    pair = start(account, behaviour)
    assert type(pair.api().update_profile_fields(7, sent)) is kind
    assert pair.sandbox.values()[7] == {}
    assert len(pair.paths()) <= 4


def test_wrong_secret(start: Callable[..., Pair]) -> None:
    """A wrong secret is a denial, whether a token or an answer is asked for."""
    api = start().api(OTHER)
    assert isinstance(api.authenticate(), Denied)
    assert isinstance(api.lists(), Denied)


@pytest.mark.parametrize("route", ["token", "lookups", "profile-fields"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(start: Callable[..., Pair], status: int, route: RouteKind) -> None:
    """A redirect is not followed, and it is told where it points, without its query."""
    other = start()
    headers = {"Location": f"{other.sandbox.api_url}/List?state=1#x"}
    pair = start(ACCOUNT, faulty(Reply(status=status, headers=headers), route))
    api = pair.api()
    answer = (
        api.lists() if route == "lookups" else api.update_profile_fields(7, body("a@b.example"))
    )
    assert answer == Redirected(f"HTTP {status}", f"redirected to {other.sandbox.api_url}/List")
    assert other.sandbox.requests == ()


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Proxy</h1>",
        "{}",
        "[]",
        '{"data": {}}',
        '{"data": 3}',
        '{"data": [{"listId": "x"}]}',
        '{"a": ' + "[" * 100_000,
    ],
)
def test_another_shape(start: Callable[..., Pair], page: str) -> None:
    """A look-up answered with something else is a passing failure."""
    pair = start(ACCOUNT, faulty(Reply(status=200, body=page), "lookups"))
    assert isinstance(pair.api().lists(), Unavailable)


def test_nothing_listens(start: Callable[..., Pair]) -> None:
    """Nobody at the address is a passing failure, in words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    with Api(Addresses(address, address), OTHER) as api:
        for answer in (api.authenticate(), api.lists(), api.authenticate()):
            assert isinstance(answer, Unavailable)
            assert answer.reason.startswith("no connection to ")


def test_token_after_a_drop(start: Callable[..., Pair]) -> None:
    """A token request that is dropped leaves the next one free to succeed."""
    api = start(ACCOUNT, faulty(Drop(), "token", times=1)).api()
    assert isinstance(api.authenticate(), Unavailable)
    assert api.authenticate() is None


def test_own_machine_needs_no_proxy(
    start: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests to this machine never go through a proxy of the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert isinstance(start().api().list(7), ListInfo)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/absent.pem"), ("ALL_PROXY", "ftp://127.0.0.1:9")],
)
def test_environment_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A proxy or a certificate file of the environment that cannot be used is a setting's fault."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError):
        Api(Addresses("https://api.example.com", "https://auth.example.com"), OTHER)
