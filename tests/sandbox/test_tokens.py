"""The token address, and how long tokens are honoured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from listrak_sync.sandbox import Behaviour
from tests.faults.sandboxes import Timed
from tests.sandbox.conftest import ACCOUNT, Caller, error_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Start


def test_issue(caller: Caller) -> None:
    """Right credentials get a bearer token with the seconds it lives."""
    answer = caller.token()
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert body["access_token"]


@pytest.mark.parametrize(("says", "said"), [("omitted", None), (60, 60), ("lifetime", 5)])
def test_expires_in(start: Start, says: object, said: int | None) -> None:
    """The answer says the true lifetime, another number or nothing, as scripted."""
    behaviour = Behaviour(token_lifetime=5, expires_in=says)  # type: ignore[arg-type] # parametrized
    assert start(behaviour=behaviour).token().json().get("expires_in") == said


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "nobody"}, 401, "ERROR_INVALID_CREDENTIALS"),
        ({"client_secret": "guess"}, 401, "ERROR_INVALID_CREDENTIALS"),
        ({"grant_type": "password"}, 400, "ERROR_INVALID_PARAMETER"),
    ],
)
def test_refused(caller: Caller, changed: dict[str, str], status: int, error: str) -> None:
    """Wrong credentials and other grants get no token."""
    assert error_of(caller.token(**changed)) == (status, error)


def test_form_only(caller: Caller) -> None:
    """Credentials are taken as a form and in no other way."""
    answer = caller.client.post(caller.sandbox.auth_url, json={"client_id": "sandbox"})
    assert error_of(answer)[0] == 415


def test_post_only(caller: Caller) -> None:
    """The token address answers to POST alone."""
    answer = caller.client.get(caller.sandbox.auth_url)
    assert error_of(answer)[0] == 405
    assert answer.headers["Allow"] == "POST"


def test_paused(start: Start) -> None:
    """While access is paused no token is issued."""
    caller = start(msgspec.structs.replace(ACCOUNT, paused=True), sign_in=False)
    assert error_of(caller.token()) == (401, "ERROR_UNAUTHORIZED")


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic c2FuZGJveA=="])
def test_no_token(start: Start, header: str | None) -> None:
    """A missing or unknown token is refused."""
    caller = start(sign_in=False)
    if header:
        caller.client.headers["Authorization"] = header
    assert error_of(caller.get("/List")) == (401, "ERROR_UNAUTHORIZED")


def test_lifetime() -> None:
    """A token runs out after its lifetime, and another can be had."""
    now = [0.0]
    behaviour = Behaviour(token_lifetime=10.0)
    with (
        Timed(ACCOUNT, behaviour, lambda: now[0]) as sandbox,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):
        caller = Caller(sandbox, client)
        caller.sign_in()
        assert caller.get("/List").status_code == 200
        now[0] = 10.1
        assert error_of(caller.get("/List")) == (401, "ERROR_UNAUTHORIZED")
        caller.sign_in()
        assert caller.get("/List").status_code == 200


def test_uses(start: Start) -> None:
    """A token may be good for so many requests only."""
    caller = start(behaviour=Behaviour(token_uses=2))
    assert [caller.get("/List").status_code for _ in range(3)] == [200, 200, 401]
    caller.sign_in()
    assert caller.get("/List").status_code == 200
