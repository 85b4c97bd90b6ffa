"""One token for all senders, renewed in time and never shown."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx
import pytest

from listrak_sync.listrak.auth import ClientCredentials, TokenError
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import Denied, Failure, Unavailable

AUTH = "https://auth.example.com/token"
API = "https://api.example.com/list"
Reply: TypeAlias = Callable[[], httpx.Response]


def token(name: str, **more: object) -> Reply:
    """Return a maker of a token reply."""
    return lambda: httpx.Response(200, json={"access_token": name, **more})


@dataclass
class Service:
    """Answers token requests from `tokens` in order, and API requests by the bearer."""

    tokens: list[Reply]
    refused: set[str] = field(default_factory=set)
    now: float = 0.0
    asked: list[httpx.Request] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.auth = ClientCredentials(Credentials("ann", "s3cret&="), AUTH, lambda: self.now)
        self.client = httpx.Client(
            transport=httpx.MockTransport(self._answer), auth=self.auth, trust_env=False
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == AUTH:
            self.asked.append(request)
            return self.tokens[min(len(self.asked), len(self.tokens)) - 1]()
        bearer = request.headers["Authorization"].removeprefix("Bearer ")
        self.bearers.append(bearer)
        return httpx.Response(401 if bearer in self.refused else 200)

    def call(self) -> int:
        """Call the API; return the status."""
        return self.client.get(API).status_code


def test_form() -> None:
    """The credentials go to the token address as a form, escaped, and nowhere else."""
    service = Service([token("a")])
    assert service.call() == 200
    (asked,) = service.asked
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.read() == (
        b"grant_type=client_credentials&client_id=ann&client_secret=s3cret%26%3D"
    )
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize(
    ("life", "lasts"), [(900, 840), ("900", 840), (100, 90), (10, 9), (0.5, 0.45)]
)
def test_renewed_before_its_end(life: float | str, lasts: float) -> None:
    """A token is renewed a minute before its end, or a tenth of its life, and not earlier."""
    service = Service([token("a", expires_in=life), token("b", expires_in=life)])
    for moment in (0.0, lasts - 0.01, lasts):
        service.now = moment
        service.call()
    assert service.bearers == ["a", "a", "b"]


@pytest.mark.parametrize("more", [{}, {"expires_in": None}])
def test_no_end_named(more: dict[str, None]) -> None:
    """A token without an end is used until it is refused, then renewed."""
    service = Service([token("a", **more), token("b")])
    service.call()
    service.now = 1e9
    service.call()
    service.refused = {"a"}
    assert service.call() == 200
    assert service.bearers == ["a", "a", "a", "b"]


def test_renewed_once_on_refusal() -> None:
    """A second 401 is an answer: it is not asked a third time."""
    service = Service([token("a"), token("b")], refused={"a", "b"})
    assert service.call() == 401
    assert (service.bearers, len(service.asked)) == (["a", "b"], 2)


def test_the_same_token_again() -> None:
    """A 401 after one renewal is an answer, though the token's text is one that works elsewhere."""
    service = Service([token("a")])
    assert service.call() == 200
    service.refused = {"a"}
    assert service.call() == 401
    assert (service.bearers, len(service.asked)) == (["a", "a", "a"], 2)


def test_used_up_by_others() -> None:
    """A token that another thread has renewed and used up is renewed for this request as well."""
    service = Service([token("a"), token("b"), token("c")], refused={"a"})
    flow = service.auth.sync_auth_flow(httpx.Request("GET", API))
    flow.send(service._answer(next(flow)))
    assert service.call() == 200
    service.refused = {"a", "b"}
    bearers = []
    with contextlib.suppress(StopIteration):
        request = flow.send(httpx.Response(401))
        while True:
            bearers.append(request.headers.get("Authorization", "token"))
            request = flow.send(service._answer(request))
    assert bearers == ["Bearer b", "token", "Bearer c"]


