"""Pushes as processes that can be killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from tests.faults.launcher import Call, Request, Start, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.sandbox import Sandbox
    from tests.faults.inputs import Inputs

ROOT = Path(__file__).parents[2]
TIMEOUT = 60
KILLED = -signal.SIGKILL
IS_LONG = os.environ.get("LISTRAK_SYNC_TESTS") == "long"


class Launcher:
    """Starts commands; see there for how.

    Coverage of the commands is not measured: it would be lost, or broken, where one is killed.
    """

    def __init__(self) -> None:
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._running: set[int] = set()

    def start(self, request: Start) -> int:
        """Start a command; return its process's id."""
        process = self._ask(request)
        assert process is not None
        self._running.add(process)
        return process

    def wait(self, process: int, seconds: float) -> int | None:
        """Return a command's status once it has ended, None where it has not in time."""
        status = self._ask(Wait(process, seconds))
        if status is not None:
            self._running.remove(process)
        return status

    def end_all(self) -> None:
        """End what still runs."""
        for process in tuple(self._running):
            os.kill(process, signal.SIGKILL)
            self.wait(process, TIMEOUT)

    def close(self) -> None:
        """End the launcher."""
        self.end_all()
        self._process.communicate()

    def _ask(self, request: Request) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=int | None)


@dataclass
class Process:
    """A running push."""

    launcher: Launcher
    id: int
    errors: Path
    status: int | None = None

    def kill(self) -> None:
        """Kill it without a warning, if it has not ended."""
        if self.is_running():
            os.kill(self.id, signal.SIGKILL)

    def kill_at(self, moment: threading.Event) -> None:
        """Kill it at a moment that must come while it runs."""
        while not moment.wait(0.02):
            assert self.is_running(), self.errors.read_text()
        self.kill()
        assert self.end() == KILLED

    def is_running(self, seconds: float = 0.0) -> bool:
        """Say whether it still runs after so many seconds."""
        if self.status is None:
            self.status = self.launcher.wait(self.id, seconds)
        return self.status is None

    def end(self) -> int:
        """Wait for its end; return its status, which must be no bug's and no usage error's."""
        assert not self.is_running(TIMEOUT), "still running"
        assert self.status is not None
        assert self.status not in {1, 2, 3}, self.errors.read_text()
        return self.status


@dataclass
class Pushes:
    """Pushes of one input with one journal, one process after the other."""

    launcher: Launcher
    folder: Path
    given: Inputs
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "e.ndjson").write_text(self.given.text)
        (self.folder / "m.yaml").write_text(self.given.mappings)

    def reach(self, sandbox: Sandbox) -> None:
        """Let processes speak to a sandbox; nothing else is in their environment."""
        self.environment = self.launcher.environment | {
            "HOME": str(self.folder),
            "LISTRAK_API_URL": sandbox.api_url,
            "LISTRAK_AUTH_URL": sandbox.auth_url,
            "LISTRAK_CLIENT_ID": "sandbox",
            "LISTRAK_CLIENT_SECRET": "sandbox",
        }

    def push(
        self, *more: str, events: str = "e.ndjson", pipe: str = os.devnull, kill: Call | None = None
    ) -> Process:
        """Start a push of the input, or of what comes out of a pipe."""
        given = self.given
        way = ["--window", str(given.window), "--batch-contacts", str(given.batch)]
        way += ["--order", "timestamp" if given.by_timestamp else "input", *self.options]
        return self._start(["-m", "m.yaml", events, *way, *more], pipe, kill)

    def resume(self, *more: str, kill: Call | None = None) -> Process:
        """Start to carry on with what the journal says is unfinished."""
        return self._start(["--resume", *more], os.devnull, kill)

    def runs(self) -> list[RunInfo]:
        """Return the runs of the journal, the newest first; none where there is no journal yet."""
        path = self.folder / "journal"
        if not path.exists():
            return []
        with Journal(path) as journal:
            return journal.runs()

    def is_finished(self) -> bool:
        """Say whether something was begun, and all that was begun is finished."""
        runs = self.runs()
        return bool(runs) and all(run.is_finished for run in runs)

    def finish(self) -> None:
        """Carry on until nothing is left, with a new push where nothing was begun."""
        status = (self.resume() if self.runs() else self.push()).end()
        assert status in {0, 6}, (self.folder / "errors").read_text()
        assert self.is_finished()

    def rejects(self) -> bytes:
        """Return what stands in the rejects file."""
        return (self.folder / "r.ndjson").read_bytes()

    def _start(self, arguments: list[str], pipe: str, kill: Call | None) -> Process:
        files = ["--journal", "journal", "--rejects", "r.ndjson", "-q"]
        errors = self.folder / "errors"
        start = Start(
            ["push", *arguments, *files],
            str(self.folder),
            self.environment,
            pipe,
            str(errors),
            kill,
        )
        return Process(self.launcher, self.launcher.start(start), errors)


@pytest.fixture(scope="session")
def one_launcher() -> Iterator[Launcher]:
    """Give a launcher for all tests."""
    launcher = Launcher()
    yield launcher
    launcher.close()


@pytest.fixture
def launcher(one_launcher: Launcher) -> Iterator[Launcher]:
    """Give the launcher, and end what a test leaves running."""
    yield one_launcher
    one_launcher.end_all()
