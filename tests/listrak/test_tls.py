"""Encryption is checked always; authorities and proxies come from the usual environment."""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import httpx
import pytest
import trustme

from listrak_sync.errors import SettingsError
from listrak_sync.listrak import api as api_module
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.auth import _Token
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import Accepted, Unavailable, Verdict
from tests.listrak.raw_server import RawServer, whole

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

ANN = Credentials("ann", "s3cret-of-ann")
BODY = b'[{"emailAddress": "ann@example.com"}]'
HOST = "api.listrak.invalid"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no proxy or certificate in the environment, and little patience."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(api_module, "TIMEOUT", httpx.Timeout(2))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give a private authority that nobody trusts yet."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the private authority, by SSL_CERT_FILE."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


def created(_: bytes) -> tuple[bytes]:
    """Accept whatever is sent."""
    return (whole("201 Created", b'{"resourceId": "7"}'),)


def server(certificate: trustme.LeafCert) -> RawServer:
    """Return a server with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return RawServer(created, context)


def post(address: str, auth: str | None = None) -> Verdict:
    """Return the verdict on an import sent to an address."""
    with Api(Addresses(address, f"{auth or address}/OAuth2/Token"), ANN) as api:
        return api.update_profile_fields(7, BODY)


def reason(verdict: Verdict) -> str:
    """Return why nothing could be sent."""
    assert isinstance(verdict, Unavailable)
    return verdict.reason


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_private_authority(authority: trustme.CA, host: str) -> None:
    """A private authority named by SSL_CERT_FILE is trusted, on this machine as anywhere."""
    with server(authority.issue_cert(host)) as running:
        assert post(f"https://{host}:{running.port}") == Accepted(("7",))
        assert len(running.heads) == 2


def test_unknown_authority(authority: trustme.CA) -> None:
    """Without that, nothing is sent, not to this machine either, and the way out is named."""
    with server(authority.issue_cert("127.0.0.1")) as running:
        words = reason(post(f"https://127.0.0.1:{running.port}"))
        assert running.heads == []
    assert "SSL_CERT_FILE" in words


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("fault", ["other name", "out of date", "other authority"])
def test_certificate_that_does_not_fit(authority: trustme.CA, fault: str) -> None:
    """A certificate for another name, out of date, or of another authority is refused."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificate = {
        "other name": lambda: authority.issue_cert("other.example.com"),
        "out of date": lambda: authority.issue_cert("127.0.0.1", not_after=yesterday),
        "other authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
    }[fault]()
    with server(certificate) as running:
        assert "CERTIFICATE_VERIFY_FAILED" in reason(post(f"https://127.0.0.1:{running.port}"))
        assert running.heads == []


def test_other_protocol(authority: trustme.CA) -> None:
    """Encryption spoken to a server that has none, and the reverse, are passing failures."""
    with RawServer(created) as plain, server(authority.issue_cert("127.0.0.1")) as encrypted:
        assert reason(post(f"https://127.0.0.1:{plain.port}")).startswith(
            "no connection to 127.0.0.1: [SSL"
        )
        assert reason(post(f"http://127.0.0.1:{encrypted.port}"))
        assert encrypted.heads == []


