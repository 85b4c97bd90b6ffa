"""docs/sandbox.md says what the sandbox understands and does."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
    Rule,
)
from listrak_sync.sandbox.account import Area, DataType
from listrak_sync.sandbox.behaviour import Delay, Drop, Reply, RouteKind
from tests.cli.conftest import MAPPING, TIMEOUT, Cli, cli, event
from tests.cli.test_sandbox import begin

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cli"]  # fixtures

TEXT = (Path(__file__).parent.parent / "docs" / "sandbox.md").read_text("utf-8")


def rows(after: str) -> list[list[str]]:
    """Return the cells of the table that follows some text, without its head."""
    table = TEXT.split(after, 1)[1].split("| --- ", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[1:]]


@pytest.mark.parametrize(
    ("heading", "made"), [("### `account`", Account()), ("### `behaviour`", Behaviour())]
)
def test_keys(heading: str, made: msgspec.Struct) -> None:
    """Every key of a script is in its table, with what it is unless given."""
    documented = {key.strip("`"): default.strip("`") for key, _, default in rows(heading)}
    known = msgspec.to_builtins(made)
    known["areas" if isinstance(made, Account) else ""] = "all of them"
    assert documented == {
        key: value if key == "areas" else json.dumps(value) for key, value in known.items() if key
    }


@pytest.mark.parametrize("struct", [MailingList, AccountFieldGroup, AccountField, Rule])
def test_parts(struct: type[msgspec.Struct]) -> None:
    """Every key of a list, a group, a field and a fault is named."""
    assert {key for key in struct.__struct_fields__ if f"`{key}`" not in TEXT} == set()


def test_actions() -> None:
    """Every action is in the table, with all that it takes."""
    documented = {
        kind.strip("`"): tuple(re.findall(r"`(\w+)`", keys)) for kind, _, keys in rows("is one of")
    }
    assert documented == {
        struct.__struct_config__.tag: struct.__struct_fields__ for struct in (Reply, Delay, Drop)
    }


@pytest.mark.parametrize("words", [get_args(Area), get_args(DataType), get_args(RouteKind)])
def test_words(words: Sequence[str]) -> None:
    """Every word that a key may be is named."""
    assert {word for word in words if f"`{word}`" not in TEXT and f'"{word}"' not in TEXT} == set()


def test_script(cli: Cli) -> None:
    """The script that is shown makes the trouble that is told."""
    script = TEXT.split("<!-- file: trouble.json -->\n```json\n", 1)[1].split("```", 1)[0]
    (cli.folder / "trouble.json").write_text(script)
    (cli.folder / "m.yaml").write_text(MAPPING)
    addresses = [f"{name}@example.com" for name in ("ann", "ben", "eve")]
    (cli.folder / "e.ndjson").write_text("".join(map(event, addresses)))
    process, environment = begin(cli, "--script", "trouble.json")
    arguments = ("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson", "--wait", "--json")
    ran = cli.run(*arguments, changed=environment)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=TIMEOUT)
    assert ran.status == 6
    assert [each["update"]["email_address"] for each in cli.rejects()] == ["eve@example.com"]
    (sent,) = ran.json()["lists"]
    assert (sent["accepted"], sent["refused"]) == (2, 1)
    assert (sent["applied"]["applied"], sent["applied"]["suppressed"]) == (1, 1)
    assert told.decode().count("503 POST") == 2


def test_session(cli: Cli) -> None:
    """The sandbox that stays prints what is shown, where its port is free."""
    shown = TEXT.split("```console\n", 1)[1].split("```", 1)[0].splitlines()
    (cli.folder / "mappings.yaml").write_text(MAPPING)
    process, environment = begin(cli, "-m", "mappings.yaml")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT)
    printed = [f"export {name}={value}" for name, value in environment.items()]
    port = environment["LISTRAK_API_URL"].split(":")[2].partition("/")[0]
    assert [line.replace(port, "8765") for line in printed] == shown[1:]
