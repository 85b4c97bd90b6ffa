"""The stand-in's service: from a request to its answer, free of sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from listrak_sync.sandbox.call import Call, Known
from listrak_sync.sandbox.imports import Imports
from listrak_sync.sandbox.routes import TOKEN_PATH, routes_of
from listrak_sync.sandbox.tokens import Tokens
from listrak_sync.sandbox.wire import Refusal, not_found, refusal, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sync.sandbox.account import Account
    from listrak_sync.sandbox.behaviour import Behaviour
    from listrak_sync.sandbox.routes import Route
    from listrak_sync.sandbox.wire import Answer, Request


class Service:
    """Answers requests for one account; safe to share between threads."""

    def __init__(
        self, account: Account, behaviour: Behaviour, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.imports = Imports(account, behaviour, clock)
        self._account = account
        self._behaviour = behaviour
        self._tokens = Tokens(account, behaviour, clock)
        self._lists = {one.id: Known.of(one) for one in account.lists}

    def answer(self, request: Request) -> Answer:
        """Carry out a request and return its answer, also where that is a refusal."""
        try:
            return self._answer(request)
        except Refusal as refused:
            return refused.answer

    def _answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            if request.method != "POST":
                raise _not_allowed("POST")
            return self._tokens.issue(request)
        found = list(routes_of(request.path))
        if not found:
            raise not_found("such address")
        for route, path in found:
            if route.method == request.method:
                self._admit(request, route)
                call = Call(
                    request, path, self._account, self._behaviour, self.imports, self._lists
                )
                return route.answer(call)
        raise _not_allowed(", ".join(route.method for route, _ in found))

    def _admit(self, request: Request, route: Route) -> None:
        self._tokens.check(request)
        if missing := route.areas - self._account.areas:
            raise unauthorized(f"This integration has no access to: {', '.join(sorted(missing))}.")
        if route.kind == "profile-fields" and not self._account.beta_route:
            raise refusal(
                self._behaviour.beta_status,
                "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE",
                "This integration may not use this route.",
            )
        if route.method == "POST":
            self._admit_body(request)

    def _admit_body(self, request: Request) -> None:
        if request.media_type() != "application/json":
            raise refusal(415, "ERROR_UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
        if request.size > self._behaviour.body_limit:
            match self._behaviour.body_limit_status:
                case 404:
                    raise not_found("resource of this size")
                case 413:
                    raise refusal(413, "ERROR_REQUEST_TOO_LARGE", "The body is too large.")


def _not_allowed(methods: str) -> Refusal:
    message = f"This address answers to {methods}."
    return refusal(405, "ERROR_METHOD_NOT_ALLOWED", message, Allow=methods)
