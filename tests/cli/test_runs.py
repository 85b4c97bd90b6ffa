"""`runs` tells what the journal knows, and forgets what it is told to."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.sandbox import Behaviour, Reply, Rule
from tests.cli.conftest import LIST, events
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

PUSH = ("push", "e.ndjson", "-m", "m.yaml", "--window", "2")
STOPPING = Behaviour(
    faults=(Rule(action=Reply(status=405), route="profile-fields", after=1, times=1),)
)


def listed(cli: Cli, *arguments: str) -> list[dict[str, Any]]:
    """Return the runs as `runs --json` tells them."""
    ran = cli.run("runs", "--json", *arguments)
    assert ran.status == 0
    return [json.loads(line) for line in ran.out.splitlines()]


def test_states(cli: Cli, start: Start) -> None:
    """Each run is told with its state and counts, its inputs, and how far it was read."""
    start(STOPPING)
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run(*PUSH).status == 1
    (unfinished,) = listed(cli)
    assert cli.run(*PUSH[:4]).status == 0
    finished, other = listed(cli)
    assert other["run"] == unfinished["run"] != finished["run"]
    assert (finished["state"], finished["accepted"], finished["unsent"]) == ("finished", 9, 0)
    assert finished["read_up_to"] == "the end"
    assert (unfinished["state"], unfinished["accepted"]) == ("unfinished", 2)
    assert unfinished["unsent"] > 0
    assert (other["state"], other["unsent"]) == ("unfinished", 0)
    path = re.escape(str(cli.folder / "e.ndjson"))
    assert re.fullmatch(rf"line \d+ of {path}", unfinished["read_up_to"])
    assert unfinished["inputs"] == [str(cli.folder / "e.ndjson")]
    assert unfinished["mapping"] == str(cli.folder / "m.yaml")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", unfinished["started"])


def test_table(cli: Cli, start: Start) -> None:
    """People are shown a table on standard output, also of inputs with strange names."""
    start()
    assert cli.run("push", "-m", "m.yaml", stdin=events(3).encode()).status == 0
    (cli.folder / "a\x1b[31m\nb").write_text(events(1))
    assert cli.run("push", "a\x1b[31m\nb", "-m", "m.yaml").status == 0
    ran = cli.run("runs")
    assert ran.status == 0
    assert "\x1b" not in ran.out
    lines = [line for line in ran.out.splitlines() if "finished" in line]
    assert len(lines) == 2
    assert "unfinished" not in ran.out
    for info in listed(cli):
        assert info["run"] in ran.out


def stopped_run(cli: Cli, start: Start, journal: str) -> tuple[dict[str, Any], str]:
    """Stop a run amid a file of a long name; return what is listed of it, and the file."""
    start(STOPPING)
    name = "events-of-the-audience-that-was-exported-in-november-of-this-year.ndjson"
    (cli.folder / name).write_text(events(9))
    options = ("-m", "m.yaml", "--window", "2", "--journal", journal)
    assert cli.run("push", name, *options).status == 1
    (info,) = listed(cli, "--journal", journal)
    return info, str(cli.folder / name)


def test_on_a_terminal(cli: Cli, start: Start) -> None:
    """Each run has one line within 80 columns; how far an unfinished one got stands below it."""
    info, file = stopped_run(cli, start, "j")
    assert cli.run(*PUSH[:4], "--journal", "j").status == 0
    newer, older = listed(cli, "--journal", "j")
    command = ("runs", "--journal", "j")
    status, shown = on_terminal(cli.launcher, cli.folder, cli.environment, *command)
    heads, finished, unfinished, below = shown.splitlines()
    assert status == 0
    assert max(map(len, (heads, finished, unfinished))) <= 80
    assert finished.split()[0] == newer["run"]
    assert finished.split()[3:] == ["finished", str(newer["accepted"]), "0", "0"]
    assert unfinished.split()[0] == info["run"] == older["run"]
    assert unfinished.split()[3:] == ["unfinished", str(older["accepted"]), "0", "0"]
    assert re.fullmatch(rf"  read up to: line \d of {re.escape(file)}", below)


def test_in_a_pipe(cli: Cli, start: Start) -> None:
    """Off a terminal each run is one line, unfolded, however long the name of its input is."""
    info, file = stopped_run(cli, start, "j")
    ran = cli.run("runs", "--journal", "j", changed={"COLUMNS": "40"})
    heads, line = ran.out.splitlines()
    assert heads.split()[-3:] == ["read", "up", "to"]
    assert line.startswith(
        f"{info['run']}  {info['started'][:16].replace('T', ' ')}Z  unfinished  "
    )
    assert line.endswith(f"  {info['read_up_to']}")
    assert file in line


@pytest.mark.parametrize("option", ["", "--json"])
def test_closed_pipe(cli: Cli, start: Start, option: str) -> None:
    """Somebody who stops reading gets neither a traceback nor a failure."""
    stopped_run(cli, start, "j")
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute(
            "WITH RECURSIVE many(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM many WHERE i < 999) "
            "INSERT INTO runs SELECT id || i, started, ended, settings, files, position "
            "FROM runs, many"
        )
    done = cli.shell(f"$LS runs --journal j {option} | head -c 10; exit ${{PIPESTATUS[0]}}")
    assert (done.status, done.err, len(done.out)) == (0, "", 10)


def test_forget(cli: Cli, start: Start) -> None:
    """A forgotten run is gone, and nothing of it is sent any more; unknown ones are told."""
    sandbox = start(STOPPING)
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run(*PUSH).status == 1
    (info,) = listed(cli)
    unknown = cli.run("runs", "--forget", "nobody")
    assert unknown.status == 2
    assert "no run nobody" in unknown.err
    assert listed(cli, "--forget", info["run"]) == []
    assert cli.run("push", "--resume").status == 2
    (cli.folder / "e.ndjson").write_text("")
    assert cli.run(*PUSH).status == 0
    assert len(sandbox.values()[LIST]) == 2


def test_no_journal(cli: Cli) -> None:
    """Where there is no journal yet, none is made, and that is said."""
    ran = cli.run("runs")
    assert (ran.status, ran.out) == (0, "")
    assert "there is no journal yet" in ran.err
    assert cli.run("runs", "--forget", "x").status == 2
    assert not (cli.folder / ".local").exists()


def test_empty_journal(cli: Cli, start: Start) -> None:
    """An empty file is a journal without runs, as it is for push."""
    start()
    (cli.folder / "j").touch()
    assert cli.run("runs", "--journal", "j", "--json").out == ""
    assert "j: no run" in cli.run("runs", "show", "--journal", "j").err
    guarded = ("e.ndjson", "-m", "m.yaml", "--journal", "j", "--max-change", "0.1")
    assert [cli.run(name, *guarded).status for name in ("dry-run", "push")] == [0, 0]


def test_read_only_folder(cli: Cli, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal in a folder that cannot be written is read, and nothing appears beside it."""
    start()
    assert cli.run("push", "e.ndjson", "-m", "m.yaml", "--journal", "j").status == 0
    before = {each.name for each in cli.folder.iterdir()}
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with JournalReader(cli.folder / "j") as reader:
        assert [run.is_finished for run in reader.runs()] == [True]
    assert {each.name for each in cli.folder.iterdir()} == before


