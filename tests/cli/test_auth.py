"""`auth test`: does Listrak let this integration in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, MailingList, Reply
from tests.cli.conftest import ACCOUNT, faulty

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start


def test_let_in(cli: Cli, start: Start) -> None:
    """A token, the API and each list of the mapping are asked for and told."""
    sandbox = start()
    ran = cli.run("auth", "test", "-m", "m.yaml")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "token: received",
        "API: answers, the account has 1 list",
        "list 12345: List 12345",
    ]
    paths = [one.path.rpartition("/v1")[2] for one in sandbox.requests]
    assert paths == ["/OAuth2/Token", "/List", "/List/12345"]


def test_name_is_only_text(cli: Cli, start: Start) -> None:
    """A list's name neither steers the terminal nor leaves its line."""
    start(account=Account(lists=(MailingList(id=12345, name="a\x1b[31m\nb"),)))
    ran = cli.run("auth", "test", "-m", "m.yaml")
    assert ran.out.splitlines()[2:] == ["list 12345: a\\x1b[31m\\nb"]


def test_json(cli: Cli, start: Start) -> None:
    """--json tells the same as one object, also where a list is missing."""
    start(account=Account.of_fields({1: {}}))
    ran = cli.run("auth", "test", "-m", "m.yaml", "--json")
    record = json.loads(ran.out)
    assert (ran.status, record["token"], record["account_lists"], record["lists"]) == (
        7,
        True,
        1,
        {},
    )
    assert len(record["missing"]) == 1


def test_missing_list(cli: Cli, start: Start) -> None:
    """A list of the mapping that Listrak does not know is told with what to do."""
    start(account=Account.of_fields({1: {}}))
    ran = cli.run("auth", "test", "-m", "m.yaml")
    assert ran.status == 7
    assert "list 12345: ERROR_UNABLE_TO_LOCATE_RESOURCE" in ran.err
    assert "API ID Information" in ran.err


@pytest.mark.parametrize(
    "account",
    [
        Account(lists=ACCOUNT.lists, paused=True),
        Account(lists=ACCOUNT.lists, areas=frozenset({"Contact"})),
        Account(lists=ACCOUNT.lists, client_secret="other"),
    ],
)
def test_denied(cli: Cli, start: Start, account: Account) -> None:
    """Paused access, a missing area and a wrong secret are refusals, every cause listed."""
    start(account=account)
    ran = cli.run("auth", "test")
    assert (ran.status, ran.out) == (4, "")
    for cause in ("secret", "paused", "IP address", "area"):
        assert cause in ran.err


def test_secret_file(cli: Cli, start: Start) -> None:
    """The secret may come from a file, which wins over the environment."""
    start()
    (cli.folder / "secret").write_text("sandbox\n")
    ran = cli.run(
        *("auth", "test", "--client-secret-file", "secret"),
        changed={"LISTRAK_CLIENT_SECRET": "wrong"},
    )
    assert ran.status == 0


def test_passing_failure(cli: Cli, start: Start) -> None:
    """A failure that passes is waited for a few times, then told."""
    sandbox = start(faulty(Reply(status=503, headers={"Retry-After": "0"}), "lookups"))
    assert cli.run("auth", "test").status == 5
    assert len(sandbox.requests) == 4


def test_long_pause(cli: Cli, start: Start) -> None:
    """Nobody is kept waiting for a pause of an hour."""
    sandbox = start(faulty(Reply(status=429, headers={"Retry-After": "3600"}), "token"))
    assert cli.run("auth", "test").status == 5
    assert len(sandbox.requests) == 1
