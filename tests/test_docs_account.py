"""docs/account.md says what plan, --only-changes, --verify, --mirror and --previous do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from listrak_sync.account.list_reading import FEW, FIELDS_AT_ONCE
from listrak_sync.account.state import Verified
from listrak_sync.account.values import OFF, ON
from listrak_sync.delivery.polling import FIRST_PAUSE, LONGEST_PAUSE
from listrak_sync.guards import SWITCHING_OFF_RATIO
from listrak_sync.listrak.api import PAGE
from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
)
from tests.cli.conftest import LIST, Cli, Start, cli, event, start

__all__ = ["cli", "start"]  # fixtures

TEXT = (Path(__file__).parent.parent / "docs" / "account.md").read_text("utf-8")
WORDS = " ".join(TEXT.split())
BOX = AccountField(id=789, name="VIP", data_type="CheckBox")
SHOP = Account(
    lists=(
        MailingList(
            id=LIST,
            name="Shop",
            groups=(AccountFieldGroup(id=1, fields=(BOX,)),),
            contacts={
                "ann@example.com": {},
                "ben@example.com": {789: "on"},
                "dora@example.com": {789: "on"},
            },
        ),
    )
)


def recipe(name: str) -> str:
    """Return the commands of a recipe, for a shell in which `$LS` is the program."""
    text = TEXT.split(f"<!-- recipe: {name} -->\n```sh\n", 1)[1].split("```", 1)[0]
    return text.replace("listrak-sync ", '"$LS" ')


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """Give a folder with the files that the recipes name."""
    (cli.folder / "mappings.yaml").write_text((cli.folder / "m.yaml").read_text())
    files = {"members": ("ann", "ben", "new"), "yesterday": ("ben", "dora")}
    for file, names in files.items():
        lines = "".join(event(f"{name}@example.com") for name in names)
        (cli.folder / f"{file}.ndjson").write_text(lines)
    return cli


@pytest.mark.parametrize(
    ("name", "on"), [("review", "ann ben dora"), ("mirror", "ann ben"), ("previous", "ann ben")]
)
def test_recipes(shop: Cli, start: Start, name: str, on: str) -> None:
    """Each recipe does what it says, and the status is 0."""
    sandbox = start(account=SHOP)
    ran = shop.shell(f"set -e\n{recipe(name)}")
    assert ran.status == 0, ran.err
    held = sandbox.values()[LIST]
    assert {email for email, values in held.items() if values.get(789) == "on"} == {
        f"{each}@example.com" for each in on.split()
    }
    if name == "review":
        (change, missing) = map(
            json.loads, (shop.folder / "changes.ndjson").read_text().splitlines()
        )
        shown = json.loads(TEXT.split("```json\n", 1)[1].split("```", 1)[0])
        assert change == shown
        assert missing["state"] == "not_on_list"


@pytest.mark.parametrize(
    "fact",
    [
        f"with {PAGE:,} contacts and up to {FIELDS_AT_ONCE} fields a request",
        f"growing pauses ({FIRST_PAUSE:g} s to {LONGEST_PAUSE:g} s)",
        f"the list goes on and at most {FEW} are missing",
        "more than half of the values" if SWITCHING_OFF_RATIO == 0.5 else "",
        *(f"`{each}`" for each in sorted(ON | OFF) if each),
        *(f"`{each}`" for each in Verified.__struct_fields__),
    ],
)
def test_facts(fact: str) -> None:
    """Numbers, spellings and names in the text are those of the program."""
    assert fact in WORDS
    assert re.search(r"unconfirmed", WORDS)


def test_plan_on_the_screen(shop: Cli, start: Start) -> None:
    """A plan names lists, fields and the first contacts; its status is asked for."""
    start(account=SHOP)
    arguments = ("plan", "members.ndjson", "-m", "mappings.yaml")
    ran = shop.run(*arguments, "--verbose")
    assert ran.status == 0
    assert not list(shop.folder.rglob("journal.sqlite3"))
    for words in ("list 12345 Shop", "field 789 VIP", "ann@example.com", "new@example.com"):
        assert words in ran.out
    assert "its check boxes read as 'on'" in ran.err
    detailed = shop.run(*arguments, "--detailed-exitcode", "--json")
    assert detailed.status == detailed.json()["exit_status"] == 8
    (one,) = detailed.json()["plan"]["lists"]
    assert one["fields"][0]["switch_on"] == {"contacts": 1, "first": ["ann@example.com"]}
    assert shop.run("push", *arguments[1:], "--only-changes", "--verify", "30s").status == 0
    assert shop.run(*arguments, "--detailed-exitcode", "--quiet").status == 0


@pytest.mark.parametrize(("behaviour", "status"), [(Behaviour(show_delay=1e6), 6), (None, 0)])
def test_status_of_a_verification(
    shop: Cli, start: Start, behaviour: Behaviour | None, status: int
) -> None:
    """What is on the list without what was sent to it makes the status 6, and is told."""
    start(behaviour, SHOP)
    ran = shop.run("push", "members.ndjson", "-m", "mappings.yaml", "--verify", "300ms")
    assert ran.status == status
    assert ("what was sent was not seen for 1 contact" in ran.err) is (status == 6)
    assert "not on the list" in ran.err


@pytest.mark.parametrize("command", ["dry-run", "plan", "push"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--previous", "-"), "--previous takes files"),
        (("--previous", "absent"), "absent: No such file"),
        (("--previous", "members.ndjson", "--since", "2026-01-01"), "need the whole input"),
    ],
)
def test_usage(
    shop: Cli, start: Start, command: str, arguments: tuple[str, ...], words: str
) -> None:
    """An earlier input that cannot be used, or half of today's, is refused before anything."""
    start(account=SHOP)
    ran = shop.run(command, "members.ndjson", "-m", "mappings.yaml", *arguments)
    assert (ran.status, words in ran.err) == (2, True), ran.err