def test_shared_by_threads() -> None:
    """Senders that start together share one token, and renew it once when all are refused."""
    gate = threading.Barrier(8)
    service = Service([token("a"), token("b")])

    def call(_: int) -> int:
        gate.wait(60)
        return service.call()

    with ThreadPoolExecutor(8) as senders:
        assert set(senders.map(call, range(8))) == {200}
        assert len(service.asked) == 1
        service.refused = {"a"}
        assert set(senders.map(call, range(8))) == {200}
    assert len(service.asked) == 2


FAILURES: list[tuple[Reply, Failure]] = [
    (
        lambda: httpx.Response(401, json={"error": "ERROR_INVALID_CREDENTIALS", "message": "No."}),
        Denied("ERROR_INVALID_CREDENTIALS", "No."),
    ),
    (
        lambda: httpx.Response(400, json={"error": "invalid_client"}),
        Denied("invalid_client", "Bad Request"),
    ),
    (lambda: httpx.Response(403, text="<h1>Blocked</h1>"), Denied("HTTP 403", "Forbidden")),
    (lambda: httpx.Response(404), Denied("HTTP 404", "Not Found")),
    (
        lambda: httpx.Response(503, headers={"Retry-After": "7"}),
        Unavailable("HTTP 503: Service Unavailable", 7.0),
    ),
    (
        lambda: httpx.Response(200, text="<h1>Sign in to the hotel</h1>"),
        Unavailable("HTTP 200 with a body that is not Listrak's"),
    ),
    (lambda: httpx.Response(200), Unavailable("the token address sent no token")),
    (lambda: httpx.Response(200, json={}), Unavailable("the token address sent no token")),
    (lambda: httpx.Response(200, json=[]), Unavailable("the token address sent no token")),
    (token(""), Unavailable("the token address sent no token")),
    (token("to ken"), Unavailable("the token address sent no token")),
    (token("tokén"), Unavailable("the token address sent no token")),
    (token("token\n"), Unavailable("the token address sent no token")),
    (token("token\r\nX: y"), Unavailable("the token address sent no token")),
]


@pytest.mark.parametrize(("reply", "failure"), FAILURES)
def test_no_token(reply: Reply, failure: Failure) -> None:
    """Where the token address refuses, fails or sends a page, that is told as what it is."""
    service = Service([reply])
    with pytest.raises(TokenError) as caught:
        service.call()
    assert caught.value.failure == failure
    assert service.bearers == []


def test_authenticate() -> None:
    """Getting a token beforehand saves the first call its own."""
    service = Service([token("a")])
    service.auth.authenticate(lambda request: service.client.send(request, auth=None))
    service.auth.authenticate(lambda request: service.client.send(request, auth=None))
    service.call()
    assert (service.bearers, len(service.asked)) == (["a"], 1)


def test_failed_request_leaves_the_way_free() -> None:
    """A token request that breaks off does not keep other senders waiting for ever."""
    service = Service([token("a")])

    def broken(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    kept: list[Exception] = []
    try:
        service.auth.authenticate(broken)
    except httpx.ConnectError as error:
        kept.append(error)
    with ThreadPoolExecutor(1) as sender:
        assert sender.submit(service.call).result(5) == 200
    assert kept


def test_a_failed_renewal_forgets_the_token() -> None:
    """After a failed renewal the next request asks again, and does not use the old token."""
    service = Service(
        [token("a", expires_in=100), lambda: httpx.Response(503), token("b")],
    )
    service.call()
    service.now = 95.0
    with pytest.raises(TokenError):
        service.call()
    assert service.call() == 200
    assert service.bearers == ["a", "b"]


def test_no_representation() -> None:
    """Neither secret nor token is in a representation of the flow or its errors."""
    service = Service([token("t0ken"), lambda: httpx.Response(400, json={"error": "x"})])
    service.call()
    service.refused = {"t0ken"}
    with pytest.raises(TokenError) as caught:
        service.call()
    shown = f"{service.auth!r} {vars(service.auth)['_credentials']!r} {caught.value!r}"
    shown += json.dumps(str(caught.value.failure))
    assert "s3cret" not in shown
    assert "t0ken" not in shown
