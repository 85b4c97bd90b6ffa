"""Replies that no server should give, as the pieces that a raw server sends."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from tests.hostile.invariants import SECRET, TOKEN
from tests.listrak.raw_server import head, whole

Pieces: TypeAlias = Iterable[bytes] | None
Reply: TypeAlias = Callable[[threading.Event], Pieces]

HUGE: Final = 64 << 20
"""Bytes that a bomb unpacks to: twice what a reply may have."""
RETRY_AFTER: Final = (
    "9" * 30,
    "-5",
    "nan",
    "inf",
    "1e400",
    "\u00b2",
    "",
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 00 Foo 0000 99:99:99 GMT",
)
BODIES: Final = (
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{}",
    b'{"error": []}',
    b'{"error": {"a": 1}, "message": 5}',
    b'{"data": null, "resourceId": {}}',
    b'{"resourceId": ' + b"9" * 5000 + b"}",
    b'{"data": [null, 1, {}]}',
    b"[" * 1_000_000,
    b'{"a":' * 100_000,
    b'{"message": "\\ud800", "error": "\\u0000"}',
    b"\xff\xfe\x00{",
    b"\xef\xbb\xbf{}",
    b'{"access_token": 5, "expires_in": "soon"}',
    b'{"access_token": "", "expires_in": -1e308}',
    b'{"access_token": "a\\r\\nb: c"}',
    b'{"access_token": "t", "expires_in": 1e999}',
    b'{"access_token": "t", "expires_in": ' + b"9" * 400 + b"}",
    b"<html>Sign in to the hotel's network",
    f'{{"error": "{SECRET}", "message": "{TOKEN}"}}'.encode(),
)
HEADS: Final = (
    b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/1.1 999999 What\r\n\r\n",
    b"HTTP/1.1 000 Nothing\r\n\r\n",
    b"HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
    b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\n" + b"X-Many: a\r\n" * 50_000 + b"\r\n{}",
    b"HTTP/1.1 200 OK\r\nX\x00: \x01\r\n\r\n{}",
    b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"\x15\x03\x01\x00\x02\x02\x28",
    b"",
)


def _forever(first: bytes, then: bytes, pause: float = 0.0) -> Reply:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield first
        while not ended.wait(pause) if pause else not ended.is_set():
            yield then

    return pieces


def _silent(first: bytes = b"") -> Reply:
    def pieces(ended: threading.Event) -> Iterator[bytes]:
        yield first
        ended.wait(60)

    return pieces


def _once(*pieces: bytes) -> Reply:
    return lambda _: pieces


def _packed(body: bytes, encoding: str) -> Reply:
    return _once(whole("200 OK", body, f"Content-Encoding: {encoding}"))


CHUNKED: Final = head("200 OK", "Transfer-Encoding: chunked")


def replies() -> dict[str, Reply]:
    """Return every reply by its name; bombs are made anew."""
    bomb = gzip.compress(bytes(HUGE))
    found: dict[str, Reply] = {
        "reset": lambda _: None,
        "silence": _silent(),
        "silence after the head": _silent(head("200 OK", "Content-Length: 9")),
        "dripped head": _forever(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.2),
        "dripped body": _forever(head("200 OK", "Content-Length: 90000"), b" ", 0.2),
        "dripped chunks": _forever(CHUNKED, b"1;a=b\r\n \r\n", 0.2),
        "endless head": _forever(b"HTTP/1.1 200 OK\r\n", b"X: aaaaaaaaaaaaaaaa\r\n" * 1000),
        "endless line": _forever(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536),
        "endless continue": _forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "endless body": _forever(head("200 OK"), b" " * 65536),
        "endless chunks": _forever(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
        "endless trailer": _forever(CHUNKED + b"0\r\n", b"X: aaaaaaaa\r\n" * 1000),
        "bomb": _packed(bomb, "gzip"),
        "bomb, deflated": _packed(zlib.compress(bytes(HUGE)), "deflate"),
        "bomb in a bomb": _packed(gzip.compress(bomb), "gzip, gzip"),
        "half a gzip": _packed(gzip.compress(b"{}" * 500)[:20], "gzip"),
        "no gzip": _packed(b"{}", "gzip"),
        "br": _packed(b"{}", "br, zstd, x"),
        "body too short": _once(head("200 OK", "Content-Length: 99"), b"{}"),
        "random bytes": lambda _: (os.urandom(3000),),
        "random body": lambda _: (whole("200 OK", os.urandom(3000)),),
    }
    found |= {f"head {number}": _once(each) for number, each in enumerate(HEADS)}
    found |= {
        f"body {number} of {status}": _once(whole(status, each, "Content-Type: application/json"))
        for number, each in enumerate(BODIES)
        for status in ("200 OK", "400 Bad", "503 Busy")[:: 1 if number % 5 == 0 else 2]
    }
    found |= {
        f"Retry-After {each}": _once(
            b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: " + each.encode() + b"\r\n\r\n"
        )
        for each in RETRY_AFTER
    }
    return found