class Proxy:
    """A proxy on loopback that leads every tunnel to one port; keeps what it was asked."""

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self._port = port
        self._answer = answer
        self.asked: list[bytes] = []
        self.passed: list[bytes] = []

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self.asked.append(client.recv(65536))
            client.sendall(self._answer)
            if b" 200 " not in self._answer:
                return
            with socket.create_connection(("127.0.0.1", self._port)) as target:
                other = {client: target, target: client}
                while ready := select.select(list(other), [], [], 5)[0]:
                    data = ready[0].recv(65536)
                    if not data:
                        return
                    self.passed.append(data)
                    other[ready[0]].sendall(data)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A proxy of the environment gets a tunnel to Listrak, and nothing of what is in it."""
    with server(authority.issue_cert(HOST)) as running, Proxy(running.port) as proxy:
        monkeypatch.setenv(name, f"http://bob:proxy-pw@{proxy.address}")
        assert post(f"https://{HOST}") == Accepted(("7",))
    assert proxy.asked
    assert all(one.startswith(f"CONNECT {HOST}:443 ".encode()) for one in proxy.asked)
    assert all(b"Proxy-Authorization: Basic " in one for one in proxy.asked)
    for secret in (b"t0ken", b"s3cret", b"ann@example.com"):
        assert secret not in b"".join(proxy.asked + proxy.passed)
    assert any(b"Bearer t0ken" in one for one in running.heads)
    assert not any(b"Proxy-Authorization" in one for one in running.heads)


@pytest.mark.parametrize("value", [HOST, ".invalid", "*"])
def test_no_proxy(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """NO_PROXY names what no proxy is asked for."""
    with Proxy(9) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", value)
        assert reason(post(f"https://{HOST}")).startswith(f"no connection to {HOST}: ")
    assert proxy.asked == []


@pytest.mark.usefixtures("trusted")
def test_proxy_with_another_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that looks into the tunnel with a certificate of its own gets nothing."""
    with server(trustme.CA().issue_cert(HOST)) as running, Proxy(running.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        assert "CERTIFICATE_VERIFY_FAILED" in reason(post(f"https://{HOST}"))
        assert running.heads == []


@pytest.mark.parametrize("fault", ["silent", "closes", "garbage", "no trust"])
def test_proxy_whose_tunnel_fails(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Each failure of TLS behind a proxy is told in time, however many there were before."""
    monkeypatch.setattr(api_module, "TIMEOUT", httpx.Timeout(0.3))
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        RawServer(created) as plain,
        server(authority.issue_cert(HOST)) as untrusted,
        Proxy(
            {"silent": silent.getsockname()[1], "closes": 9, "garbage": plain.port}.get(
                fault, untrusted.port
            )
        ) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        url = f"https://{HOST}"
        with Api(Addresses(url, f"{url}/OAuth2/Token"), ANN) as api, ThreadPoolExecutor(1) as one:
            for _ in range(12):
                failure = one.submit(api.authenticate).result(60)
                assert isinstance(failure, Unavailable)
                assert "in time" not in failure.reason or fault == "silent"


def test_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that wants a password of its own is told as what it is."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with Proxy(9, refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://bob:proxy-pw@{proxy.address}")
        words = reason(post(f"https://{HOST}"))
    assert words == f"no connection to {HOST}: 407 Proxy Authentication Required"


def test_this_machine_beside_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes in the clear to this machine is in no proxy's hands, wherever tokens come from."""
    with RawServer(created) as running, Proxy(9) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        here = f"http://127.0.0.1:{running.port}"
        with Api(Addresses(f"https://{HOST}", f"{here}/OAuth2/Token"), ANN) as api:
            assert api.authenticate() is None
        assert proxy.asked == []
        assert len(running.heads) == 1
        with Api(Addresses(here, f"https://{HOST}"), ANN) as api:
            api._auth._token, api._auth._ends = _Token("t0ken"), float("inf")
            assert api.update_profile_fields(7, BODY) == Accepted(("7",))
    assert proxy.asked == []


@pytest.mark.parametrize("bad", ["http://bob:proxy/pw@127.0.0.1:1", "bob:proxy pw@127.0.0.1:x"])
def test_proxy_address_that_is_none(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    """A proxy's address that cannot be read is a setting's fault, told without its password."""
    monkeypatch.setenv("HTTPS_PROXY", bad)
    with pytest.raises(SettingsError) as caught:
        post(f"https://{HOST}")
    assert "proxy/pw" not in f"{caught.value} {caught.value.__cause__}"
    assert "'proxy'" not in str(caught.value)
    assert "HTTPS_PROXY" in caught.value.hint
