"""The token address: takes credentials, gives bearer tokens that expire."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from listrak_sync.sandbox.wire import document, refusal, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sync.sandbox.account import Account
    from listrak_sync.sandbox.behaviour import Behaviour
    from listrak_sync.sandbox.wire import Answer, Request


@dataclass(slots=True)
class Grant:
    """What is left of a token: until when (in seconds of the clock) and for how many requests."""

    until: float
    uses: int | None


class Tokens:
    """Issues tokens, and honours them as long as the behaviour says."""

    def __init__(self, account: Account, behaviour: Behaviour, clock: Callable[[], float]) -> None:
        self._account = account
        self._behaviour = behaviour
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}

    def issue(self, request: Request) -> Answer:
        """Answer `POST /OAuth2/Token`: form-encoded client credentials. Raises Refusal."""
        if request.media_type() != "application/x-www-form-urlencoded":
            raise refusal(415, "ERROR_UNSUPPORTED_MEDIA_TYPE", "Send the credentials as a form.")
        form = parse_qs(request.body.decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            raise refusal(400, "ERROR_INVALID_PARAMETER", "grant_type must be client_credentials.")
        given = (form.get("client_id"), form.get("client_secret"))
        if given != ([self._account.client_id], [self._account.client_secret]):
            raise refusal(401, "ERROR_INVALID_CREDENTIALS", "No integration has these credentials.")
        self._refuse_paused()
        return document(200, self._new_token())

    def check(self, request: Request) -> None:
        """Count a use of the request's bearer token. Raises Refusal where it is not honoured."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("A bearer token is needed.")
        with self._lock:
            grant = self._grants.get(token)
            if grant is None or grant.until <= self._clock() or grant.uses == 0:
                raise unauthorized("The token is unknown or has run out.")
            if grant.uses is not None:
                grant.uses -= 1
        self._refuse_paused()

    def _new_token(self) -> dict[str, object]:
        token = secrets.token_urlsafe(24)
        now = self._clock()
        lifetime = self._behaviour.token_lifetime
        with self._lock:
            self._grants = {t: g for t, g in self._grants.items() if g.until > now}
            self._grants[token] = Grant(now + lifetime, self._behaviour.token_uses)
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
        match self._behaviour.expires_in:
            case "omitted":
                return answer
            case "lifetime":
                return answer | {"expires_in": int(lifetime)}
            case int() as seconds:
                return answer | {"expires_in": seconds}

    def _refuse_paused(self) -> None:
        if self._account.paused:
            raise unauthorized("Access of this integration is paused.")
