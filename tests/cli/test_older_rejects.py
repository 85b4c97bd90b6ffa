"""Rejects that are fed back after a later run has sent newer values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.sandbox import Behaviour, Reply, Rule

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

MAPPING = """\
mappings:
  - name: VIP
    trigger: event = "Entered"
    list_id: 12345
    profile_field_values: {789: {"@path": $.properties.plan}}
"""
JOURNAL = ("--journal", "j")


def line(email: str, plan: str, day: int | None) -> str:
    """Return an event that sets a contact's plan."""
    made: dict[str, Any] = {
        "type": "track",
        "event": "Entered",
        "properties": {"plan": plan},
        "context": {"traits": {"email": email}},
    }
    if day is not None:
        made["timestamp"] = f"2026-01-{day:02}T00:00:00Z"
    return json.dumps(made) + "\n"


def send(cli: Cli, text: str, *options: str) -> Any:
    """Push lines; return how it ended."""
    (cli.folder / "m.yaml").write_text(MAPPING)
    (cli.folder / "e.ndjson").write_text(text)
    return cli.run("push", "e.ndjson", "-m", "m.yaml", *JOURNAL, *options)


def feed_back(cli: Cli, *options: str) -> dict[str, Any]:
    """Put the addresses of the rejects right, and push them; return the report."""
    path = cli.folder / "r.ndjson"
    path.write_text(path.read_text().replace("@@", "@example.com"))
    ran = cli.run("push", "r.ndjson", "-m", "m.yaml", "--json", *JOURNAL, *options)
    assert ran.status == 0, ran.err
    return ran.json()


REJECTS = ("--rejects", "r.ndjson")


def plans(values: Any) -> dict[str, str]:
    """Return the plan of each contact."""
    return {address.split("@")[0]: fields[789] for address, fields in values[12345].items()}


@pytest.mark.parametrize("skips", [False, True])
def test_older(cli: Cli, start: Start, *, skips: bool) -> None:
    """Values older than what was sent since are told, or left out; other contacts are not."""
    sandbox = start()
    rejected = line("a@@", "old", 1) + line("b@@", "old", 1) + line("c@@", "newer", 3)
    assert send(cli, rejected, *REJECTS).status == 6
    assert send(cli, line("A@example.com", "new", 2) + line("c@example.com", "new", 2)).status == 0
    report = feed_back(cli, *(("--skip-older",) if skips else ()))
    assert report["older_than_sent"] == 1
    (warning,) = report["warnings"]
    assert warning.startswith("1 values of rejects are older than what was sent since: ")
    assert report["skipped"] == ({"older_than_sent": 1} if skips else {})
    assert plans(sandbox.values()) == {"a": "new" if skips else "old", "b": "old", "c": "newer"}


def test_resumed(cli: Cli, start: Start) -> None:
    """A run that is resumed leaves older values out as it was told to at first."""
    sandbox = start()
    assert send(cli, line("a@@", "old", 1), *REJECTS).status == 6
    assert send(cli, line("a@example.com", "new", 2)).status == 0
    path = cli.folder / "r.ndjson"
    path.write_text(path.read_text().replace("@@", "@example.com") + line("b@example.com", "x", 1))
    options = ("-m", "m.yaml", *JOURNAL, "--skip-older", "--max-contacts", "0")
    assert cli.run("push", "r.ndjson", *options).status == 7
    assert cli.run("push", "--resume", *JOURNAL, "--max-contacts", "1").status == 0
    assert plans(sandbox.values()) == {"a": "new", "b": "x"}


def test_without_timestamps(cli: Cli, start: Start) -> None:
    """Where there is no time to compare, what was sent since counts as newer."""
    sandbox = start()
    assert send(cli, line("a@@", "old", None), *REJECTS).status == 6
    assert send(cli, line("a@example.com", "new", None)).status == 0
    report = feed_back(cli, "--skip-older")
    assert (report["older_than_sent"], report["matched_lines"], report["contacts"]) == (1, 0, 0)
    assert plans(sandbox.values()) == {"a": "new"}


def test_sent_before(cli: Cli, start: Start) -> None:
    """What was sent before the rejects, and by their own run, says nothing about them."""
    sandbox = start()
    assert send(cli, line("a@example.com", "sent", 5)).status == 0
    lines = line("a@@", "fixed", 1) + line("b@example.com", "x", 1)
    assert send(cli, lines, *REJECTS).status == 6
    assert feed_back(cli, "--skip-older")["older_than_sent"] == 0
    assert plans(sandbox.values()) == {"a": "fixed", "b": "x"}


def test_refused_contacts(cli: Cli, start: Start) -> None:
    """A contact that Listrak refused was not sent: feeding it back is not older than itself."""
    refusal = Reply(status=400, error="ERROR_INVALID_PARAMETER", message="No.")
    fault = Rule(action=refusal, route="profile-fields", times=1)
    sandbox = start(Behaviour(faults=(fault,)))
    assert send(cli, line("a@@", "old", 1), "--rejects", "first").status == 6
    assert send(cli, line("b@example.com", "x", 2), *REJECTS).status == 6
    assert feed_back(cli, "--skip-older")["older_than_sent"] == 0
    assert plans(sandbox.values()) == {"b": "x"}


def test_other_input(cli: Cli, start: Start) -> None:
    """Only rejects are looked at: a backfill of old events is what it is."""
    sandbox = start()
    assert send(cli, line("a@@", "old", 1), *REJECTS).status == 6
    assert send(cli, line("a@example.com", "new", 2)).status == 0
    again = send(cli, line("a@example.com", "old", 1), "--json", "--skip-older")
    assert again.json()["older_than_sent"] == 0
    assert plans(sandbox.values()) == {"a": "old"}


def test_no_address_is_kept(cli: Cli, start: Start) -> None:
    """The journal tells contacts apart without keeping their addresses."""
    start()
    assert send(cli, line("a@@", "old", 1), *REJECTS).status == 6
    assert send(cli, line("someone@example.com", "new", 2)).status == 0
    for path in cli.folder.glob("j*"):
        assert b"someone" not in path.read_bytes()
