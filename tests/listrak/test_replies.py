"""Every row of Listrak's error table, whatever the body is."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.listrak.replies import MAX_RETRY_AFTER, judge, judge_failure
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
    words_of,
)

HTML = b"<html><h1>Proxy</h1></html>"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ROWS: list[tuple[int, type[Verdict]]] = [
    (400, Refused),
    (422, Refused),
    (401, Denied),
    (403, Denied),
    (404, NotFound),
    (413, TooLarge),
    (405, Unexpected),
    (415, Unexpected),
    (418, Unexpected),
    (402, Denied),
    (451, Denied),
    (407, Unavailable),
    (408, Unavailable),
    (423, Unavailable),
    (425, Unavailable),
    (429, Unavailable),
    (500, Unavailable),
    (502, Unavailable),
    (503, Unavailable),
    (504, Unavailable),
    (599, Unavailable),
]


def error(status: int, code: str, message: str = "Words.") -> bytes:
    """Return Listrak's error body."""
    return json.dumps({"status": status, "error": code, "message": message}).encode()


def reply(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    """Return a reply; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=body, headers=named)


@pytest.mark.parametrize(("status", "kind"), ROWS)
def test_json_body(status: int, kind: type[Verdict]) -> None:
    """A row of the table gives its verdict, in Listrak's words."""
    verdict = judge(reply(status, error(status, "ERROR_X")))
    assert type(verdict) is kind
    if isinstance(verdict, Unavailable):
        assert verdict == Unavailable("ERROR_X: Words.")
    else:
        assert not isinstance(verdict, Accepted)
        assert (verdict.code, verdict.message) == ("ERROR_X", "Words.")


@pytest.mark.parametrize("body", [b"", HTML, b'"text"', b"[]", b'{"error": {}}', b"\xff", b"null"])
@pytest.mark.parametrize(("status", "kind"), ROWS)
def test_other_body(status: int, kind: type[Verdict], body: bytes) -> None:
    """A body that is not Listrak's changes nothing: the status speaks, and is named."""
    verdict = judge(reply(status, body))
    assert type(verdict) is kind
    assert f"HTTP {status}" in str(verdict)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://example.com/login", "https://example.com/login"),
        ("https://ann:pw@example.com/a?token=pw#pw", "example.com/a"),
        ("/login?back=pw", "/login"),
        ("", "nowhere"),
        ("?pw", "nowhere"),
        (" https://example.com/ a\tb ", "https://example.com/ a b"),
    ],
)
def test_redirected(status: int, location: str, where: str) -> None:
    """A redirect is told by where it points, without what may be confidential in the address."""
    verdict = judge(reply(status, error(status, "ERROR_UNKNOWN"), Location=location))
    assert verdict == Redirected(f"HTTP {status}", f"redirected to {where}")


@pytest.mark.parametrize("status", [101, 103, 600, 999])
def test_outlandish_status(status: int) -> None:
    """A status that means nothing has a verdict, and is not accepted."""
    assert isinstance(judge(reply(status)), Unavailable if status >= 500 else Unexpected)


