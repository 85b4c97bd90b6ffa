"""What a run left is brought to its end by the next one, or it is said why that cannot be."""

from __future__ import annotations

import json
import re
import signal
import stat
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from listrak_sync.sandbox import Account, Behaviour, Reply, Rule, Sandbox
from tests.cli.conftest import ACCOUNT, LIST, MAPPING, TIMEOUT, Gate, event, events, imports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from listrak_sync.sandbox.wire import Answer, Request
    from tests.cli.conftest import Cli, Start
    from tests.processes import Process

PUSH = ("push", "e.ndjson", "-m", "m.yaml", "--window", "2")
RESUME = ("push", "--resume", "--json")
ONCE = Behaviour(faults=(Rule(action=Reply(status=405), route="profile-fields", after=1, times=1),))
"""Takes one import, then breaks the run off, and takes all that come later."""


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def feed(process: Process, text: str) -> None:
    """Write to a process and leave the pipe open."""
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.flush()


def held(sandbox: Sandbox) -> set[str]:
    """Return the contacts that have their value."""
    return set(sandbox.values()[LIST])


def meant(count: int) -> set[str]:
    """Return so many contacts."""
    return {f"c{number}@example.com" for number in range(count)}


def broken_off(cli: Cli, start: Start, count: int = 9) -> Sandbox:
    """Break off a run over so many events after its first window of two; return its sandbox."""
    sandbox = start(ONCE)
    (cli.folder / "e.ndjson").write_text(events(count))
    ran = cli.run(*PUSH)
    assert ran.status == 1
    assert len(held(sandbox)) == 2
    assert "listrak-sync push --resume" in ran.err
    return sandbox


def runs(cli: Cli) -> list[dict[str, Any]]:
    """Return the runs in the journal."""
    return [json.loads(line) for line in cli.run("runs", "--json").out.splitlines()]


def test_carries_on(cli: Cli, start: Start) -> None:
    """A resumed run sends what is unanswered, reads on where the last one stopped, and ends."""
    sandbox = broken_off(cli, start)
    (before,) = runs(cli)
    assert before["state"] == "unfinished"
    ran = cli.run(*RESUME)
    assert ran.status == 0
    assert held(sandbox) == meant(9)
    record = ran.json()
    assert record["left_over"] > 0
    assert record["lines"] + record["left_over"] + before["accepted"] == 9
    (after,) = runs(cli)
    assert (after["run"], after["state"], after["accepted"]) == (before["run"], "finished", 9)
    assert cli.run(*RESUME).status == 2


def test_resumed_by_name(cli: Cli, start: Start) -> None:
    """The run that is named is resumed; one that is not there, or has ended, is told."""
    broken_off(cli, start)
    (info,) = runs(cli)
    unknown = cli.run("push", "--resume", "nobody")
    assert unknown.status == 2
    assert "no unfinished run nobody" in unknown.err
    assert "listrak-sync runs" in unknown.err
    assert cli.run("push", "--resume", info["run"]).status == 0
    assert cli.run("push", "--resume", info["run"]).status == 2


def test_left_over_is_told(cli: Cli, start: Start) -> None:
    """The report says how many of its contacts are of windows before."""
    broken_off(cli, start)
    ran = cli.run("push", "--resume")
    assert ran.status == 0
    assert "of them left over from before" in ran.err


def test_a_later_push_sends_it_first(cli: Cli, start: Start) -> None:
    """Another push first sends what an earlier run left unanswered, then its own: newer wins."""
    sandbox = broken_off(cli, start)
    (cli.folder / "later.ndjson").write_text(event("c2@example.com") + event("later@example.com"))
    later = MAPPING.replace("789: on", "789: later")
    (cli.folder / "later.yaml").write_text(later)
    ran = cli.run("push", "later.ndjson", "-m", "later.yaml", "--json")
    assert ran.status == 0
    assert ran.json()["left_over"] > 0
    values = sandbox.values()[LIST]
    assert values["c2@example.com"] == values["later@example.com"] == {789: "later"}
    assert values["c3@example.com"] == {789: "on"}
    assert [info["state"] for info in runs(cli)] == ["finished", "unfinished"]
    unnamed, older = cli.run("push", "--resume"), runs(cli)[1]["run"]
    assert unnamed.status == 2
    assert f"listrak-sync push --resume {older}" in unnamed.err
    assert values["c2@example.com"] == {789: "later"}
    assert cli.run("push", "--resume", older).status == 0


