"""A bucket of an S3 server on loopback, behind a proxy that can misbehave."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "events"
_OURS = {"Content-Type": "application/octet-stream", "Authorization": "AWS somebody:signature"}


@dataclass
class Fault:
    """What the proxy does to requests whose line or range is like a pattern, so many times.

    `status` answers in place of the server, `cut` lets so many bytes of the body through, `delay`
    is in seconds, `ignores_range` answers with all of the object, and `first` is done before.
    """

    pattern: str
    times: int = 1
    status: int | None = None
    cut: int | None = None
    delay: float = 0.0
    ignores_range: bool = False
    first: Callable[[], object] = lambda: None


@dataclass
class Bucket:
    """Puts objects, and starts the proxy in front of the server at a port."""

    server: int
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """The line of each request, with its range."""
    drops: str = "host"
    """A header that the proxy does not hand on."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._keys = set[str]()
        bucket = self

        class Handler(_Handler):
            of = bucket

        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._proxy.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._proxy.server_port}"
        self._thread = threading.Thread(target=self._proxy.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        """Make the bucket and start."""
        self._thread.start()
        assert self.ask("PUT", f"/{NAME}")[0] == 200
        return self

    def __exit__(self, *_: object) -> None:
        """End the proxy."""
        self._proxy.shutdown()
        self._thread.join()
        self._proxy.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which the bucket is found."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "a secret of the tests",
            "AWS_REGION": "us-east-1",
        }

    def put(self, key: str, data: bytes) -> str:
        """Put an object; return its URL."""
        assert self.ask("PUT", f"/{NAME}/{quote(key)}", data, _OURS)[0] == 200
        self._keys.add(key)
        return f"s3://{NAME}/{key}"

    def clear(self) -> None:
        """Delete all objects, faults and requests."""
        self.faults.clear()
        for key in [*self._keys]:
            self.delete(key)
        self.requests.clear()

    def delete(self, key: str) -> None:
        """Delete an object."""
        assert self.ask("DELETE", f"/{NAME}/{quote(key)}", b"", _OURS)[0] == 204
        self._keys.remove(key)

    def ask(
        self, method: str, path: str, data: bytes = b"", headers: Mapping[str, str] = {}
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server itself; return the status, headers and body."""
        connection = HTTPConnection("127.0.0.1", self.server, timeout=30)
        try:
            connection.request(method, path, data, dict(headers))
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()

    def fault_of(self, line: str) -> Fault:
        """Note a request; return what is to be done to it."""
        with self._lock:
            self.requests.append(line)
            for each in self.faults:
                if each.times and re.search(each.pattern, line):
                    each.times -= 1
                    return each
        return Fault("")


class _Handler(BaseHTTPRequestHandler):
    of: Bucket

    def do_GET(self) -> None:
        """Hand the request on, and the reply back."""
        asked = self.headers.get("Range", "")
        fault = self.of.fault_of(f"{self.command} {self.path} {asked}".rstrip())
        fault.first()
        time.sleep(fault.delay)
        if fault.status is not None:
            self._reply(fault.status, [], b"<Error/>")
            return
        dropped = {"host", self.of.drops, "range" if fault.ignores_range else ""}
        headers = {name: text for name, text in self.headers.items() if name.lower() not in dropped}
        status, found, body = self.of.ask(self.command, self.path, b"", headers)
        self._reply(status, found, body, fault.cut)

    do_HEAD = do_GET  # noqa: N815 - as the class wants it

    def _reply(
        self, status: int, headers: list[tuple[str, str]], body: bytes, cut: int | None = None
    ) -> None:
        kept = {
            name: value
            for name, value in headers
            if name.lower() not in {"connection", "content-length", "date", "server"}
        }
        length = {name.lower(): value for name, value in headers}.get("content-length")
        kept["Content-Length"] = length or str(len(body))
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in kept.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:cut])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def started() -> Iterator[Bucket]:
    """Yield a bucket with a server of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        with Bucket(int(process.stdout.readline())) as bucket:
            yield bucket
    finally:
        process.communicate(timeout=30)