@pytest.mark.parametrize("column", ["settings", "files", "position"])
@pytest.mark.parametrize("damaged", [b"\xff{", b"{", b"7"])
def test_damaged_row(cli: Cli, start: Start, column: str, damaged: bytes) -> None:
    """3: a row that cannot be read back is told as a damaged journal, also where it is resumed."""
    start(STOPPING)
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run(*PUSH, "--journal", "j").status == 1
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute(f"UPDATE runs SET {column} = ?", (damaged,))  # noqa: S608 - a name of ours
    for command in (("runs",), ("push", "--resume")):
        ran = cli.run(*command, "--journal", "j")
        assert ran.status == 3
        assert re.match("error: j: the journal (is damaged|cannot be used): ", ran.err)
        assert "Traceback" not in ran.err


def test_old_runs(cli: Cli, start: Start) -> None:
    """Runs that finished over 30 days ago are forgotten by the next push."""
    start()
    for _ in range(2):
        assert cli.run(*PUSH, "--journal", "j").status == 0
    first = listed(cli, "--journal", "j")[1]["run"]
    with closing(sqlite3.connect(cli.folder / "j")) as db, db:
        db.execute("UPDATE runs SET ended = ended - 31 * 86400 WHERE id = ?", (first,))
    assert len(listed(cli, "--journal", "j")) == 2
    assert cli.run(*PUSH, "--journal", "j").status == 0
    assert first not in {info["run"] for info in listed(cli, "--journal", "j")}


def test_forget_several(cli: Cli, start: Start) -> None:
    """Several runs are forgotten at once: named, or chosen by age and by what is left of them."""
    start(STOPPING)
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run(*PUSH).status == 1
    for _ in range(3):
        assert cli.run(*PUSH[:4]).status == 0
    newest, second, third, unfinished = (info["run"] for info in listed(cli))
    assert [info["run"] for info in listed(cli, "--all-unfinished")] == [unfinished]
    assert listed(cli, "--older-than", "1d") == []
    which = cli.run("runs", "--forget")
    assert (which.status, "--all-unfinished" in which.err) == (2, True)
    left = listed(cli, "--forget", newest, "--forget", third)
    assert [info["run"] for info in left] == [second, unfinished]
    ran = cli.run("runs", "--forget", "--all-unfinished")
    assert (ran.status, ran.err) == (0, "1 run forgotten\n")
    assert [info["run"] for info in listed(cli)] == [second]
    assert cli.run("runs", "--older-than", "1ms", "--forget").status == 0
    assert listed(cli) == []
