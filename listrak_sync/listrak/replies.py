"""Judges a reply, or the failure to get one."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec

from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    Verdict,
)

MAX_RETRY_AFTER: Final = 300.0
"""The longest pause in seconds that a reply can ask for; after it, we ask again."""

DENYING: Final = frozenset({401, 402, 403, 451})
PASSING: Final = frozenset({407, 408, 423, 425, 429})
"""Statuses below 500 that pass by themselves, or that come from a proxy on the way."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not JSON, not UTF-8, too deep or of another shape.

Which of them it raises depends on its version.
"""

_NO_ERROR: Final = frozenset({b"", b"null", b'""', b"false"})


class _Error(msgspec.Struct):
    """An error body of Listrak or of OAuth: the parts that we keep."""

    error: str = ""
    message: str = ""
    error_description: str = ""


class _Created(msgspec.Struct):
    """The answer of a route that starts an import."""

    resourceId: str | int | None = None  # noqa: N815 - Listrak's name
    error: msgspec.Raw = msgspec.Raw()


def judge(response: httpx.Response, now: Callable[[], datetime] | None = None) -> Verdict:
    """Return the verdict on a reply, with all its words. Source: Listrak's codes by status."""
    status = response.status_code
    if response.is_success:
        return _judge_success(response)
    code, message = _words(response)
    if "BETA_ROUTE" in code:
        return BetaClosed(code, message)
    if code in {"ERROR_UNAUTHORIZED", "ERROR_INVALID_CREDENTIALS"} or status in DENYING:
        return Denied(code, message)
    if status in PASSING or status >= 500:
        return Unavailable(f"{code}: {message}", _retry_after(response, now))
    if 300 <= status < 400:
        return Redirected(f"HTTP {status}", _where(response))
    match status:
        case 400 | 422:
            return Refused(code, message)
        case 404:
            return NotFound(code, message)
        case 413:
            return TooLarge(code, message)
    return Unexpected(code, message)


def judge_failure(error: httpx.HTTPError) -> Unavailable:
    """Return the verdict on a request that got no reply."""
    words = _one_line(str(error))
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            reason = f"no connection to {_host(error)} in time"
        case httpx.TimeoutException():
            reason = f"no reply from {_host(error)} in time"
        case httpx.ConnectError() if _is_untrusted(error):
            reason = f"no trust, a private authority goes into SSL_CERT_FILE: {words}"
        case httpx.ConnectError() | httpx.ProxyError():
            reason = f"no connection to {_host(error)}: {words}"
        case _:
            reason = f"the connection broke off: {words or type(error).__name__}"
    return Unavailable(reason)


def _is_untrusted(error: BaseException) -> bool:
    """Say whether a certificate that we do not trust caused an error."""
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, as httpx and httpcore wrap each other's."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _host(error: httpx.HTTPError) -> str:
    try:
        return error.request.url.host
    except RuntimeError:  # a request that was never sent is not there
        return "the host"


def _judge_success(response: httpx.Response) -> Verdict:
    """Return the verdict on a good status: a body that is not JSON is a proxy's, not Listrak's."""
    if not response.content.strip():
        return Accepted()
    try:
        created = msgspec.json.decode(response.content, type=_Created, strict=False)
    except msgspec.ValidationError:
        return Accepted()
    except UNREADABLE:
        return Unavailable(f"HTTP {response.status_code} with a body that is not Listrak's")
    if bytes(created.error) not in _NO_ERROR:
        code, message = _words(response)
        return Unavailable(f"HTTP {response.status_code}, but {code}: {message}")
    ids = str(created.resourceId or "").replace(";", ",").split(",")
    return Accepted(tuple(id_.strip() for id_ in ids if id_.strip()))


def _words(response: httpx.Response) -> tuple[str, str]:
    """Return the error code and message of a reply, whatever its body holds."""
    fallback = f"HTTP {response.status_code}"
    try:
        error = msgspec.json.decode(response.content, type=_Error)
    except UNREADABLE:
        error = _Error()
    message = error.message or error.error_description or response.reason_phrase
    return _one_line(error.error) or fallback, _one_line(message) or fallback


def _one_line(text: str) -> str:
    """Return the words of a reply in one line."""
    return " ".join(text.split())


def _where(response: httpx.Response) -> str:
    """Return where a redirect points, without the parts that may be confidential."""
    location = re.split("[?#]", response.headers.get("Location", ""))[0].rpartition("@")[2]
    return f"redirected to {_one_line(location)}" if location else "redirected to nowhere"


def _retry_after(
    response: httpx.Response, now: Callable[[], datetime] | None = None
) -> float | None:
    """Return the pause in seconds that a reply asks for, as a number or as a date."""
    header = response.headers.get("Retry-After", "").strip()
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return min(float(header[:10]), MAX_RETRY_AFTER)
    current = now() if now else datetime.now(UTC)
    try:
        moment = parsedate_to_datetime(header)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - current).total_seconds()
    except (ValueError, OverflowError):  # not a date, or a part of it beyond any
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
