"""`--max-change` stops a run in which a mapping switches on far more or fewer than usual."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LIST, events

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Ran, Start

FIRST = "no earlier finished run of this mapping file"


def run(cli: Cli, count: int, *options: str, command: str = "push") -> Ran:
    """Run a command over events of so many contacts."""
    (cli.folder / "e.ndjson").write_text(events(count))
    more = ("--max-change", "0.5", "--journal", "j")
    return cli.run(command, "e.ndjson", "-m", "m.yaml", *more, *options)


@pytest.mark.parametrize("command", ["push", "dry-run", "plan"])
@pytest.mark.parametrize(("count", "status"), [(4, 7), (5, 0), (10, 0), (15, 0), (16, 7)])
def test_bounds(cli: Cli, start: Start, command: str, count: int, status: int) -> None:
    """7: more than the share, up or down; the share itself passes."""
    sandbox = start()
    first = run(cli, 10)
    assert (first.status, FIRST in first.err) == (0, True)
    sent = len(sandbox.requests)
    ran = run(cli, count, command=command)
    assert ran.status == status
    told = f"mapping 'VIP': {count} on, 10 in run "
    assert (told in ran.err) == (status == 7)
    if status == 7:
        posts = [one for one in sandbox.requests[sent:] if "SegmentationField" in one.path]
        assert not [one for one in posts if one.method == "POST"]


def test_windows(cli: Cli, start: Start) -> None:
    """With several windows, too many are noticed before all are sent; too few at the end."""
    sandbox = start()
    assert run(cli, 10).status == 0
    assert run(cli, 40, "--window", "2").status == 7
    assert len(sandbox.values()[LIST]) < 20
    few = run(cli, 4, "--window", "2")
    assert (few.status, "-60.0%" in few.err) == (7, True)


def test_what_is_passed_over(cli: Cli, start: Start) -> None:
    """Empty runs, runs that were fed rejects and killed ones are not compared with."""
    start()
    assert run(cli, 10).status == 0
    update = {"list_id": LIST, "email_address": "a@example.com", "fields": {"789": "on"}}
    place = {"file": "e", "line": 1, "mapping": "VIP"}
    reject = {"reason": "unsent", "detail": "", **place, "update": update}
    for content in ("", json.dumps(reject)):
        (cli.folder / "f.ndjson").write_text(content)
        assert cli.run("push", "f.ndjson", "-m", "m.yaml", "--journal", "j").status == 0
    assert run(cli, 100).status == 7
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute("UPDATE parts SET report = NULL")
    ran = run(cli, 100)
    assert (ran.status, FIRST in ran.err) == (0, True)


def test_another_mapping(cli: Cli, start: Start) -> None:
    """A mapping that the earlier run did not have is told and not compared; nor are those off."""
    start()
    assert run(cli, 10).status == 0
    text = (cli.folder / "m.yaml").read_text()
    (cli.folder / "m.yaml").write_text(text.replace("VIP", "Very important"))
    ran = run(cli, 100)
    assert ran.status == 0
    assert "mapping 'Very important' was not in run" in ran.err


def test_resumed(cli: Cli, start: Start) -> None:
    """A wider guard lets a run that was stopped go on."""
    start()
    assert run(cli, 10).status == 0
    assert run(cli, 100).status == 7
    assert cli.run("push", "--resume", "--journal", "j").status == 7
    resumed = cli.run("push", "--resume", "--journal", "j", "--max-change", "9")
    assert resumed.status == 0
    assert (
        run(cli, 500, "--max-contacts", "200", "--window", "100", "--max-change", "9").status == 7
    )
    partly = cli.run("push", "--resume", "--journal", "j", "--max-contacts", "500")
    assert (partly.status, "the rest is not compared" in partly.err) == (0, True)


def test_no_journal(cli: Cli, start: Start) -> None:
    """2: without a journal there is nothing to compare with, and that is said."""
    start()
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--no-journal", "--max-change", "0.5")
    assert (ran.status, "--max-change needs a journal" in ran.err) == (2, True)
    dry = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", "--max-change", "0.5")
    assert (dry.status, FIRST in dry.err) == (0, True)
