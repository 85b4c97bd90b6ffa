"""Pushes as processes that can be killed and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from tests.processes import Launcher, Process, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listrak_sync.sandbox import Sandbox
    from tests.faults.inputs import Inputs
    from tests.launcher import Call

TIMEOUT = 120
PLAIN = {
    name: value for name, value in clean_environment().items() if not name.startswith("COVERAGE")
}
"""An environment in which no coverage is measured: it would be lost, or broken, by a kill."""
KILLED = -signal.SIGKILL
IS_LONG = os.environ.get("LISTRAK_SYNC_TESTS") == "long"


@dataclass
class Push:
    """A running push."""

    process: Process
    errors: Path

    def kill(self) -> None:
        """Kill it without a warning, if it has not ended."""
        self.process.kill()

    def kill_at(self, moment: threading.Event) -> None:
        """Kill it at a moment that must come while it runs."""
        while not moment.wait(0.02):
            assert self.is_running(), self.errors.read_text()
        self.kill()
        assert self.end() == KILLED

    def is_running(self) -> bool:
        """Say whether it still runs."""
        return self.process.poll() is None

    def end(self) -> int:
        """Wait for its end; return its status, which must be no bug's and no usage error's."""
        status = self.process.wait(TIMEOUT)
        assert status not in {1, 2, 3}, self.errors.read_text()
        return status


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
        self.environment = PLAIN | {
            "HOME": str(self.folder),
            "LISTRAK_API_URL": sandbox.api_url,
            "LISTRAK_AUTH_URL": sandbox.auth_url,
            "LISTRAK_CLIENT_ID": "sandbox",
            "LISTRAK_CLIENT_SECRET": "sandbox",
        }

    def push(
        self,
        *more: str,
        events: str = "e.ndjson",
        stdin: int = subprocess.DEVNULL,
        kill: Call | None = None,
    ) -> Push:
        """Start a push of the input, or of what comes in."""
        given = self.given
        way = ["--window", str(given.window), "--batch-contacts", str(given.batch)]
        way += ["--order", "timestamp" if given.by_timestamp else "input", *self.options]
        return self._start(["-m", "m.yaml", events, *way, *more], stdin, kill)

    def resume(self, *more: str, kill: Call | None = None) -> Push:
        """Start to carry on with what the journal says is unfinished."""
        return self._start(["--resume", *more], subprocess.DEVNULL, kill)

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

    def _start(self, arguments: list[str], stdin: int, kill: Call | None) -> Push:
        files = ["--journal", "journal", "--rejects", "r.ndjson", "-q"]
        errors = self.folder / "errors"
        with errors.open("ab") as stream:
            process = self.launcher.start(
                ["push", *arguments, *files],
                self.folder,
                self.environment,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                kill=kill,
            )
        return Push(process, errors)


@pytest.fixture(scope="session")
def one_launcher() -> Iterator[Launcher]:
    """Give a launcher for all tests that kill."""
    launcher = Launcher(PLAIN)
    yield launcher
    launcher.close()


@pytest.fixture
def launcher(one_launcher: Launcher) -> Iterator[Launcher]:
    """Give the launcher, and end what a test leaves running."""
    yield one_launcher
    one_launcher.end_all()
