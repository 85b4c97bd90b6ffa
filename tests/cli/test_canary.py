"""A secret or a token is shown or kept nowhere, however a run fails."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from msgspec.structs import replace

from listrak_sync.sandbox import Account, Behaviour, Drop, Reply, Rule
from tests.cli.conftest import ACCOUNT, event, faulty

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

SECRET = "canary-secret-7f3a"
TOKEN = "canary-token-91be"
KNOWN = Account(lists=ACCOUNT.lists, open_lists=True, client_secret=SECRET)
SOON = {"Retry-After": "0"}
FORMATS = ((), ("--json",), ("--log-format", "json"))
ECHO = f"{SECRET} of {TOKEN}"


def of_token(body: str, status: int = 200) -> Behaviour:
    """Return a behaviour whose token address answers with a body."""
    headers = {"Content-Type": "application/json"} | SOON
    return faulty(Reply(status=status, body=body, headers=headers), "token")


def echo(status: int, **more: Any) -> Reply:
    """Return a reply that repeats what no reply should."""
    return Reply(status=status, error=more.pop("error", "ERROR_X"), message=ECHO, **more)


def oauth(description: str) -> Behaviour:
    """Return a behaviour whose token address refuses in OAuth's words."""
    return of_token(json.dumps({"error": "x", "error_description": description}), 400)


Failing: TypeAlias = tuple[Behaviour | None, Account, int]
PATHS: dict[str, Failing] = {
    "done": (None, KNOWN, 0),
    "wrong secret": (None, ACCOUNT, 4),
    "paused": (None, Account(lists=ACCOUNT.lists, client_secret=SECRET, paused=True), 4),
    "no area": (None, Account(client_secret=SECRET, areas=frozenset()), 4),
    "no route": (None, replace(KNOWN, beta_route=False), 0),
    "missing list": (None, Account(client_secret=SECRET), 7),
    "refused": (faulty(echo(400)), KNOWN, 6),
    "too large": (Behaviour(body_limit=10), KNOWN, 6),
    "poisoned": (Behaviour(poisoned=frozenset({"c1@example.com"})), KNOWN, 6),
    "our bug": (faulty(echo(405)), KNOWN, 1),
    "redirect": (
        faulty(Reply(status=302, headers={"Location": f"https://example.com/{TOKEN}?{SECRET}"})),
        KNOWN,
        5,
    ),
    "redirected token": (faulty(Reply(status=307, headers={"Location": "/x"}), "token"), KNOWN, 5),
    "unavailable": (faulty(echo(503, headers=SOON)), KNOWN, 5),
    "proxy's page": (faulty(Reply(status=401, body=f"<h1>{ECHO}</h1>")), KNOWN, 4),
    "forbidden": (faulty(echo(403)), KNOWN, 4),
    "no list, nor an answer": (
        Behaviour(
            faults=(
                Rule(action=echo(404), route="profile-fields"),
                Rule(action=echo(418), route="lookups"),
            )
        ),
        KNOWN,
        1,
    ),
    "imports that nobody may ask about": (faulty(echo(403), "status"), KNOWN, 0),
    "token unknown": (of_token(f'{{"access_token": "{TOKEN}-other"}}'), KNOWN, 4),
    "token refused in words": (oauth(SECRET), KNOWN, 4),
    "token address down": (of_token("", 503), KNOWN, 5),
    "token address's page": (of_token("<h1>Hotel</h1>"), KNOWN, 5),
    "token with a line end": (of_token(f'{{"access_token": "{TOKEN}\\n"}}'), KNOWN, 5),
    "token with an accent": (of_token(f'{{"access_token": "{TOKEN}é"}}'), KNOWN, 5),
    "dropped token": (faulty(Drop(), "token"), KNOWN, 5),
    "token refused later": (
        Behaviour(token_uses=0, faults=(Rule(action=Drop(), route="token", after=1, times=1),)),
        KNOWN,
        4,
    ),
}


