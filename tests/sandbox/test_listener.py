"""The socket side, spoken to byte by byte."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from listrak_sync.sandbox import Sandbox
from tests.sandbox.conftest import ACCOUNT, contact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.conftest import Caller

TIMEOUT = 60


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Give a sandbox that nobody has spoken to."""
    with Sandbox(ACCOUNT) as running:
        yield running


def say(sandbox: Sandbox, *parts: bytes) -> bytes:
    """Send bytes, then nothing more, and return all that comes back."""
    with socket.create_connection(
        ("127.0.0.1", urlsplit(sandbox.api_url).port or 0), TIMEOUT
    ) as caller:
        for part in parts:
            caller.sendall(part)
        caller.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: caller.recv(65536), b""))


@pytest.mark.parametrize(
    "header", [b"Transfer-Encoding: chunked", b"Content-Length: x", b"Content-Length: -1"]
)
def test_length_is_needed(sandbox: Sandbox, header: bytes) -> None:
    """A body whose length is not said is refused, and the connection closed."""
    answer = say(sandbox, b"POST /email/v1/List HTTP/1.1\r\n" + header + b"\r\n\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 Length Required\r\n")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("length", [100, 3_000_000_000])
def test_broken_body(sandbox: Sandbox, length: int) -> None:
    """A caller that hangs up within its body gets no answer, and nothing is recorded."""
    head = b"POST /OAuth2/Token HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length
    assert say(sandbox, head + b"grant_type=") == b""
    assert sandbox.requests == ()


def test_keep_alive(sandbox: Sandbox) -> None:
    """One connection carries many requests, answered in order."""
    ask = b"GET /email/v1/%s HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = say(sandbox, ask % b"List", ask % b"Nothing")
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.index(b" 401 ") < answer.index(b" 404 ")


def test_no_http(sandbox: Sandbox) -> None:
    """What is not HTTP is refused, and nothing is printed."""
    assert b"400" in say(sandbox, b"hello\r\n\r\n")


def test_silent(caller: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    """The sandbox writes to no stream."""
    caller.push(contact("ann@example.com", f789="on"))
    caller.get("/Nothing")
    assert capfd.readouterr() == ("", "")


def test_open_connections_are_ended() -> None:
    """Leaving ends connections that are still open."""
    with Sandbox(ACCOUNT) as sandbox:
        port = urlsplit(sandbox.api_url).port or 0
        caller = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        caller.sendall(b"GET /email/v1/List HTTP/1.1\r\n\r\n")
        assert caller.recv(65536)
    with caller:
        assert caller.recv(1) == b""