def test_another_destination(cli: Cli, start: Start) -> None:
    """What was meant for one address goes to no other, and it is said how to send it there."""
    sandbox = broken_off(cli, start)
    (info,) = runs(cli)
    there = f"listrak-sync push --resume {info['run']} --api-url {sandbox.api_url}"
    other = start()
    (cli.folder / "later.ndjson").write_text(event("later@example.com"))
    pushed = cli.run("push", "later.ndjson", "-m", "m.yaml")
    assert pushed.status == 0
    assert f"run {info['run']} for {sandbox.api_url} is unfinished" in pushed.err
    assert there in pushed.err
    assert held(other) == {"later@example.com"}
    resumed = cli.run("push", "--resume", info["run"])
    assert resumed.status == 2
    assert f"was for {sandbox.api_url}, not for {other.api_url}" in resumed.err
    assert there in resumed.err
    assert [each["state"] for each in runs(cli)] == ["finished", "unfinished"]
    auth = {"LISTRAK_AUTH_URL": sandbox.auth_url}
    assert cli.run(*there.split()[1:], changed=auth).status == 0
    assert held(sandbox) == meant(9)
    assert held(other) == {"later@example.com"}


def test_rejects_of_several_runs(cli: Cli, start: Start) -> None:
    """What is refused of an earlier run names the file it came from, and no mapping of ours."""
    start(Behaviour(faults=(Rule(action=Reply(status=405), route="profile-fields"),)))
    (cli.folder / "other.yaml").write_text(MAPPING.replace("VIP", "Other"))
    for name in ("e", "later"):
        (cli.folder / f"{name}.ndjson").write_text(event(f"{name}@example.com"))
    assert cli.run(*PUSH).status == 1
    assert cli.run("push", "later.ndjson", "-m", "other.yaml").status == 1
    assert cli.run("push", "--resume").status == 1
    reply = Reply(status=400, error="ERROR_INVALID_PARAMETER", message="Not this.")
    start(Behaviour(faults=(Rule(action=reply, route="profile-fields"),)), again=True)
    assert cli.run("push", "--resume", "--rejects", "r.ndjson").status == 6
    found = [(one["file"], one["mapping"], one["reason"]) for one in cli.rejects()]
    first, later = ("e.ndjson", None), ("later.ndjson", "Other")
    assert [(name.rpartition("/")[2], mapping) for name, mapping, _ in found] == [first, later]
    assert {reason for _, _, reason in found} == {"refused_by_listrak"}
    assert [info["state"] for info in runs(cli)] == ["finished", "finished"]


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_mapping(cli: Cli, start: Start, change: str) -> None:
    """With a mapping that changed nothing is resumed, put back all is; another is not taken."""
    sandbox = broken_off(cli, start)
    mapping = cli.folder / "m.yaml"
    if change == "gone":
        mapping.unlink()
    else:
        mapping.write_text(MAPPING + "# new\n")
    ran = cli.run(*RESUME)
    assert ran.status == 3
    assert "m.yaml: changed since run" in ran.err or "m.yaml: No such file" in ran.err
    assert "resume again, or push the input again" in ran.err
    assert len(held(sandbox)) == 2
    mapping.write_text(MAPPING)
    (cli.folder / "other.yaml").write_text(MAPPING.replace("789: on", "789: other"))
    cli.environment["LISTRAK_SYNC_MAPPING"] = "other.yaml"
    assert cli.run(*RESUME).status == 0
    assert set(map(str, sandbox.values()[LIST].values())) == {"{789: 'on'}"}


def test_variable(cli: Cli, start: Start) -> None:
    """A variable with another value than in the run to resume is told, not the mapping file."""
    start()
    (cli.folder / "m.yaml").write_text(MAPPING.replace("12345", "${LIST}"))
    cli.environment["LIST"] = str(LIST)
    assert cli.run(*PUSH, "--max-contacts", "0").status == 7
    cli.environment["LIST"] = "2"
    ran = cli.run(*RESUME, "--max-contacts", "9")
    assert ran.status == 3
    assert "m.yaml: the variable LIST has another value in the environment than in run" in ran.err
    assert "Set it as it was and resume again" in ran.err
    cli.environment["LIST"] = str(LIST)
    assert cli.run(*RESUME, "--max-contacts", "9").status == 0


