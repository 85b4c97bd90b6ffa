"""Attacks by servers: broken replies, wrong types, chaos, encryption, proxies."""

from __future__ import annotations

import functools
import os
import random as chances
import ssl
from dataclasses import replace
from typing import Any, Final

import msgspec
import trustme

from listrak_sync.sandbox import Behaviour, Delay, Drop, Reply, Rule, Sandbox
from listrak_sync.sandbox.behaviour import Action
from listrak_sync.sandbox.wire import Answer, Request
from tests.hostile.attack import Attack
from tests.hostile.feeds import RESUME, Feed, feed, finish, push, set_up
from tests.hostile.ground import Ground
from tests.hostile.invariants import STATUSES
from tests.hostile.replies import replies
from tests.listrak.raw_server import TOKEN, RawServer, head, whole

STALLS: Final = 5.0
"""Seconds after which what a server holds is ended by signals."""
HASTY: Final = """\
from listrak_sync.delivery import sending
for policy in (sending.PATIENT, sending.BRIEF):
    object.__setattr__(policy, 'longest', 0.01)
    object.__setattr__(policy, 'seconds', 0.0)
"""
ASKING: Final[tuple[tuple[str, ...], ...]] = (
    ("auth", "test", "-m", "m.yaml"),
    ("lists", "--json"),
    ("fields", "11"),
    ("fields", "create", "11", "New", "--group", "Audiences"),
    ("contact", "c1@example.com", "--list", "11"),
    ("mapping", "check", "m.yaml", "--online"),
    ("plan", "e.ndjson", "-m", "m.yaml", "--format", "changes"),
    ("plan", "e.ndjson", "-m", "m.yaml", "--mirror", "--detailed-exitcode"),
)
SENDING: Final[tuple[tuple[str, ...], ...]] = (
    ("--wait", "1s"),
    ("--verify", "1s"),
    ("--only-changes", "--report", "private/page.html"),
    ("--route", "list-import", "--metrics-file", "metrics.prom"),
)


def hasten(ground: Ground) -> None:
    """Let runs give up after as few attempts as they ever do, without long pauses."""
    (ground.folder / "hasty").mkdir(exist_ok=True)
    ground.write("hasty/sitecustomize.py", HASTY)
    ground.environment["PYTHONPATH"] = str(ground.folder / "hasty")


@functools.cache
def _catalogue() -> list[tuple[str, Any]]:
    return list(replies().items())


def broken_replies(ground: Ground) -> None:
    """Answer everything, or all but the token, with one broken reply; then with true ones."""
    hasten(ground)
    given = feed(ground.random, events=20)
    expected = set_up(ground, given)
    name, reply = _catalogue()[ground.number % len(_catalogue())]
    server = RawServer(lambda _: reply(server.ended))
    with server:
        ground.reach_port(server.port)
        if ground.random.random() < 0.4:  # the token as well
            ground.environment["LISTRAK_AUTH_URL"] = f"http://127.0.0.1:{server.port}/Token"
        allowed = STATUSES | {1} if name.startswith("head") else STATUSES
        command = ground.random.choice((*ASKING, ()))
        way = command or push(given, *SENDING[ground.number % len(SENDING)])
        ran = ground.run(*way, stalls=STALLS, allowed=allowed)
        ground.faults += max(1, len(server.heads))
    if command or ran.status in {0, 6, 7}:  # it has been told that all of it is accepted, or no
        return
    with Sandbox(given.account(), port=server.port) as sandbox:
        ground.reach(sandbox)
        finish(ground, given)
        ground.check_values(sandbox.values(), expected, by_boxes="--only-changes" in way)


class Mutating(Sandbox):
    """A sandbox in whose answers a random value is often of another type."""

    def __init__(self, given: Feed, random: chances.Random) -> None:
        super().__init__(given.account(), Behaviour(resource_ids="one"))
        self._random = random
        self.mutated = 0

    def _exchange(self, request: Request) -> Answer | None:
        answer = super()._exchange(request)
        if answer is None or self._random.random() < 0.4 or not answer.body.startswith(b"{"):
            return answer
        self.mutated += 1
        body = _mutate(msgspec.json.decode(answer.body), self._random)
        return replace(answer, body=msgspec.json.encode(body))


STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, -1, 0, 2**53, 1e308, "", " ", "\u202e", "x" * 70_000, [], {}, [None], {"a": 1}),
    *("12", "on,", "2026-01-01", [[[]]], "http://example.com/?cursor=%00", [{}] * 50),
)


def _mutate(node: Any, random: chances.Random) -> Any:
    """Replace one value somewhere in a document."""
    match node:
        case dict() if node and random.random() < 0.9:
            key = random.choice(list(node))
            if random.random() < 0.1:
                return {each: value for each, value in node.items() if each != key}
            return node | {key: _mutate(node[key], random)}
        case list() if node and random.random() < 0.9:
            index = random.randrange(len(node))
            return [*node[:index], _mutate(node[index], random), *node[index + 1 :]]
    return random.choice(STRANGE)


