"""Bad replies over real connections, or none: always a verdict, within bounds."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.listrak import api as api_module
from listrak_sync.listrak import bounds
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import LONGEST_WORDS, Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import (
    Accepted,
    Denied,
    Failure,
    ListInfo,
    Redirected,
    Refused,
    Unavailable,
    Unexpected,
    Verdict,
)
from tests.listrak.raw_server import RawServer, head, whole

if TYPE_CHECKING:
    from tests.listrak.raw_server import Answer

ANN = Credentials("ann", "s3cret-of-ann")
BODY = b'[{"emailAddress": "ann@example.com"}]'
CREATED = b'{"status": 201, "resourceId": "7"}'


def post(answer: Answer) -> Verdict:
    """Return the verdict on an import that is answered in some way."""
    with RawServer(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/OAuth2/Token"), ANN) as api:
            return api.update_profile_fields(7, BODY)


def says(*pieces: bytes) -> Answer:
    """Return an answer of given pieces."""
    return lambda _: pieces


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second for what never comes."""
    monkeypatch.setattr(api_module, "TIMEOUT", httpx.Timeout(connect=2, read=0.5, write=2, pool=2))


def test_whole_answer() -> None:
    """An answer as it should be is accepted, in whatever pieces it comes, plain or packed."""
    plain = whole("201 Created", CREATED)
    assert post(says(plain)) == Accepted(("7",))
    assert post(says(*(plain[index : index + 1] for index in range(len(plain))))) == Accepted(
        ("7",)
    )
    for packing, packed in (("gzip", gzip.compress(CREATED)), ("deflate", zlib.compress(CREATED))):
        answer = whole("201 Created", packed, f"Content-Encoding: {packing}")
        assert post(says(answer)) == Accepted(("7",))
    interim = head("100 Continue") + head("103 Early Hints", "Link: x") + plain
    assert post(says(interim)) == Accepted(("7",))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: None, "the connection broke off: "),
        (says(), "the connection broke off: "),
        (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "the connection broke off: "),
        (says(b"\0" * 1000), "the connection broke off: "),
        (says(head("201 Created", "Content-Length: 99") + CREATED), "the connection broke off: "),
        (says(head("201 Created", "Content-Length: x") + CREATED), "the connection broke off: "),
        (
            says(head("201 Created", "Transfer-Encoding: chunked") + b"22\r\n" + CREATED),
            "the connection broke off: ",
        ),
        (says(head("201 Created") + CREATED[:-1]), "HTTP 201 with a body that is not Listrak's"),
        (says(head("201 Created", f"X-A: {'a' * 200_000}")), "the connection broke off: "),
        (
            says(head("201 Created", *(f"X-{index}: a" for index in range(20_000)))),
            "the connection broke off: ",
        ),
        (
            says(whole("201 Created", b"no gzip", "Content-Encoding: gzip")),
            "the connection broke off: ",
        ),
        (
            says(whole("201 Created", CREATED, "Content-Encoding: br")),
            "the connection broke off: a body packed as 'br', which was not asked for",
        ),
    ],
)
def test_hardly_a_reply(answer: Answer, words: str) -> None:
    """A connection that ends early, or carries something else than HTTP, is a passing failure."""
    verdict = post(answer)
    assert isinstance(verdict, Unavailable)
    assert verdict.reason.startswith(words)
    assert "\n" not in verdict.reason


def test_no_answer_in_time() -> None:
    """Nobody waits for ever for a reply, or for the rest of one."""
    silent = threading.Event()

    def cut_off(_: bytes) -> Iterator[bytes]:
        yield head("201 Created", "Content-Length: 99")
        silent.wait(60)

    def nothing(_: bytes) -> Iterable[bytes]:
        silent.wait(60)
        return ()

    try:
        for answer in (nothing, cut_off):
            assert post(answer) == Unavailable("no reply from 127.0.0.1 in time")
    finally:
        silent.set()


