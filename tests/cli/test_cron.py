"""What cron's mail, a log and the metrics say of a night's run."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from listrak_sync.sandbox import Reply
from tests.cli.conftest import events, faulty

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Ran, Start

NAMED = 'a "\\" \n {x="1"} é'


def metrics(cli: Cli) -> dict[tuple[str, ...], float]:
    """Return the metrics of the last run: values by name and labels."""
    text = (cli.folder / "m.prom").read_text("utf-8")
    return {
        (sample.name.removeprefix("listrak_sync_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def night(cli: Cli, *more: str) -> Ran:
    """Run a push as cron does."""
    return cli.run("push", "e.ndjson", "-m", "m.yaml", "--quiet", "--metrics-file", "m.prom", *more)


def test_success(cli: Cli, start: Start) -> None:
    """A success says nothing, and the metrics count it."""
    start()
    ran = night(cli)
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    found = metrics(cli)
    assert (found["last_run_success",], found["last_run_exit_status",]) == (1, 0)
    assert found["last_success_timestamp_seconds",] == found["last_end_timestamp_seconds",]
    assert found["last_start_timestamp_seconds",] <= found["last_end_timestamp_seconds",]
    assert (found["lines",], found["contacts",]) == (3, 3)
    assert (found["mapping_events", "VIP"], found["mapping_values", "VIP", "on"]) == (3, 3)
    assert found["list_contacts", "12345", "accepted"] == 3
    assert {each.name for each in cli.folder.glob("*.prom*")} == {"m.prom"}


@pytest.mark.parametrize("options", [(), ("--rejects", "r.ndjson")])
def test_rejects(cli: Cli, start: Start, options: tuple[str, ...]) -> None:
    """6: one line on standard error counts the rejects by reason, and says where they are."""
    start()
    (cli.folder / "e.ndjson").write_text(events(3) + "x\ny\n" + events(1).replace("c0@", "@"))
    ran = night(cli, *options)
    where = "r.ndjson" if options else "not kept; --rejects FILE gets them"
    assert (ran.status, ran.out) == (6, "")
    assert ran.err == f"warning: rejected: 2 not_json, 1 invalid_email: {where}\n"
    found = metrics(cli)
    assert (found["rejects", "not_json"], found["last_run_success",]) == (2, 1)
    assert found["last_run_exit_status",] == 6


def test_rejects_in_a_log(cli: Cli, start: Start) -> None:
    """As JSON, the line has the counts and the file as members."""
    start()
    (cli.folder / "e.ndjson").write_text("x\n")
    ran = night(cli, "--rejects", "r.ndjson", "--log-format", "json")
    (line,) = [json.loads(each) for each in ran.err.splitlines()]
    assert (line["level"], line["rejects"], line["reasons"]) == (
        "warning",
        "r.ndjson",
        {"not_json": 1},
    )


def test_failures(cli: Cli, start: Start) -> None:
    """Failures of every kind are counted, and when a run last was a success stays known."""
    start()
    assert night(cli).status == 0
    good = metrics(cli)["last_success_timestamp_seconds",]
    assert night(cli, "--max-contacts", "1").status == 7
    assert metrics(cli)["list_contacts", "12345", "unsent"] == 3
    cli.hasten()
    start(faulty(Reply(status=503, headers={"Retry-After": "0"})))
    assert night(cli).status == 5
    assert night(cli, "--audience", "x y").status == 2
    assert night(cli, "--no-journal", "--once").status == 2
    (cli.folder / "m.yaml").write_text("x")
    assert night(cli).status == 3
    found = metrics(cli)
    assert (found["last_run_success",], found["last_run_exit_status",]) == (0, 3)
    assert found["last_success_timestamp_seconds",] == good
    assert ("lines",) in found


def test_a_busy_journal(cli: Cli, start: Start) -> None:
    """75: who holds the journal is told, and counted."""
    gate = start.gate()
    process = cli.start("push", "e.ndjson", "-m", "m.yaml")
    assert gate.begun.wait(60)
    ran = night(cli)
    assert (ran.status, f"process {process.pid} since" in ran.err) == (75, True)
    assert metrics(cli)["last_run_exit_status",] == 75
    gate.go.set()
    assert process.wait(60) == 0


def test_names(cli: Cli, start: Start) -> None:
    """Whatever a mapping is called, the file can be read."""
    start()
    text = (cli.folder / "m.yaml").read_text()
    (cli.folder / "m.yaml").write_text(text.replace("VIP", json.dumps(NAMED)), "utf-8")
    assert night(cli).status == 0
    assert metrics(cli)["mapping_events", NAMED] == 3


def test_not_written(cli: Cli, start: Start) -> None:
    """3: a file that cannot be written is told; what was sent is sent."""
    sandbox = start()
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "-q", "--metrics-file", "none/m.prom")
    assert (ran.status, "--metrics-file" in ran.err) == (3, True)
    assert len(sandbox.values()[12345]) == 3


@pytest.mark.parametrize("option", ["--report", "--metrics-file"])
def test_the_same_file_for_two(cli: Cli, start: Start, option: str) -> None:
    """Rejects or a journal that the run itself has written there stay, and it says so."""
    start()
    (cli.folder / "e.ndjson").write_text(events(3) + "x\n")
    for other in ("--rejects", "--journal"):
        ran = cli.run("push", "e.ndjson", "-m", "m.yaml", other, "o", option, "o")
        assert (ran.status, "o: this is not a" in ran.err) == (6, True)
        assert (cli.folder / "o").read_bytes().startswith((b'{"reason', b"SQLite"))
        (cli.folder / "o").unlink()


def test_a_damaged_file(cli: Cli, start: Start) -> None:
    """Metrics of ours that cannot be read any more are replaced."""
    start()
    (cli.folder / "m.prom").write_bytes(b"# HELP listrak_sync_x \xff not { metrics")
    assert night(cli).status == 0
    assert metrics(cli)["last_run_success",] == 1


@pytest.mark.parametrize("option", ["--metrics-file", "--report"])
def test_what_is_not_ours(cli: Cli, start: Start, option: str) -> None:
    """A file, a device, a pipe or a folder that is not ours is left as it is, before all else."""
    sandbox = start()
    os.mkfifo(cli.folder / "pipe")
    (cli.folder / "null").symlink_to(os.devnull)
    before = (cli.folder / "e.ndjson").read_bytes()
    for name in ("e.ndjson", "m.yaml", "pipe", "null", "/dev/null", ".", "", "-", "x" * 300):
        ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "-q", option, name)
        assert ran.status == 2, name
        assert f"with {option}" in ran.err
        assert "Traceback" not in ran.err
    assert (cli.folder / "e.ndjson").read_bytes() == before
    assert not sandbox.requests
    assert (cli.folder / "null").is_symlink()
    assert (cli.folder / "pipe").is_fifo()


def test_listrak_away(cli: Cli) -> None:
    """5: --retry-for also holds for the token, so a night waits for Listrak to come back."""
    away = {f"LISTRAK_{each}_URL": "http://127.0.0.1:9/x" for each in ("API", "AUTH")}
    access = {"LISTRAK_CLIENT_ID": "i", "LISTRAK_CLIENT_SECRET": "s"}
    started = time.monotonic()
    ran = cli.run(
        "push", "e.ndjson", "-m", "m.yaml", "-v", "--retry-for", "3s", changed=away | access
    )
    assert (ran.status, "Listrak cannot be reached" in ran.err) == (5, True)
    assert time.monotonic() - started >= 3