@pytest.mark.parametrize("kept", [event("c0@example.com").encode(), b"\n" * 20])
def test_input(cli: Cli, start: Start, kept: bytes) -> None:
    """With an input that was cut off or changed, nothing is read on; put back, all is."""
    sandbox = broken_off(cli, start)
    (cli.folder / "e.ndjson").write_bytes(kept)
    ran = cli.run(*RESUME)
    assert ran.status == 2
    assert "e.ndjson: changed since the run: line" in ran.err
    assert "Put the file back as it was" in ran.err
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run(*RESUME).status == 0
    assert held(sandbox) == meant(9)


def test_input_gone(cli: Cli, start: Start) -> None:
    """A file that is still to be read has to be there; one that was read need not be."""
    (cli.folder / "first.ndjson").write_text(events(2))
    sandbox = start(ONCE)
    (cli.folder / "e.ndjson").write_text(events(9))
    assert cli.run("push", "first.ndjson", *PUSH[1:]).status == 1
    (cli.folder / "first.ndjson").unlink()
    (cli.folder / "e.ndjson").rename(cli.folder / "away")
    assert cli.run(*RESUME).status == 2
    (cli.folder / "away").rename(cli.folder / "e.ndjson")
    assert cli.run(*RESUME).status == 0
    assert held(sandbox) == meant(9)


def test_a_pipe_is_not_read_again(cli: Cli, start: Start) -> None:
    """Of a pipe, what was gathered is sent; that the rest is not read again is said clearly."""
    sandbox = start(ONCE)
    pushed = cli.run("push", "-m", "m.yaml", "--window", "2", stdin=events(9).encode())
    assert pushed.status == 1
    assert "a pipe, which cannot be read again; it had taken up to line" in pushed.err
    ran = cli.run("push", "--resume", stdin=events(20).encode())
    assert ran.status == 0
    told = re.search(r"it had taken up to line (\d+): push what came after that again", ran.err)
    assert told is not None
    assert held(sandbox) == meant(int(told[1]))
    assert runs(cli)[0]["state"] == "finished"


def test_files_beside_a_pipe(cli: Cli, start: Start) -> None:
    """Files that stand before and after a pipe are read to their end by the resumed run."""
    sandbox = start(ONCE)
    (cli.folder / "e.ndjson").write_text(events(5))
    (cli.folder / "last.ndjson").write_text(event("last@example.com"))
    arguments = ("push", "e.ndjson", "-", "last.ndjson", "-m", "m.yaml", "--window", "1")
    assert cli.run(*arguments, stdin=event("pipe@example.com").encode()).status == 1
    ran = cli.run("push", "--resume")
    assert ran.status == 0
    assert "it had taken nothing of it: push it again" in ran.err
    assert held(sandbox) == meant(5) | {"last@example.com"}


def test_a_named_pipe(cli: Cli, start: Start) -> None:
    """`<(…)` is a pipe as well: what the journal holds of it is resumed without it."""
    sandbox = start(ONCE)
    (cli.folder / "e.ndjson").write_text(events(5))
    ran = cli.shell("$LS push <(cat e.ndjson) -m m.yaml --window 2")
    assert ran.status == 1
    assert cli.run("push", "--resume").status == 0
    assert {"c0@example.com", "c3@example.com"} <= held(sandbox) <= meant(5)


def test_a_route_that_has_closed(cli: Cli, start: Start) -> None:
    """What was planned for a route that is closed by now goes by list import, and it is said so."""
    broken_off(cli, start)
    closed = Account(lists=ACCOUNT.lists, open_lists=True, beta_route=False)
    sandbox = start(account=closed, again=True)
    ran = cli.run("push", "--resume")
    assert ran.status == 0
    assert "the profile-fields route is closed: the rest went by list import" in ran.err
    assert held(sandbox) == meant(9) - meant(2)