def endless(_: bytes) -> Iterator[bytes]:
    """Answer and never end."""
    yield head("201 Created", "Transfer-Encoding: chunked")
    while True:
        yield b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def test_endless_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not end is broken off, whether it is of an answer or of an error."""
    monkeypatch.setattr(bounds, "LARGEST", 1 << 20)
    verdict = post(endless)
    assert verdict == Unavailable(
        "the connection broke off: the reply is larger than 1,048,576 bytes"
    )


CHUNKED = head("201 Created", "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"HTTP/1.1 201 ", b"a"),
        (b"HTTP/1.1 201 Created\r\nX-Drips: ", b"a"),
        (b"", head("102 Processing")),
        (CHUNKED + b"1;", b"a"),
        (CHUNKED + b"0\r\nX-Drips: ", b"a"),
        (head("201 Created", "Content-Length: 1000"), b" "),
        (head("201 Created", "Connection: close"), b" "),
    ],
    ids=["status", "header", "interim", "extension", "trailer", "body", "body without length"],
)
def test_reply_that_drips(monkeypatch: pytest.MonkeyPatch, before: bytes, drop: bytes) -> None:
    """A reply whose parts come drop by drop is broken off, though no drop is late."""
    monkeypatch.setattr(bounds, "LONGEST", 0.5)
    tap = threading.Event()

    def drips(_: bytes) -> Iterator[bytes]:
        yield before
        while not tap.wait(0.05):
            yield drop

    try:
        with ThreadPoolExecutor(1) as sender:
            verdict = sender.submit(post, drips).result(60)
    finally:
        tap.set()
    assert isinstance(verdict, Unavailable)
    assert verdict.reason.startswith("the connection broke off: the exchange takes longer than ")


def test_after_an_exchange_that_was_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next exchange has its own connection and its own time."""
    answers = [head("201 Created", "Content-Length: 1000"), whole("201 Created", CREATED)]
    tap = threading.Event()

    def drips_once(_: bytes) -> Iterator[bytes]:
        first = answers.pop(0)
        yield first
        while answers and not tap.wait(0.05):
            yield b" "

    with RawServer(drips_once) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/OAuth2/Token"), ANN) as api:
            assert api.authenticate() is None
            monkeypatch.setattr(bounds, "LONGEST", 0.5)
            assert isinstance(api.update_profile_fields(7, BODY), Unavailable)
            monkeypatch.setattr(bounds, "LONGEST", 60)
            assert api.update_profile_fields(7, BODY) == Accepted(("7",))


@pytest.mark.parametrize("nested", [1, 2])
def test_gzip_bomb(nested: int) -> None:
    """A small packed body that unpacks to something enormous takes no more than the bound."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    for _ in range(nested - 1):
        bomb = gzip.compress(bomb)
    packing = ", ".join(["gzip"] * nested)
    tracemalloc.start()
    try:
        verdict = post(says(whole("201 Created", bomb, f"Content-Encoding: {packing}")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(verdict, Unavailable)
    assert peak < 2 * bounds.LARGEST + 10_000_000


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [CREATED, b""])
def test_packed_body_that_is_cut_off(packing: str, body: bytes) -> None:
    """A packed body is whole or nothing: cut off at any byte, it is not taken for an empty one."""
    packed = gzip.compress(body) if packing == "gzip" else zlib.compress(body)
    for length in range(1, len(packed)):
        verdict = post(says(whole("201 Created", packed[:length], f"Content-Encoding: {packing}")))
        assert isinstance(verdict, Unavailable)
    for whole_one in (packed, b""):
        verdict = post(says(whole("201 Created", whole_one, f"Content-Encoding: {packing}")))
        assert isinstance(verdict, Accepted)


@pytest.mark.parametrize("secret", ["s3cret-of-ann", "s3cret  of   ann", 's3cret"of\\ann'])
def test_good_reply_that_repeats_secrets(secret: str) -> None:
    """A good reply that repeats the secret or the token brings them into no id and no name."""
    token = "a-token-of-some-length"
    echo = f"{secret} and {token} and {' '.join(secret.split())}"

    def answer(request: bytes) -> Iterable[bytes]:
        if request.startswith(b"POST /token "):
            return (whole("200 OK", json.dumps({"access_token": token}).encode()),)
        if request.startswith(b"POST "):
            return (whole("201 Created", json.dumps({"resourceId": echo}).encode()),)
        data = [{"listId": 7, "listName": echo}]
        return (whole("200 OK", json.dumps({"data": data}).encode()),)

    with RawServer(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/token"), Credentials("ann", secret)) as api:
            found = (api.update_profile_fields(7, BODY), api.lists())
    assert isinstance(found[0], Accepted)
    assert isinstance(found[1], tuple)
    shown = f"{found[0].resource_ids[0]} {found[1][0].list_name}"
    assert token not in shown
    assert secret not in shown
    assert " ".join(secret.split()) not in shown


def test_endless_body_of_the_token_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token address's reply is bounded like any other."""
    monkeypatch.setattr(bounds, "LARGEST", 1 << 20)
    with RawServer(endless) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/elsewhere"), ANN) as api:
            answer = api.authenticate()
    assert isinstance(answer, Unavailable)
    assert "larger than" in answer.reason