def test_words_fit_into_a_line() -> None:
    """Listrak's words come in one line, however they are written."""
    verdict = judge(reply(400, error(400, "ERROR_X\nerror: b", "a\r\n\tb " + "c" * 10_000)))
    assert isinstance(verdict, Refused)
    assert verdict.code == "ERROR_X error: b"
    assert verdict.message == "a b " + "c" * 10_000


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ERROR_INVALID_PARAMETER", Refused),
        (400, "ERROR_MALFORMED_REQUEST_BODY", Refused),
        (401, "ERROR_UNAUTHORIZED", Denied),
        (400, "ERROR_INVALID_CREDENTIALS", Denied),
        (404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", NotFound),
        (400, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", BetaClosed),
        (401, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", BetaClosed),
        (403, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", BetaClosed),
        (404, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", BetaClosed),
        (500, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE", BetaClosed),
    ],
)
def test_published_codes(status: int, code: str, kind: type[Verdict]) -> None:
    """Listrak's code decides before the status does; the beta route's at any status."""
    assert type(judge(reply(status, error(status, code)))) is kind


def test_oauth_words() -> None:
    """An OAuth error is shown with its description."""
    body = b'{"error": "invalid_client", "error_description": "Unknown client."}'
    assert judge(reply(400, body)) == Refused("invalid_client", "Unknown client.")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b"", ()),
        (b" \n", ()),
        (b'{"status": 201, "resourceId": "1001"}', ("1001",)),
        (b'{"status": 201, "resourceId": 1001}', ("1001",)),
        (b'{"status": 201, "resourceId": "1001, 1002;1003,"}', ("1001", "1002", "1003")),
        (b'{"status": 201, "resourceId": ""}', ()),
        (b'{"status": 201, "resourceId": null}', ()),
        (b'{"status": 201}', ()),
        (b'{"resourceId": {"a": 1}}', ()),
        (b"[1]", ()),
    ],
)
def test_accepted(status: int, body: bytes, ids: tuple[str, ...]) -> None:
    """What is accepted names one import, several or none; an id is never guessed."""
    assert judge(reply(status, body)) == Accepted(ids)


@pytest.mark.parametrize("body", [HTML, b"OK", b"\xff", b'{"resourceId": "1'])
def test_accepted_by_a_proxy(body: bytes) -> None:
    """A page with a good status is not an answer of Listrak's: the question is asked again."""
    assert isinstance(judge(reply(200, body)), Unavailable)


@pytest.mark.parametrize("status", [200, 201])
def test_an_error_with_a_good_status(status: int) -> None:
    """An error document with a good status does not count as accepted: nothing is lost."""
    verdict = judge(reply(status, error(400, "ERROR_X")))
    assert verdict == Unavailable(f"HTTP {status}, but ERROR_X: Words.")
    for none in (b"null", b'""', b"false"):
        body = b'{"resourceId": "7", "error": %b}' % none
        assert judge(reply(status, body)) == Accepted(("7",))


@pytest.mark.parametrize("status", [200, 400, 503])
def test_deep_body(status: int) -> None:
    """A body that nests too deep is not an answer of Listrak's, and does not raise."""
    body = b'{"a": ' + b"[" * 100_000
    assert not isinstance(judge(reply(status, body)), Accepted)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("301", MAX_RETRY_AFTER),
        ("3600", MAX_RETRY_AFTER),
        ("9" * 400, MAX_RETRY_AFTER),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("Sun, 01 Mar 2026 11:59:00 GMT", 0.0),
        ("Sun, 01 Mar 2099 12:00:00 GMT", MAX_RETRY_AFTER),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Sun, 99 Mar 2026 99:00:00 GMT", None),
        ("Sun, 01 Mar 99999999999999999999 12:00:00 GMT", None),
        ("1 Jan 9999999999 00:00:00 GMT", None),
        ("Sun, 01 Mar 2026 99999999999999999999:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:00 +99999999999999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
    ],
)
def test_retry_after(status: int, header: str, seconds: float | None) -> None:
    """A pause is read as seconds or as a date, bounded; anything else asks for none."""
    response = httpx.Response(status, headers=[(b"Retry-After", header.encode("latin-1"))])
    verdict = judge(response, lambda: NOW)
    assert isinstance(verdict, Unavailable)
    assert verdict.retry_after == seconds


_WORDS = st.sampled_from(
    ["Sun,", "01", "Mar", "2026", "0", "9" * 20, "12:00:00", "GMT", "+" + "9" * 14]
)


@given(
    st.one_of(
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0")),
        st.lists(_WORDS, max_size=7).map(" ".join),
    )
)
def test_any_retry_after(header: str) -> None:
    """Whatever stands in Retry-After, there is a verdict, and its pause is bounded."""
    response = httpx.Response(503, headers=[(b"Retry-After", header.encode("latin-1"))])
    verdict = judge(response, lambda: NOW)
    assert isinstance(verdict, Unavailable)
    assert verdict.retry_after is None or 0 <= verdict.retry_after <= MAX_RETRY_AFTER


_HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"Retry-After", b"Location", b"Content-Type", b"X-A"]),
        st.binary().map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")),
    ),
    max_size=4,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "status", "resourceId", "error_description"]),
            inner,
        )
    ),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())


@given(st.integers(100, 999), st.binary() | _JSON, _HEADERS)
def test_any_reply(status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Any reply has a verdict in one line, and only a good status is accepted."""
    verdict = judge(httpx.Response(status, content=body, headers=headers), lambda: NOW)
    if isinstance(verdict, Accepted):
        assert 200 <= status < 300
        return
    words = words_of(verdict)
    assert words
    assert "\n" not in words
    assert len(words) < 1100


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ConnectTimeout(""), "no connection to the host in time"),
        (httpx.PoolTimeout(""), "no connection to the host in time"),
        (httpx.ReadTimeout(""), "no reply from the host in time"),
        (httpx.WriteTimeout(""), "no reply from the host in time"),
        (
            httpx.ConnectError("[Errno 111]\n refused"),
            "no connection to the host: [Errno 111] refused",
        ),
        (httpx.ProxyError("407 Sign in"), "no connection to the host: 407 Sign in"),
        (httpx.RemoteProtocolError("cut"), "the connection broke off: cut"),
        (httpx.ReadError(""), "the connection broke off: ReadError"),
        (httpx.DecodingError("bad gzip"), "the connection broke off: bad gzip"),
    ],
)
def test_no_reply(failure: httpx.HTTPError, words: str) -> None:
    """Connection trouble and time-outs pass, and are told in one line."""
    assert judge_failure(failure) == Unavailable(words)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_untrusted(depth: int) -> None:
    """A certificate without trust is known by its exception, however often that is wrapped."""
    failure = httpx.ConnectError("in a library's words")
    error: BaseException = failure
    for _ in range(depth):
        error.__cause__ = OSError("in another's")
        error = error.__cause__
    error.__cause__ = ssl.SSLCertVerificationError("in OpenSSL's")
    verdict = judge_failure(failure)
    assert "SSL_CERT_FILE" in verdict.reason
    assert verdict.reason.endswith(": in a library's words")
