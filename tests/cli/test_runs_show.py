"""`runs show` tells all that the journal knows of one run."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.sandbox import Behaviour, Reply, Rule
from tests.cli.conftest import LIST, events

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

PUSH = ("push", "e.ndjson", "-m", "m.yaml", "--window", "2", "--max-rejects", "3")
IDS = Behaviour(resource_ids="one")


def shown(cli: Cli, *arguments: str) -> dict[str, Any]:
    """Return what `runs show --json` tells."""
    ran = cli.run("runs", "show", "--json", *arguments)
    assert (ran.status, ran.err) == (0, "")
    return ran.json()


def test_finished(cli: Cli, start: Start) -> None:
    """A finished run is told with its options, counts, mapping and imports, as it ended."""
    start(IDS)
    pushed = cli.run(*PUSH, "--json").json()
    run = shown(cli)
    assert (run["run"], run["state"], run["resume"]) == (pushed["run"], "finished", None)
    assert run["options"] == {"--window": 2, "--max-rejects": 3}
    assert run["inputs"] == pushed["inputs"] == [str(cli.folder / "e.ndjson")]
    assert run["mapping_files"] == pushed["mapping_files"] == [str(cli.folder / "m.yaml")]
    assert [part["report"] for part in run["parts"]] == [pushed]
    ids = [one for entry in pushed["lists"] for one in entry["imports"]]
    assert run["imports"] == [{"list_id": LIST, "import_id": each, "state": None} for each in ids]
    assert {one["state"] for one in shown(cli, "--wait")["imports"]} == {"ended"}


def test_for_people(cli: Cli, start: Start) -> None:
    """People get lines and tables that say the same, and find a run by the beginning of its id."""
    start(IDS)
    (cli.folder / "e.ndjson").write_text(events(2) + "x\n")
    assert cli.run(*PUSH).status == 6
    run = shown(cli)
    ran = cli.run("runs", "show", run["run"][:-2])
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"run {run['run']}: finished, exit status 6"
    assert "options --window 2 --max-rejects 3" in lines
    assert f"input {cli.folder / 'e.ndjson'}" in lines
    assert ["not_json", "1"] in [line.split() for line in lines]
    assert [str(LIST), run["imports"][0]["import_id"], "not", "asked"] in [
        line.split() for line in lines
    ]


def test_resumed(cli: Cli, start: Start) -> None:
    """A run that was resumed has a part for each process, and says how to go on until it ends."""
    start(Behaviour(faults=(Rule(action=Reply(status=405), route="profile-fields", after=1),)))
    (cli.folder / "e.ndjson").write_text(events(5))
    assert cli.run(*PUSH).status == 1
    run = shown(cli)
    assert (run["state"], run["resume"]) == (
        "unfinished",
        f"listrak-sync push --resume {run['run']}",
    )
    assert f"go on: {run['resume']}" in cli.run("runs", "show").out
    start(again=True)
    assert cli.run("push", "--resume").status == 0
    run = shown(cli, run["run"])
    assert [part["report"]["exit_status"] for part in run["parts"]] == [1, 0]
    out = cli.run("runs", "show").out
    assert "part 1 of 2" in out
    assert "part 2 of 2" in out


def test_of_an_earlier_version(cli: Cli, start: Start) -> None:
    """A run that an earlier version has written down has no counts, and is shown all the same."""
    start(IDS)
    assert cli.run(*PUSH, "--journal", "j").status == 0
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute("DROP TABLE parts")
    run = shown(cli, "--journal", "j")
    assert (run["state"], run["parts"]) == ("finished", [])
    assert cli.run("runs", "--journal", "j").status == 0


@pytest.mark.parametrize("report", [b"{", b"[]", b'{"lines": 1}', b"\xff"])
def test_damaged(cli: Cli, start: Start, report: bytes) -> None:
    """3: a report that cannot be read back is a damaged journal."""
    start(IDS)
    assert cli.run(*PUSH, "--journal", "j").status == 0
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute("UPDATE parts SET report = ?", (report,))
    ran = cli.run("runs", "show", "--journal", "j")
    assert (ran.status, ran.out) == (3, "")
    assert "the journal is damaged" in ran.err


def test_which(cli: Cli, start: Start) -> None:
    """2: a run that is not there, an ambiguous one, or no journal at all."""
    assert cli.run("runs", "show").status == 2
    start(IDS)
    for _ in range(2):
        assert cli.run(*PUSH).status == 0
    missing = cli.run("runs", "show", "nobody", "--json")
    assert missing.status == json.loads(missing.out)["exit_status"] == 2
    several = cli.run("runs", "show", "2")
    assert (several.status, "several runs begin with 2" in several.err) == (2, True)
    elsewhere = cli.run("runs", "show", "--wait", "--api-url", "https://api.example.com/v1")
    assert (elsewhere.status, "--api-url http://127.0.0.1" in elsewhere.err) == (2, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only(cli: Cli, start: Start) -> None:
    """A journal that may only be read is shown."""
    start(IDS)
    assert cli.run(*PUSH, "--journal", "j").status == 0
    (cli.folder / "j").chmod(0o400)
    assert cli.run("runs", "show", "--journal", "j").status == 0


def test_a_name_that_is_not_utf8(cli: Cli, start: Start) -> None:
    """An input whose name is not UTF-8 is told of in the report, and the report is kept."""
    start(IDS)
    name = os.fsdecode(b"e\xff.ndjson")
    (cli.folder / name).write_text('{"no": "type"}\n' + events(1))
    assert cli.run("push", name, "-m", "m.yaml", "--report", "r.html").status == 0
    (part,) = shown(cli)["parts"]
    assert part["report"]["contacts"] == 1