def kept(cli: Cli) -> bytes:
    """Return everything in the folder, which is also the user's home."""
    return b"".join(path.read_bytes() for path in cli.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", PATHS)
def test_push(
    cli: Cli,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Whatever becomes of a push, neither secret nor token is in what it prints or keeps."""
    behaviour, account, status = PATHS[name]
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _=None: TOKEN)
    start(behaviour, account)
    cli.hasten()
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "--verbose", "--rejects", "r.ndjson", "--wait=1s"),
        *FORMATS[len(name) % len(FORMATS)],
        changed={"LISTRAK_CLIENT_SECRET": SECRET},
    )
    assert ran.status == status
    assert "Traceback" not in ran.err
    assert list(cli.folder.rglob("journal.sqlite3"))
    for canary in (SECRET, TOKEN):
        assert canary not in ran.out + ran.err
        assert canary.encode() not in kept(cli)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("token unknown", ("auth", "test")),
        ("token refused in words", ("lists", "--json")),
        ("wrong secret", ("mapping", "check", "-m", "m.yaml", "--online")),
    ],
)
def test_other_commands(
    cli: Cli,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    command: tuple[str, ...],
) -> None:
    """The commands that only ask show neither secret nor token where they are refused."""
    behaviour, account, _ = PATHS[name]
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _=None: TOKEN)
    start(behaviour, account)
    ran = cli.run(*command, changed={"LISTRAK_CLIENT_SECRET": SECRET})
    assert ran.status == 4
    for canary in (SECRET, TOKEN):
        assert canary not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ((), {"LISTRAK_API_URL": f"https://ann:{SECRET}@api.example.com/"}),
        ((), {"LISTRAK_API_URL": f"ann:{SECRET}@api.example.com/"}),
        ((), {"LISTRAK_AUTH_URL": f"https://ann:{SECRET}@api.example.com:port/"}),
        ((), {"LISTRAK_AUTH_URL": f"https://api.example.com/?secret={SECRET}"}),
        ((), {"LISTRAK_CLIENT_ID": ""}),
        ((), {"LISTRAK_CLIENT_SECRET": f"\ufeff{SECRET}"}),
        ((), {"HTTPS_PROXY": f"ftp://ann:{SECRET}@127.0.0.1:1"}),
        ((), {"HTTPS_PROXY": f"http://ann:{SECRET}/@127.0.0.1:1"}),
        (("--client-secret-file", "m.yaml/x"), {}),
        (("--nonsense",), {}),
    ],
)
def test_settings(cli: Cli, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Settings that cannot be used are told without the secret."""
    given = {"LISTRAK_CLIENT_ID": "ann", "LISTRAK_CLIENT_SECRET": SECRET, **environment}
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "-v", *arguments, changed=given)
    assert ran.status in {2, 3}
    assert "Traceback" not in ran.err
    assert SECRET not in ran.out + ran.err
    assert SECRET.encode() not in kept(cli)


def test_proxy_password(cli: Cli) -> None:
    """The password of a proxy that does not answer is shown and kept nowhere."""
    given = {"LISTRAK_CLIENT_ID": "ann", "LISTRAK_CLIENT_SECRET": "s3cret-of-ann"}
    proxy = {"HTTPS_PROXY": f"http://bob:{SECRET}@127.0.0.1:1"}
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "-v", changed=given | proxy)
    assert ran.status == 5
    assert SECRET not in ran.out + ran.err
    assert SECRET.encode() not in kept(cli)


def test_addresses_are_kept_to_the_files(cli: Cli, start: Start) -> None:
    """Contacts' addresses are in no message or report, not even with --verbose."""
    start(Behaviour(poisoned=frozenset({"c1@example.com"})), KNOWN)
    (cli.folder / "e.ndjson").write_text(event("c1@example.com") + event("c2@example.com"))
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "-v", "--no-journal", "--json"),
        changed={"LISTRAK_CLIENT_SECRET": SECRET},
    )
    assert ran.status == 6
    assert "@example.com" not in ran.out + ran.err
