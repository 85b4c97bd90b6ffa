"""The sockets of the sandbox: HTTP/1.1 on loopback, each connection in a thread."""

from __future__ import annotations

import re
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING

from listrak_sync.sandbox.wire import Answer, Request, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
_CHUNK = 1 << 20
_LENGTH = re.compile(r"[0-9]{1,15}")


class Listener(ThreadingHTTPServer):
    """Hands requests to `exchange`, and closes a connection where that returns None.

    Bodies longer than `body_limit` bytes and than any form are read but not kept. Raises OSError
    or OverflowError where the port is not available. `failure` is what `exchange` raised.
    """

    request_queue_size = 128

    def __init__(
        self, port: int, exchange: Callable[[Request], Answer | None], body_limit: int
    ) -> None:
        self.exchange = exchange
        self.body_limit = max(body_limit, _CHUNK)
        self.failure: BaseException | None = None
        self._open: set[socket.socket] = set()
        self._closing = False
        self._changed = threading.Condition()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def opened(self, connection: socket.socket) -> None:
        """Note an open connection; end it if it comes too late."""
        with self._changed:
            self._open.add(connection)
            if self._closing:
                _end(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def hang_up(self) -> None:
        """End every open connection, and wait a moment for its thread."""
        with self._changed:
            self._closing = True
            for connection in self._open:
                _end(connection)
            self._changed.wait_for(lambda: not self._open, timeout=2.0)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - inherited
        """Keep an error of the sandbox itself; a caller who hangs up is not one."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.failure = error


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, and writes its answer in one go."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def _handle(self) -> None:
        match self._read():
            case Request() as request:
                answer = self.server.exchange(request)
            case Answer() | None as answer:
                self.close_connection = True
        if answer is None:
            self.close_connection = True
            return
        phrase = self.responses.get(answer.status, ("",))[0]
        lines = [
            f"{self.protocol_version} {answer.status} {phrase}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
            f"Content-Length: {len(answer.body)}",
            *(["Connection: close"] if self.close_connection else []),
            "\r\n",
        ]
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815 - http.server looks these up
    do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815 - http.server looks these up

    def _read(self) -> Request | Answer | None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or _LENGTH.fullmatch(length) is None:
            return refusal(411, "ERROR_LENGTH_REQUIRED", "Say the body's length.").answer
        size = int(length)
        body = self._body(size)
        if body is None:
            return None
        path, _, query = self.path.partition("?")
        return Request(self.command, path, query, headers, body, size)

    def _body(self, size: int) -> bytes | None:
        """Read the body; None where the caller hangs up before its end."""
        if size <= self.server.body_limit:
            body = self.rfile.read(size)
            return body if len(body) == size else None
        while size > 0:
            chunk = self.rfile.read(min(size, _CHUNK))
            if not chunk:
                return None
            size -= len(chunk)
        return b""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Say nothing: the sandbox writes to no stream."""


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was first
