"""What a command answers with --json that cannot do what it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account
from tests.cli.conftest import ACCOUNT

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

CHECK = ("mapping", "check", "--json", "-m")
ASKING = (("auth", "test"), ("lists",), ("fields", "12345"))


def refused(cli: Cli, *command: str) -> tuple[str, int, str]:
    """Run a command that is refused; return the command, status and error of its one object."""
    ran = cli.run(*command)
    record = ran.json()
    assert set(record) == {"command", "exit_status", "error"}
    assert record["exit_status"] == ran.status
    assert ran.err.startswith(f"error: {record['error']}\n")
    return record["command"], ran.status, record["error"]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_credentials(cli: Cli, command: tuple[str, ...]) -> None:
    """Without credentials, one object names the command, its exit status and what is missing."""
    name, status, error = refused(cli, *command, "--json")
    assert (name, status) == (" ".join(command).removesuffix(" 12345"), 3)
    assert error == "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET: not set"


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--api-url", "http://api.example.com"), 3, "loopback"),
        (("--client-secret-file", "absent"), 3, "absent: No such file"),
        ((), 4, "access refused"),
    ],
)
def test_not_let_in(
    cli: Cli,
    start: Start,
    command: tuple[str, ...],
    options: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    """What cannot be used, and Listrak's refusal, are told in the same way."""
    start(account=Account(lists=ACCOUNT.lists, paused=True))
    _, ended, error = refused(cli, *command, *options, "--json")
    assert ended == status
    assert words in error


def test_mapping_that_cannot_be_read(cli: Cli) -> None:
    """So is a mapping file that is not there; one with faults keeps its own object."""
    for command in (CHECK, ("auth", "test", "--json", "-m")):
        name, status, error = refused(cli, *command, "absent.yaml")
        assert (name, status) == (" ".join(command).partition(" --json")[0], 3)
        assert error.startswith("absent.yaml: No such file")
    (cli.folder / "faulty.yaml").write_text("mappings: 7\n")
    faulty = cli.run(*CHECK, "faulty.yaml")
    assert faulty.status == 3
    assert "error" not in faulty.json()
    assert faulty.json()["faults"]


def test_unknown_list(cli: Cli, start: Start) -> None:
    """So is a list that Listrak does not know."""
    start()
    _, status, error = refused(cli, "fields", "99", "--json")
    assert status == 7
    assert error.startswith("list 99: ")