def test_connection_refused() -> None:
    """Where nobody listens, that is what is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with Api(Addresses(url, url), ANN) as api:
        answer = api.authenticate()
    assert isinstance(answer, Unavailable)
    assert answer.reason.startswith("no connection to ")
    assert "refused" in answer.reason


@pytest.mark.parametrize(
    "host",
    [
        "listrak.invalid",
        "a..b.invalid",
        f"{'a' * 64}.invalid",
        "münchen.invalid",
        "[v1.x]",
        "xn--a",
    ],
)
def test_host_that_is_none(host: str) -> None:
    """A host that no name server knows, or can know, is a passing failure."""
    url = f"https://{host}/v1"
    with Api(Addresses(url, url), ANN) as api:
        answers: list[object] = [
            api.authenticate(),
            api.lists(),
            api.update_profile_fields(7, BODY),
        ]
    for answer in answers:
        assert isinstance(answer, Unavailable)
        assert answer.reason.startswith(("no connection to ", "the address cannot be reached: "))


@pytest.mark.parametrize("place", ["code", "message", "description", "page", "location", "lookup"])
def test_reply_that_repeats_secrets(place: str) -> None:
    """A reply that repeats the secret or the token does not bring them into a verdict."""
    token = "a-token-of-some-length"
    echo = f"{ANN.client_secret} and {token}"
    bodies = {
        "code": f'{{"error": "{echo}"}}',
        "message": f'{{"error": "ERROR_X", "message": "{echo}"}}',
        "description": f'{{"error": "ERROR_X", "error_description": "{echo}"}}',
    }
    issued = f'{{"access_token": "{token}"}}'.encode()

    def answer(request: bytes) -> Iterable[bytes]:
        if request.startswith(b"POST /token "):
            return (whole("200 OK", issued),)
        if place == "location":
            return (whole("302 Found", b"", f"Location: https://example.com/{token}"),)
        status = "400 Bad Request" if place != "page" else f"503 {echo}"
        return (whole(status, bodies.get(place, "<h1>").encode()),)

    with RawServer(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/token"), ANN) as api:
            found: object = api.lists() if place == "lookup" else api.update_profile_fields(7, BODY)
    assert isinstance(found, Failure)
    assert token not in str(found)
    assert ANN.client_secret not in str(found)
    assert ("[hidden]" in str(found)) is (place != "lookup")


@pytest.mark.parametrize("before", range(LONGEST_WORDS - 12, LONGEST_WORDS + 1))
def test_long_words_that_repeat_the_secret(before: int) -> None:
    """Words are cut off, and no part of a secret is left at the cut."""
    body = f'{{"error": "ERROR_X", "message": "{"-" * before}{ANN.client_secret}"}}'.encode()

    def answer(request: bytes) -> Iterable[bytes]:
        if request.startswith(b"POST /token "):
            return (whole("200 OK", b'{"access_token": "a"}'),)
        return (whole("400 Bad Request", body),)

    with RawServer(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/token"), ANN) as api:
            found = api.update_profile_fields(7, BODY)
    assert isinstance(found, Refused)
    assert found.message == ("-" * before + "[hidden]")[:LONGEST_WORDS]


@settings(max_examples=40)
@given(
    st.integers(100, 999),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["Content-Length", "Transfer-Encoding", "Content-Encoding", "Location", "X-A"]
            ),
            st.sampled_from(
                ["0", "7", "-1", "chunked", "gzip", "gzip, gzip", "://", "é", "a" * 99]
            ),
        ),
        max_size=3,
    ),
    st.binary(max_size=200),
)
def test_any_bytes(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    """Whatever bytes come over the connection, there is a verdict and no exception."""
    lines = (f"{name}: {value}" for name, value in headers)
    pieces = (head(f"{status} Words", *lines), body)
    with RawServer(says(*pieces)) as server:
        url = f"http://127.0.0.1:{server.port}"
        with Api(Addresses(url, f"{url}/OAuth2/Token"), ANN) as api:
            verdict = api.update_profile_fields(7, BODY)
            found: ListInfo | Failure = api.list(7)
    assert isinstance(verdict, Verdict)
    assert not isinstance(verdict, Accepted) or 200 <= status < 300
    assert isinstance(found, ListInfo | Failure)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (101, Unavailable),
        (204, Accepted),
        (302, Redirected),
        (304, Redirected),
        (418, Unexpected),
        (422, Refused),
        (451, Denied),
    ],
)
def test_rare_statuses(status: int, kind: type[Verdict]) -> None:
    """A rare status has a verdict over a real connection as well, wherever it points."""
    answer = head(f"{status} Words", "Connection: close", "Location: http://[")
    assert type(post(says(answer))) is kind
