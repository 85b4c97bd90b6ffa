"""The sandbox: the service behind a listener, while a block lasts."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sync.errors import UsageError, start_thread
from listrak_sync.sandbox.behaviour import Behaviour
from listrak_sync.sandbox.faults import Faults, carry_out
from listrak_sync.sandbox.listener import HOST, Listener
from listrak_sync.sandbox.service import API_PATH, TOKEN_PATH, Service, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from listrak_sync.sandbox.account import Account
    from listrak_sync.sandbox.contacts import Values
    from listrak_sync.sandbox.wire import Answer, Request


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and how it ended; `status` is None where the connection was closed instead.

    `at` is `time.monotonic()` once the request was read; `body_size` counts bytes; `body` is
    empty unless bodies are kept.
    """

    method: str
    path: str
    query: str
    status: int | None
    body_size: int
    at: float
    body: bytes = b""


class Sandbox:
    """A stand-in for Listrak on 127.0.0.1 while the `with` block lasts.

    `port` 0 takes any free port. The latest `keep` requests stay in `requests`, with their bodies
    where `keep_bodies` is set. `on_request` is called with each, in the thread that answers it.
    Entering raises UsageError where the port is not available; leaving raises the error that
    occurred inside the sandbox, if there was one.
    """

    def __init__(
        self,
        account: Account,
        behaviour: Behaviour | None = None,
        *,
        port: int = 0,
        on_request: Callable[[Exchange], object] | None = None,
        keep: int = 10_000,
        keep_bodies: bool = False,
    ) -> None:
        self._behaviour = behaviour or Behaviour()
        self._service = Service(account, self._behaviour)
        self._faults = Faults(self._behaviour)
        self._port = port
        self._on_request = on_request
        self._exchanges: deque[Exchange] = deque(maxlen=keep)
        self._keep_bodies = keep_bodies
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        try:
            self._listener = Listener(self._port, self._exchange, self._behaviour.body_limit)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"the sandbox cannot listen on port {self._port} of {HOST}: {error}",
                "Stop what listens there, name another port, or name port 0 for any free one.",
            ) from error
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), name="sandbox", daemon=True
        )
        start_thread(self._thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
        self._listener.hang_up()
        if error is None and self._listener.failure is not None:
            raise self._listener.failure

    @property
    def api_url(self) -> str:
        """The API's address, as `--api-url` takes it."""
        return f"http://{HOST}:{self._listener.server_port}{API_PATH}"

    @property
    def auth_url(self) -> str:
        """The token address, as `--auth-url` takes it."""
        return f"http://{HOST}:{self._listener.server_port}{TOKEN_PATH}"

    @property
    def requests(self) -> tuple[Exchange, ...]:
        """The latest requests, oldest first."""
        return tuple(self._exchanges.copy())

    def values(self) -> Values:
        """Return a copy of what contacts hold: list id -> address -> field id -> value."""
        return self._service.imports.values()

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait at most `timeout` seconds for delayed imports; return whether all are applied."""
        return self._service.imports.settle(timeout)

    def _exchange(self, request: Request) -> Answer | None:
        at = time.monotonic()
        plan = self._faults.plan(kind_of(request))
        answer = carry_out(plan, lambda: self._service.answer(request), self._stopping.wait)
        record = Exchange(
            request.method,
            request.path,
            request.query,
            None if answer is None else answer.status,
            request.size,
            at,
            request.body if self._keep_bodies else b"",
        )
        self._exchanges.append(record)
        if self._on_request is not None:
            self._on_request(record)
        return answer
