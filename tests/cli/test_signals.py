"""A signal finishes what is in flight, tells the rest, and gives its own status."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LIST, TIMEOUT, events, imports

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Cli, Start
    from tests.processes import Process

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def feed(process: Process, text: str) -> None:
    """Write to a process and leave the pipe open."""
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.flush()


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_in_flight_is_finished(cli: Cli, start: Start, number: int, status: int) -> None:
    """What is in flight is finished, what was gathered is reported unsent and kept."""
    gate = start.gate()
    process = cli.start("push", "-m", "m.yaml", "--window", "2", "--rejects", "r.ndjson", "--json")
    feed(process, events(3))
    assert gate.begun.wait(TIMEOUT)
    time.sleep(0.1)
    process.send_signal(number)
    assert process.stderr is not None
    assert any(b"stopping: what is in flight is finished" in line for line in process.stderr)
    assert process.poll() is None
    gate.go.set()
    assert process.wait(TIMEOUT) == status
    assert process.stdout is not None
    record = json.loads(process.stdout.read())
    assert (record["exit_status"], record["error"]) == (status, "interrupted")
    (entry,) = record["lists"]
    assert (entry["accepted"], entry["refused"], entry["unsent"]) == (2, 0, 1)
    assert len(gate.values()[LIST]) == 2
    (unsent,) = cli.rejects()
    assert unsent["reason"] == "unsent"
    assert unsent["update"]["email_address"] == "c2@example.com"


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_waiting_for_a_pipe(cli: Cli, start: Start, number: int, status: int) -> None:
    """A read that waits is broken off at once: what was gathered is kept, nothing is sent."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "--rejects", "r.ndjson", "-v")
    feed(process, events(3))
    until(lambda: sandbox.requests)
    until(process.has_read)
    time.sleep(0.3)
    process.send_signal(number)
    assert process.wait(TIMEOUT) == status
    assert imports(sandbox) == 0
    assert [one["reason"] for one in cli.rejects()] == ["unsent"] * 3
    assert process.stderr is not None
    shown = process.stderr.read().decode()
    assert "error: interrupted" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_waiting_for_a_token(cli: Cli, number: int, status: int) -> None:
    """Who waits for a token that does not come is not kept waiting: nothing is read or begun."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        names = ("LISTRAK_API_URL", "LISTRAK_AUTH_URL")
        cli.environment |= dict.fromkeys(names, address)
        cli.environment |= {"LISTRAK_CLIENT_ID": "ann", "LISTRAK_CLIENT_SECRET": "s3cret"}
        (cli.folder / "r.ndjson").write_text("as it was\n")
        process = cli.start("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson", "--json")
        with server.accept()[0]:
            time.sleep(0.2)
            process.send_signal(number)
            out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == json.loads(out)["exit_status"] == status
    assert b"error: interrupted" in err
    assert b"Traceback" not in err
    assert (cli.folder / "r.ndjson").read_text() == "as it was\n"
    assert cli.run("runs", "--json").out == ""


def ignores_signals(process: str) -> bool:
    """Say whether a process leaves signals to its parent."""
    status = Path(f"/proc/{process}/status").read_text()
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    return all(ignored >> number - 1 & 1 for number, _ in SIGNALS)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_waiting_for_a_journal(cli: Cli, start: Start, number: int, status: int) -> None:
    """--lock-wait can be broken off: it is told, in the JSON and in the metrics as well."""
    gate = start.gate()
    command = ("push", "e.ndjson", "-m", "m.yaml")
    first = cli.start(*command)
    assert gate.begun.wait(TIMEOUT)
    waits = ("--lock-wait", "1h", "--json", "--metrics-file", "m.prom")
    process = cli.start(*command, *waits)
    assert process.stderr is not None
    assert any(b"waiting for it" in line for line in process.stderr)
    process.send_signal(number)
    assert process.wait(TIMEOUT) == status
    assert process.stdout is not None
    assert json.loads(process.stdout.read())["exit_status"] == status
    assert f"last_run_exit_status {status}.0" in (cli.folder / "m.prom").read_text()
    gate.go.set()
    assert first.wait(TIMEOUT) == 0


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.parametrize("command", ["push", "dry-run"])
def test_several_processes(cli: Cli, start: Start, command: str, number: int, status: int) -> None:
    """A signal to all of the group, as Ctrl-C gives it, ends every process, with one answer."""
    start()
    process = cli.start(
        *(command, "-m", "m.yaml", "--jobs", "2", "--json", "--progress", "none"),
        new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    feed(process, events(40_000))
    until(lambda: len(children.read_text().split()) == 2)
    workers = children.read_text().split()
    until(lambda: all(map(ignores_signals, workers)))
    time.sleep(0.2)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=TIMEOUT)
    record = json.loads(out)
    assert (process.returncode, record["exit_status"]) == (status, status)
    assert record["lines"] == record["matched_lines"] == record["values"] > 0
    assert record["values"] == record["superseded"] + record["values_to_send"]
    assert b"Traceback" not in err
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_dry_run(cli: Cli, number: int, status: int) -> None:
    """A dry run that waits for its pipe ends at once as well."""
    process = cli.start("dry-run", "-m", "m.yaml", "--rejects", "r.ndjson")
    feed(process, events(1))
    until((cli.folder / "r.ndjson").exists)
    until(process.has_read)
    time.sleep(0.2)
    process.send_signal(number)
    assert process.wait(TIMEOUT) == status


def test_second_signal(cli: Cli, start: Start) -> None:
    """A second signal ends the run at once, whatever is in flight."""
    gate = start.gate()
    process = cli.start("push", "-m", "m.yaml", "--window", "2")
    feed(process, events(3))
    assert gate.begun.wait(TIMEOUT)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)

    def again() -> bool:
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        return process.poll() is not None

    until(again)
    assert process.returncode == -signal.SIGTERM


def test_a_pipe_that_goes_on(cli: Cli, start: Start) -> None:
    """A full window is sent while the pipe stays open; the rest once it is closed."""
    sandbox = start()
    process = cli.start("push", "-m", "m.yaml", "--window", "2", "-q")
    feed(process, events(3))
    until(lambda: len(sandbox.values()[LIST]) == 2)
    assert process.poll() is None
    assert process.communicate(timeout=TIMEOUT) == (b"", b"")
    assert process.returncode == 0
    assert len(sandbox.values()[LIST]) == 3


@pytest.mark.parametrize("arguments", [(), ("--version",), ("push", "e.ndjson", "-m", "m.yaml")])
def test_while_modules_load(cli: Cli, arguments: tuple[str, ...]) -> None:
    """Ctrl-C while the program starts ends it, with no traceback."""
    (cli.folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
    )
    ran = cli.run_fresh(*arguments, changed={"PYTHONPATH": str(cli.folder)})
    assert (ran.status, ran.out, ran.err) == (-signal.SIGINT, "", "")
