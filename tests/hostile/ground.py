"""Where a round is played: a folder, chance, and the installed command as real processes."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, Any, Final

from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.sandbox import Sandbox
from tests.faults.inputs import Values
from tests.hostile import invariants
from tests.hostile.invariants import SECRET, STATUSES
from tests.processes import clean_environment

COMMAND: Final = str(Path(sys.executable).parent / "listrak-sync")
BOUND: Final = 90
"""Seconds after which a run hangs, however busy the machine is."""
PATIENCE: Final = 15
"""Seconds in which the second SIGTERM must end a run."""


@dataclass(frozen=True)
class Ran:
    """How a process ended, and what it printed."""

    status: int
    out: str
    err: str


@dataclass
class Running:
    """A process of the command; its output goes to files, so that it never waits for us."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    arguments: tuple[str, ...]
    ended: bool = False

    def is_running(self) -> bool:
        """Say whether it still runs."""
        return self.process.poll() is None

    def ran(self) -> Ran:
        """Return how it ended."""
        out, err = (path.read_bytes().decode(errors="replace") for path in (self.out, self.err))
        return Ran(self.process.returncode, out, err)


@dataclass
class Ground:
    """One round's folder, chance and counts; what the command writes goes to `private`."""

    folder: Path
    random: Random
    number: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    faults: int = 0
    checks: int = 0
    _running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.private = self.folder / "private"
        self.private.mkdir()
        (self.folder / "shown").mkdir()
        self.environment = clean_environment() | {"HOME": str(self.folder / "home")}
        self.environment |= {"LISTRAK_CLIENT_ID": "sandbox", "LISTRAK_CLIENT_SECRET": SECRET}

    def reach(self, sandbox: Sandbox) -> None:
        """Let later runs speak to a sandbox."""
        self.reach_port(int(sandbox.api_url.split(":")[2].partition("/")[0]))

    def reach_port(self, port: int, scheme: str = "http", host: str = "127.0.0.1") -> None:
        """Let later runs speak to a port."""
        top = f"{scheme}://{host}:{port}"
        self.environment["LISTRAK_API_URL"] = f"{top}/email/v1"
        self.environment["LISTRAK_AUTH_URL"] = f"{top}/OAuth2/Token"

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the round."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(
        self,
        *arguments: str,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        limits: Mapping[int, int] | None = None,
        changed: Mapping[str, str] | None = None,
    ) -> Running:
        """Start the command, as the leader of a group, under umask 000 and resource limits."""
        self.runs += 1
        out, err = (self.folder / "shown" / f"{name}{self.runs}" for name in ("out", "err"))

        def limit() -> None:
            for kind, most in (limits or {}).items():
                resource.setrlimit(kind, (most, most))

        with out.open("wb") as output, err.open("wb") as errors:
            process = subprocess.Popen(
                [COMMAND, *arguments],
                cwd=self.folder,
                env={**self.environment, **(changed or {})},
                stdin=stdin,
                umask=0,
                start_new_session=True,
                preexec_fn=limit if limits else None,  # noqa: PLW1509 - only sets limits
                stdout=output,
                stderr=errors,
            )
        running = Running(process, out, err, arguments)
        self._running.append(running)
        return running

    def end(
        self,
        running: Running,
        *,
        allowed: Iterable[int] = STATUSES,
        stalls: float | None = None,
        bound: float = BOUND,
    ) -> Ran:
        """Wait for the end, and check it.

        What may stall is ended after `stalls` seconds by at most two signals; nothing else may
        need them.
        """
        try:
            running.process.wait(bound if stalls is None else stalls)
        except subprocess.TimeoutExpired:
            signals = self._terminate(running)
            assert signals is not None, f"two SIGTERM do not end {running.arguments}"
            where = running.err.read_text(errors="replace")[-2000:]
            assert stalls is not None, f"{running.arguments} ran for {bound} s\n{where}"
            allowed = {*allowed, -signal.SIGTERM}
        running.ended = True
        ran = running.ran()
        self.checks += 1
        try:
            invariants.check_end(ran.status, ran.out + ran.err, allowed)
            is_run = running.arguments[:1] in {("push",), ("dry-run",)}
            if is_run and "--json" in running.arguments and ran.out:
                self.checks += 1
                invariants.check_record(ran.out)
        except AssertionError as error:
            raise AssertionError(f"{' '.join(running.arguments)}: {error}") from error
        return ran

    def run(self, *arguments: str, **more: Any) -> Ran:
        """Run the command to its end, and check it."""
        names = ("allowed", "stalls", "bound")
        of_end = {name: more.pop(name) for name in names if name in more}
        return self.end(self.start(*arguments, **more), **of_end)

    def _terminate(self, running: Running) -> int | None:
        """Send SIGTERM twice at most; return how many it took, None where it still runs."""
        for number, patience in enumerate((3.0, float(PATIENCE)), 1):
            running.process.send_signal(signal.SIGTERM)
            try:
                running.process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            return number
        return None

    def until(self, condition: Any, seconds: float = BOUND) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "what was waited for did not come"
            time.sleep(0.005)

    def known_runs(self) -> list[RunInfo]:
        """Return the runs in the round's journal, the newest first."""
        path = self.private / "journal"
        if not path.exists():
            return []
        with Journal(path) as journal:
            return journal.runs()

    def unfinished(self) -> list[RunInfo]:
        """Return the unfinished runs in the round's journal."""
        return [run for run in self.known_runs() if not run.is_finished]

    def has_run(self) -> bool:
        """Say whether a run has been written down in the round's journal."""
        return bool(self.known_runs())

    def check_values(self, found: Values, expected: Values, *, by_boxes: bool = False) -> None:
        """Check that nothing is lost and nothing invented; `by_boxes`: unset ones are off."""
        self.checks += 1
        if by_boxes:
            found, expected = invariants.switched_on(found), invariants.switched_on(expected)
        assert found == expected, invariants.difference(found, expected)

    def check_files(self) -> None:
        """Check every file that is there at the end."""
        self.checks += invariants.check_files(self.private, self.folder)

    def end_all(self) -> None:
        """Kill what still runs."""
        for running in self._running:
            if running.is_running():
                running.process.kill()
            running.process.wait()
