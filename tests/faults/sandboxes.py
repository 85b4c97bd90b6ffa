"""Sandboxes with a time of their own, one of which holds a request."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Any

from listrak_sync.sandbox import Account, Behaviour, Sandbox
from listrak_sync.sandbox.service import Service, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sync.sandbox.behaviour import RouteKind
    from listrak_sync.sandbox.wire import Answer, Request

LONGEST: float = 60.0
"""How long a request is held at most, in seconds."""


class Timed(Sandbox):
    """A sandbox whose time is another's: seconds as `clock` tells them."""

    def __init__(self, account: Account, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        super().__init__(account, behaviour)
        self._service = Service(account, behaviour, clock)


class Holding(Timed):
    """A sandbox that never answers one request: it is held, carried out or not, till let go.

    Its own time, `now`, moves on by a second with each question about an import.
    """

    def __init__(
        self,
        account: Account,
        behaviour: Behaviour | None = None,
        *,
        kind: RouteKind,
        number: int = 1,
        applied: bool = False,
    ) -> None:
        self.now = 0.0
        super().__init__(account, behaviour or Behaviour(), lambda: self.now)
        self.held = threading.Event()
        self.let_go = threading.Event()
        self._kind = kind
        self._number = number
        self._applied = applied
        self._seen = count(1)

    def _exchange(self, request: Request) -> Answer | None:
        kind = kind_of(request)
        self.now += kind == "status"
        if kind != self._kind or next(self._seen) != self._number:
            return super()._exchange(request)
        if self._applied:
            super()._exchange(request)
        self.held.set()
        self.let_go.wait(LONGEST)
        return None

    def __exit__(self, *error: Any) -> None:
        self.let_go.set()
        super().__exit__(*error)
