"""The sandbox as tests and commands use it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from listrak_sync.errors import UsageError
from listrak_sync.sandbox import Account, Behaviour, Exchange, Sandbox
from tests.sandbox.conftest import ACCOUNT, PUSH, contact, list_file, routes_of

if TYPE_CHECKING:
    from tests.sandbox.conftest import Caller, Start

ONE = contact("ann@example.com", f789="on")


def test_addresses() -> None:
    """The addresses are what `--api-url` and `--auth-url` take, on loopback."""
    with Sandbox(Account()) as sandbox:
        root = sandbox.api_url.removesuffix("/email/v1")
        assert root.startswith("http://127.0.0.1:")
        assert sandbox.auth_url == root + "/OAuth2/Token"


def test_port_taken() -> None:
    """A port that is taken is a fault of usage, with a way out."""
    with Sandbox(Account()) as first:
        port = int(first.api_url.split(":")[2].split("/")[0])
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1") as caught:
            Sandbox(Account(), port=port).__enter__()
    assert "port 0" in caught.value.hint


def test_no_port() -> None:
    """A number that is not a port is an error of usage."""
    with pytest.raises(UsageError, match="port 70000"):
        Sandbox(Account(), port=70_000).__enter__()


def test_requests(caller: Caller) -> None:
    """Every request is recorded: method, path, query, status and size, but no body."""
    caller.get("/List", x=1)
    caller.push(ONE)
    token, lookup, push = caller.sandbox.requests
    assert routes_of(caller.sandbox.requests) == [
        ("/OAuth2/Token", 200),
        ("/email/v1/List", 200),
        ("/email/v1" + PUSH, 201),
    ]
    assert (token.method, lookup.method, lookup.query) == ("POST", "GET", "x=1")
    assert push.body_size == len(httpx.Request("POST", "http://x", json=[ONE]).content)
    assert (push.body, lookup.body_size) == (b"", 0)
    assert token.at < lookup.at < push.at


def test_kept_bodies(start: Start) -> None:
    """Bodies are kept where asked for, byte for byte."""
    caller = start(keep_bodies=True)
    caller.push(ONE)
    assert msgspec.json.decode(caller.sandbox.requests[-1].body) == [ONE]


def test_bounded_requests() -> None:
    """Only the latest requests are kept."""
    with Sandbox(Account(), keep=3) as sandbox, httpx.Client(trust_env=False) as client:
        for number in range(5):
            client.get(f"{sandbox.api_url}/{number}")
        assert [one.path[-1] for one in sandbox.requests] == ["2", "3", "4"]


def test_on_request(start: Start) -> None:
    """A listener is given each request once it has its answer."""
    heard: list[Exchange] = []
    caller = start(on_request=heard.append)
    caller.get("/List")
    assert tuple(heard) == caller.sandbox.requests


def test_own_faults_are_raised() -> None:
    """What goes wrong inside the sandbox is raised on leaving, not swallowed."""

    def fail(_: Exchange) -> None:
        raise LookupError("listener")

    def use() -> None:
        with (
            Sandbox(Account(), on_request=fail) as sandbox,
            httpx.Client(trust_env=False) as client,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            client.get(sandbox.api_url)

    with pytest.raises(LookupError, match="listener"):
        use()


def test_callers_fault_goes_first() -> None:
    """The block's own exception is the one that is raised."""

    def fail(_: Exchange) -> None:
        raise LookupError("listener")

    def use() -> None:
        with Sandbox(Account(), on_request=fail) as sandbox:
            httpx.get(sandbox.api_url, trust_env=False)

    with pytest.raises(httpx.RemoteProtocolError):
        use()


def test_settle(start: Start) -> None:
    """Settling waits for delayed imports."""
    caller = start(behaviour=Behaviour(import_delay=0.2, import_jitter=0.1))
    for _ in range(3):
        caller.post("/List/12345/ListImport", list_file("ben@example.com,on,Ulm"))
    assert not caller.sandbox.settle(0)
    assert caller.sandbox.settle()
    assert caller.sandbox.values()[12345]["ben@example.com"] == {789: "on", 790: "Ulm"}


def test_many_callers(start: Start) -> None:
    """Requests side by side are each applied once."""
    caller = start(msgspec.structs.replace(ACCOUNT, open_lists=True))

    def push(worker: int) -> None:
        for number in range(20):
            caller.push(contact(f"w{worker}n{number}@example.com", f789="on"))

    workers = [threading.Thread(target=push, args=(worker,)) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    set_now = [v for v in caller.sandbox.values()[12345].values() if v.get(789) == "on"]
    assert len(set_now) == 160
    assert len(caller.sandbox.requests) == 161