def test_busy(cli: Cli, start: Start) -> None:
    """75: another run holds the journal, and it is told which and since when."""
    gate = start.gate()
    process = cli.start(*PUSH)
    assert gate.begun.wait(TIMEOUT)
    holder = rf"held by process {process.pid} since \d+-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    for command in (RESUME, ("runs", "--forget", "x")):
        ran = cli.run(*command)
        assert ran.status == 75
        assert re.search(holder, ran.err)
        assert "--journal PATH" in ran.err
    listed = cli.run("runs")
    (running,) = [line for line in listed.out.splitlines() if "running" in line]
    assert (listed.status, running.split()[3]) == (0, "running")
    assert re.search(rf"{holder}: run {running.split()[0]} is running", listed.err)
    shown = cli.run("runs", "show")
    assert (shown.status, "running" in shown.out, "no counts" in shown.out) == (0, True, True)
    waiting = cli.start(*PUSH, "--lock-wait", "60s")
    assert waiting.stderr is not None
    assert b"waiting for it" in waiting.stderr.readline()
    gate.go.set()
    assert waiting.wait(TIMEOUT) == 0
    assert cli.run(*PUSH, "--journal", "other.sqlite3").status == 0
    assert process.wait(TIMEOUT) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal(cli: Cli, start: Start, number: int, status: int) -> None:
    """What a signal leaves unsent is in the journal, whether read or not, and is resumed."""
    gate = start.gate()
    (cli.folder / "e.ndjson").write_text(events(9))
    process = cli.start(*PUSH)
    assert gate.begun.wait(TIMEOUT)
    process.send_signal(number)
    assert process.stderr is not None
    assert any(b"stopping" in line for line in process.stderr)
    gate.go.set()
    assert process.wait(TIMEOUT) == status
    assert runs(cli)[0]["state"] == "unfinished"
    assert cli.run(*RESUME).status == 0
    assert held(gate) == meant(9)


def test_a_second_signal(cli: Cli, start: Start) -> None:
    """A second signal ends the run at once, and the journal still knows all that is unanswered."""
    gate = start.gate()
    process = cli.start("push", "-m", "m.yaml", "--window", "2")
    feed(process, events(5))
    assert gate.begun.wait(TIMEOUT)

    def again() -> bool:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        return process.poll() is not None

    until(again)
    assert process.returncode == -signal.SIGTERM
    gate.go.set()
    (info,) = runs(cli)
    assert info["state"] == "unfinished"
    assert (info["accepted"], info["refused"]) == (0, 0)
    ran = cli.run("push", "--resume")
    assert ran.status == 0
    told = re.search(r"it had taken up to line (\d+):", ran.err)
    assert told is not None
    assert held(gate) == meant(int(told[1]))
    assert runs(cli)[0]["accepted"] == int(told[1])


def test_a_signal_while_a_pipe_is_silent(cli: Cli, start: Start) -> None:
    """What was gathered from a pipe by the time of a signal is in the journal to the last line."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "-v")
    feed(process, events(5))
    until(lambda: sandbox.requests)
    until(process.has_read)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143
    assert imports(sandbox) == 0
    ran = cli.run("push", "--resume")
    assert ran.status == 0
    assert "it had taken up to line 5" in ran.err
    assert held(sandbox) == meant(5)


def test_a_signal_before_a_pipe_says_anything(cli: Cli, start: Start) -> None:
    """Where there is nothing to carry on with, that is not advised."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "-v")
    until(lambda: sandbox.requests)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 143
    assert b"it had taken nothing of it: push it again\n" in err
    assert b"--resume" not in err
    assert runs(cli)[0]["state"] == "finished"