def wrong_types(ground: Ground) -> None:
    """Give values of the wrong type in true answers, to each command that asks or sends."""
    hasten(ground)
    given = feed(ground.random, events=20)
    set_up(ground, given)
    with Mutating(given, ground.random) as sandbox:
        ground.reach(sandbox)
        for _ in range(3):
            command = ground.random.choice((*ASKING, *SENDING))
            if command in SENDING:
                command = push(given, "--no-journal", *command, "--force")
                command = tuple(each for each in command if each not in JOURNAL_OPTIONS)
            ground.run(*command, stalls=20)
        ground.faults += sandbox.mutated


JOURNAL_OPTIONS: Final = frozenset({"--journal", "private/journal"})


def chaos(ground: Ground) -> None:
    """Fail a third of everything, before and after it is carried out; resume until it is done."""
    hasten(ground)
    random = ground.random
    given = feed(random)
    expected = set_up(ground, given)
    actions: tuple[Action, ...] = (
        *(Drop(), Drop("after"), Reply(status=503), Reply(status=500, when="after", body="<html>")),
        *(Reply(status=200, body="<h1>Sign in"), Reply(status=302, headers={"Location": "/"})),
        *(Reply(status=401, when="after"), Reply(status=403)),
        *(Reply(status=429, headers={"Retry-After": each}) for each in ("0", "-1", "nan", "x")),
        Delay(0.2),
    )
    rules = tuple(
        Rule(
            action=random.choice(actions), probability=random.choice((0.1, 0.5)), times=12, after=2
        )
        for _ in range(4)
    )
    behaviour = Behaviour(
        faults=rules, seed=random.randrange(999), token_uses=random.choice((None, 9))
    )
    with Sandbox(given.account(beta_route=random.random() < 0.7), behaviour) as sandbox:
        ground.reach(sandbox)
        for _ in range(40):
            way = RESUME if ground.unfinished() else push(given)
            if ground.run(*way).status in {0, 6}:
                break
        ground.faults += sum(one.status not in {200, 201, 202} for one in sandbox.requests)
        assert not ground.unfinished()
        ground.check_values(sandbox.values(), expected)


PROXY: Final[dict[str, Any]] = {
    "silent": None,
    "closing": (b"",),
    "garbage": (b"\x00\xff" * 50,),
    "407": (whole("407 Who", b"", "Proxy-Authenticate: Basic"),),
    "502": (whole("502 Bad", b"<html>"),),
    "then silent": (head("200 Connected"), None),
    "then closing": (head("200 Connected"),),
    "then garbage": (head("200 Connected"), b"\x16\x03\x01" + b"\xff" * 400),
    "then http": (head("200 Connected"), whole("200 OK", b"{}")),
    "endless": (*(b"X: a\r\n" * 9000 for _ in range(900)),),
}


def proxies(ground: Ground) -> None:
    """Stand between the command and Listrak as a proxy that fails in each way."""
    hasten(ground)
    given = feed(ground.random, events=20)
    set_up(ground, given)
    pieces = list(PROXY.values())[ground.number % len(PROXY)]

    def answer(_: bytes) -> Any:
        for piece in pieces or (None,):
            if piece is None:
                server.ended.wait(60)
                return
            yield piece

    server = RawServer(answer)
    with server:
        ground.reach_port(443, "https", "api.listrak.invalid")
        ground.environment["HTTPS_PROXY"] = f"http://ann:pass@127.0.0.1:{server.port}"
        ran = ground.run(*push(given, "--in-flight", "8"), stalls=STALLS)
        ground.faults += len(server.heads)
        assert ran.status in {4, 5, 130, 143, -15}, ran.err


def encryption(ground: Ground) -> None:
    """Show a certificate that nobody trusts, of another host, or expired; or speak in the clear."""
    hasten(ground)
    given = feed(ground.random, events=20)
    set_up(ground, given)
    authority = trustme.CA()
    host = ("localhost", "other.example.com", "localhost", "localhost")[ground.number % 4]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    if ground.number % 4 == 1:
        authority.cert_pem.write_to_path(str(ground.folder / "ca.pem"))
        ground.environment["SSL_CERT_FILE"] = str(ground.folder / "ca.pem")
    if ground.number % 4 == 2:
        ground.write("ca.pem", os.urandom(500))
        ground.environment["SSL_CERT_FILE"] = str(ground.folder / "ca.pem")
    server = RawServer(lambda _: (TOKEN,), None if ground.number % 4 == 3 else context)
    with server:
        ground.reach_port(server.port, "https", "localhost")
        ran = ground.run(*push(given), stalls=STALLS)
    ground.faults += 1
    assert ran.status in {3, 5}, ran.err
    assert not any(b"Bearer" in each or b"/OAuth2" in each for each in server.heads)


ATTACKS: Final = (
    Attack("server", "chaos", 25, chaos),
    Attack("server", "broken replies", len(_catalogue()), broken_replies),
    Attack("server", "wrong types", 40, wrong_types),
    Attack("server", "proxies", len(PROXY), proxies),
    Attack("server", "encryption", 4, encryption),
)
