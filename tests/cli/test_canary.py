"""A secret or a token is shown nowhere, however a run fails."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, TypeAlias

import pytest
from msgspec.structs import replace

from listrak_sync.sandbox import Account, Behaviour, Drop, Reply, Rule
from tests.cli.conftest import ACCOUNT, faulty

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

SECRET = "canary-secret-7f3a"
TOKEN = "canary-token-91be"
KNOWN = Account(lists=ACCOUNT.lists, open_lists=True, client_secret=SECRET)
SOON = {"Retry-After": "0"}
FORMATS = ((), ("--json",), ("--log-format", "json"))


def of_token(body: str, status: int = 200) -> Behaviour:
    """Return a behaviour whose token address answers with a body."""
    headers = {"Content-Type": "application/json"} | SOON
    return faulty(Reply(status=status, body=body, headers=headers), "token")


Failing: TypeAlias = tuple[Behaviour | None, Account, int]
PATHS: dict[str, Failing] = {
    "done": (None, KNOWN, 0),
    "wrong secret": (None, ACCOUNT, 4),
    "paused": (None, Account(lists=ACCOUNT.lists, client_secret=SECRET, paused=True), 4),
    "no area": (None, Account(client_secret=SECRET, areas=frozenset()), 4),
    "no route": (None, replace(KNOWN, beta_route=False), 0),
    "missing list": (None, Account(client_secret=SECRET), 7),
    "refused": (faulty(Reply(status=400, error="ERROR_X", message="No.")), KNOWN, 6),
    "too large": (Behaviour(body_limit=10), KNOWN, 6),
    "our bug": (faulty(Reply(status=405)), KNOWN, 1),
    "redirect": (faulty(Reply(status=302, headers={"Location": "/x"})), KNOWN, 1),
    "unavailable": (faulty(Reply(status=503, headers=SOON)), KNOWN, 5),
    "proxy's page": (faulty(Reply(status=401, body="<h1>Sign in</h1>")), KNOWN, 4),
    "token unknown": (of_token(f'{{"access_token": "{TOKEN}-other"}}'), KNOWN, 4),
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
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "--verbose", "--rejects", "r.ndjson"),
        *FORMATS[len(name) % len(FORMATS)],
        changed={"LISTRAK_CLIENT_SECRET": SECRET},
    )
    assert ran.status == status
    kept = (cli.folder / "r.ndjson").read_text()
    for canary in (SECRET, TOKEN):
        assert canary not in ran.out + ran.err + kept


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ((), {"LISTRAK_API_URL": f"https://ann:{SECRET}@api.example.com/"}),
        ((), {"LISTRAK_API_URL": f"ann:{SECRET}@api.example.com/"}),
        ((), {"LISTRAK_AUTH_URL": f"https://ann:{SECRET}@api.example.com:port/"}),
        ((), {"LISTRAK_AUTH_URL": f"https://api.example.com/?secret={SECRET}"}),
        ((), {"LISTRAK_CLIENT_ID": ""}),
        (("--client-secret-file", "m.yaml/x"), {}),
        (("--nonsense",), {}),
    ],
)
def test_settings(cli: Cli, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Settings that cannot be used are told without the secret."""
    given = {"LISTRAK_CLIENT_ID": "ann", "LISTRAK_CLIENT_SECRET": SECRET, **environment}
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "-v", *arguments, changed=given)
    assert ran.status in {2, 3}
    assert SECRET not in ran.out + ran.err
