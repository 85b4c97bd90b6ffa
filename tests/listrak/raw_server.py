"""A server on loopback that answers every request with given bytes, in the clear or by TLS."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

TOKEN = (
    b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 25\r\n\r\n{"access_token": "t0ken"}'
)
TLS_HANDSHAKE = b"\x16"
Answer: TypeAlias = Callable[[bytes], Iterable[bytes] | None]
"""From a request's head to the pieces of its answer; None resets the connection."""


def head(status: str, *headers: str) -> bytes:
    """Return the head of an answer."""
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode("latin-1")


def whole(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole answer, after which the connection ends."""
    return head(status, f"Content-Length: {len(body)}", "Connection: close", *headers) + body


class RawServer:
    """Answers on 127.0.0.1 for as long as the `with` block lasts; keeps requests' heads.

    Token requests get a token, anything else what `answer` gives; the connection then ends.
    """

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._context = context
        self.heads: list[bytes] = []
        self.ended = threading.Event()

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._converse(connection)
        except OSError:
            connection.close()  # the other side was first

    def _converse(self, connection: socket.socket) -> None:
        request = _read(connection)
        if not request:
            return
        self.heads.append(request)
        pieces = (TOKEN,) if b" /OAuth2/Token " in request else self._answer(request)
        if pieces is None:
            now = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            return
        for piece in pieces:
            if self.ended.is_set():
                return
            connection.sendall(piece)


def _read(connection: socket.socket) -> bytes:
    """Read a request; return its head."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        received += piece
        if not piece or received.startswith(TLS_HANDSHAKE):
            return received
    top, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in top.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return top
