"""A signal finishes what is in flight, tells the rest, and gives its own status."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LIST, TIMEOUT, events, imports

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.cli.conftest import Cli, Start

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def feed(process: subprocess.Popen[bytes], text: str) -> None:
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
    time.sleep(0.2)
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
def test_dry_run(cli: Cli, number: int, status: int) -> None:
    """A dry run that waits for its pipe ends at once, too."""
    process = cli.start("dry-run", "-m", "m.yaml", "--rejects", "r.ndjson")
    feed(process, events(1))
    until((cli.folder / "r.ndjson").exists)
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
