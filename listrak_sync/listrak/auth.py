"""The OAuth 2.0 client-credentials flow, with one token for all threads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Annotated, Final
from urllib.parse import quote_plus

import httpx
import msgspec

from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.replies import UNREADABLE, judge
from listrak_sync.listrak.verdicts import Accepted, Denied, Failure, NotFound, Refused, Unavailable

RENEW_BEFORE: Final = 60.0
"""How many seconds before its end a token is renewed, or a tenth of its life if that is less."""

SHORTEST_SECRET: Final = 8
"""A shorter secret is not hidden in texts: it could be part of any word."""

Flow = Generator[httpx.Request, httpx.Response, None]
TokenFlow = Generator[httpx.Request, httpx.Response, "_Token"]


class TokenError(Exception):
    """The token address gave no token; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(type(failure).__name__)
        self.failure = failure


class _Token(msgspec.Struct):
    """The reply of the token address, which need not say how long the token lasts."""

    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]+\Z")]
    expires_in: float | None = None


class ClientCredentials(httpx.Auth):
    """Adds a token to each request, and renews it before it ends and on a 401.

    Raises TokenError where there is no token. Source: RFC 6749, 4.4, and Listrak's page on
    authentication.
    """

    def __init__(
        self,
        credentials: Credentials,
        auth_url: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._auth_url = auth_url
        self._clock = clock
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._issued: dict[str, None] = {}
        self._ends = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        """Send a request with a token; with a new one where the token is refused.

        A 401 for a token that was just renewed for this request is its answer.
        """
        for is_last in (False, True):
            token = yield from self._current()
            if (yield from _is_taken(request, token)):
                return
            with self._lock:
                # Another thread may have renewed it meanwhile, and the two may be the same text.
                if is_last or self._token is token or self._token is None:
                    # Sent while others wait: they could use up the new token before.
                    yield from _is_taken(request, (yield from self._renewed()))
                    return

    def hide(self, text: str) -> str:
        """Return text without the secret and the tokens, which a reply may repeat."""
        secret = self._credentials.client_secret
        in_one_line, in_json = (
            " ".join(secret.split()),
            json.dumps(secret, ensure_ascii=False)[1:-1],
        )
        for each in (secret, in_one_line, in_json, quote_plus(secret), *tuple(self._issued)):
            if len(each) >= SHORTEST_SECRET:
                text = text.replace(each, "[hidden]")
        return text

    def authenticate(self, send: Callable[[httpx.Request], httpx.Response]) -> None:
        """Get a token, unless there is one that lasts. Raises TokenError."""
        with closing(self._current()) as flow:
            try:
                request = next(flow)
                while True:
                    request = flow.send(send(request))
            except StopIteration:
                return

    def _current(self) -> TokenFlow:
        """Return a token that lasts; one thread asks for it, the others wait."""
        with self._lock:
            if self._token is None or self._clock() >= self._ends:
                return (yield from self._renewed())
            return self._token

    def _renewed(self) -> TokenFlow:
        """Return a new token. The lock is held while the request that is yielded is sent."""
        self._token = None
        reply = yield self._request()
        token = _token_of(reply)
        self._issued[token.access_token] = None
        life = token.expires_in
        self._ends = (
            float("inf") if life is None else self._clock() + life - min(RENEW_BEFORE, life / 10)
        )
        self._token = token
        return token

    def _request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        return httpx.Request("POST", self._auth_url, data=form)


def _is_taken(
    request: httpx.Request, token: _Token
) -> Generator[httpx.Request, httpx.Response, bool]:
    """Send a request with a token; return whether the token is taken."""
    request.headers["Authorization"] = f"Bearer {token.access_token}"
    response = yield request
    return response.status_code != 401


def _token_of(reply: httpx.Response) -> _Token:
    reply.read()
    match judge(reply):
        case Accepted():
            try:
                return msgspec.json.decode(reply.content, type=_Token, strict=False)
            except UNREADABLE:
                raise TokenError(Unavailable("the token address sent no token")) from None
        case Refused(code, message) | NotFound(code, message):
            raise TokenError(Denied(code, message))
        case failure:
            raise TokenError(failure)
