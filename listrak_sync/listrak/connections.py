"""HTTP clients that one sender at a time uses, each exchange for a bounded time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final
from weakref import WeakSet

import httpx

from listrak_sync.errors import ExhaustedError, start_thread
from listrak_sync.listrak import bounds

SLOWEST: Final = 50_000
"""How many bytes of a request's body go out in a second, at least."""


class Connections:
    """Lends clients: each to one sender at a time, so none waits for another's connection.

    A client whose exchange failed is closed. Its pool would keep some connections that failed,
    such as one whose TLS failed behind a proxy.
    """

    def __init__(self, new: Callable[[], httpx.Client]) -> None:
        """Make the first client, and raise what that raises."""
        self._new = new
        self._idle = [_Watched(new())]

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Lend a client. Raises httpx.ReadError where an exchange takes too long."""
        try:
            watched = self._idle.pop()
        except IndexError:
            watched = _Watched(self._new())
        try:
            yield watched.client
            watched.end()
        except BaseException as error:
            watched.end()
            watched.client.close()
            if isinstance(error, httpx.HTTPError):
                watched.check_time()
            raise
        watched.check_time()  # what ends with its connection looks whole when that is shut down
        self._idle.append(watched)

    def close(self) -> None:
        """Close the clients that are not lent."""
        while self._idle:
            self._idle.pop().client.close()


class _Watched:
    """A client whose connections are shut down where an exchange takes too long.

    The timeouts of httpx bound each step only: a peer that sends a byte now and then meets them.
    """

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self._seconds = 0.0
        self._is_late = False
        self._timer: threading.Timer | None = None
        self._sockets: WeakSet[socket.socket] = WeakSet()
        client.event_hooks = {"request": [self._begin], "response": [bounds.bound]}

    def end(self) -> None:
        """Take the time no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check_time(self) -> None:
        """Raise httpx.ReadError where the exchange took too long."""
        if self._is_late:
            self.client.close()
            raise httpx.ReadError(f"the exchange takes longer than {self._seconds:.0f} s")

    def _begin(self, request: httpx.Request) -> None:
        self.end()
        self._is_late = False
        self._seconds = bounds.LONGEST + int(request.headers.get("Content-Length", 0)) / SLOWEST
        request.extensions["trace"] = self._trace
        self._timer = threading.Timer(self._seconds, self._break_off)
        self._timer.daemon = True
        try:
            start_thread(self._timer)
        except ExhaustedError as error:
            raise httpx.ConnectError(str(error), request=request) from error

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        """Note each connection. Source: httpx's extension `trace`."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        stream = info["return_value"]
        found = getattr(stream, "get_extra_info", lambda _: None)("socket")
        if isinstance(found, socket.socket):
            self._sockets.add(found)
        if self._is_late:
            self._shut_down()

    def _break_off(self) -> None:
        if threading.current_thread() is self._timer:
            self._is_late = True
            self._shut_down()

    def _shut_down(self) -> None:
        for each in tuple(self._sockets):
            with suppress(OSError):  # closed meanwhile
                # Not the method of SSLSocket, which would go on in the clear.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