def test_flush_every(cli: Cli, start: Start) -> None:
    """What has gathered is sent while the pipe is open and silent, again and again."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "--flush-every", "100ms")
    feed(process, events(2))
    until(lambda: len(held(sandbox)) == 2)
    feed(process, events(3))
    until(lambda: len(held(sandbox)) == 3)
    time.sleep(0.3)
    assert imports(sandbox) == 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) == 143
    (run,) = runs(cli)
    assert (run["state"], run["read_up_to"]) == ("finished", "line 5 of a pipe")
    assert imports(sandbox) == 2


def test_a_killed_pipe(cli: Cli, start: Start) -> None:
    """A run that was killed while it read from a pipe is finished by the next push, which tells."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "--flush-every", "100ms")
    feed(process, events(2))
    until(lambda: len(held(sandbox)) == 2)
    process.kill()
    process.wait(TIMEOUT)
    assert runs(cli)[0]["state"] == "unfinished"
    ran = cli.run(*PUSH)
    assert ran.status == 0
    assert "it had taken up to line 2: push what came after that again" in ran.err
    assert [run["state"] for run in runs(cli)] == ["finished", "finished"]


def test_a_signal_in_the_wait(cli: Cli, start: Start) -> None:
    """A signal ends the wait for imports; all is sent, so there is nothing to resume."""
    sandbox = start(Behaviour(resource_ids="one", import_delay=1e6))
    process = cli.start(*PUSH[:4], "--wait", "1h", "--json")
    until(lambda: any(one.path.endswith("/Status") for one in sandbox.requests))
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 130
    assert process.stdout is not None
    (entry,) = json.loads(process.stdout.read())["lists"]
    assert entry["accepted"] == 3
    assert entry["applied"]["running"] == 1
    assert runs(cli)[0]["state"] == "finished"


def test_full_disk(cli: Cli, start: Start) -> None:
    """3: on a full disk nothing unplanned is sent; with room again, all is."""
    sandbox = start()
    long = "x" * 60
    count = 20_000
    with (cli.folder / "e.ndjson").open("w") as stream:
        stream.writelines(event(f"{long}{number}@example.com") for number in range(count))
    ran = cli.shell("ulimit -f 2000; $LS push e.ndjson -m m.yaml -q")
    assert ran.status == 3
    assert "journal.sqlite3: the journal cannot be used: " in ran.err
    assert "Make room" in ran.err
    assert "Traceback" not in ran.err
    assert imports(sandbox) == 0
    assert cli.run(*RESUME).status == 0
    assert len(held(sandbox)) == count


def test_damaged_journal(cli: Cli, start: Start) -> None:
    """3: with a damaged journal nothing is sent; once it is moved away, all is."""
    sandbox = start()
    journal = cli.folder / "j.sqlite3"
    journal.write_bytes(b"no journal " * 1000)
    for command in (PUSH, RESUME):
        ran = cli.run(*command, "--journal", "j.sqlite3")
        assert ran.status == 3
        assert "j.sqlite3: the journal cannot be used: " in ran.err
        assert "move it away" in ran.err
        assert "Traceback" not in ran.err
    assert imports(sandbox) == 0
    journal.rename(cli.folder / "away")
    assert cli.run(*PUSH, "--journal", "j.sqlite3").status == 0
    assert held(sandbox) == meant(3)


class Overhearing(Gate):
    """A gate that remembers the tokens it gave."""

    tokens: set[bytes]

    def _exchange(self, request: Request) -> Answer | None:
        answer = super()._exchange(request)
        if request.path.endswith("/Token") and answer is not None:
            self.tokens.add(json.loads(answer.body)["access_token"].encode())
        return answer


def test_secrets_and_modes(cli: Cli) -> None:
    """No secret and no token is in a file, and every file with addresses is its owner's alone."""
    with Overhearing(ACCOUNT) as gate:
        gate.tokens = set()
        cli.reach(gate)
        threading.Timer(TIMEOUT, gate.go.set).start()
        cli.environment["LISTRAK_CLIENT_SECRET"] = "sandbox"
        process = cli.start("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
        assert gate.begun.wait(TIMEOUT)
        process.kill()
        process.wait(TIMEOUT)
        gate.go.set()
        assert len(gate.tokens) == 1
        state = cli.folder / ".local" / "state" / "listrak-sync"
        files: list[Path] = [*state.iterdir(), cli.folder / "r.ndjson"]
        assert {file.name for file in files} >= {"journal.sqlite3", "journal.sqlite3-wal"}
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            content = file.read_bytes()
            assert not any(token in content for token in gate.tokens)
            assert b'"sandbox"' not in content
        assert b"c0@example.com" in (state / "journal.sqlite3-wal").read_bytes()
