"""The command as a process, with a clean environment and a sandbox to speak to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from listrak_sync.sandbox import Account, Behaviour, Rule, Sandbox
from tests.processes import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from listrak_sync.sandbox.behaviour import Action, RouteKind
    from listrak_sync.sandbox.wire import Answer, Request
    from tests.processes import Launcher, Process

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "listrak-sync")
TIMEOUT = 120
"""Seconds after which something hangs, however busy the machine is."""
STREAMS = ("stdin", "stdout", "stderr")
LIST = 12345
ACCOUNT = Account.of_fields({LIST: {789: None}})
MAPPING = f"""\
mappings:
  - name: VIP
    trigger: type = "track" and event = "Entered"
    list_id: {LIST}
    profile_field_values:
      789: on
"""


def event(email: str) -> str:
    """Return an event of a contact, as a line."""
    made = {"type": "track", "event": "Entered", "context": {"traits": {"email": email}}}
    return json.dumps(made) + "\n"


def events(count: int) -> str:
    """Return events of so many contacts."""
    return "".join(event(f"c{number}@example.com") for number in range(count))


@dataclass(frozen=True)
class Ran:
    """How a process ended, and what it printed."""

    status: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Return the one JSON object on standard output."""
        assert self.out.count("\n") == 1
        record = json.loads(self.out)
        assert isinstance(record, dict)
        return record


@dataclass
class Cli:
    """Runs the command in a folder of its own; `environment` is all it inherits."""

    launcher: Launcher
    folder: Path
    environment: dict[str, str]

    def __post_init__(self) -> None:
        (self.folder / "m.yaml").write_text(MAPPING)
        (self.folder / "e.ndjson").write_text(events(3))

    def start(self, *arguments: str, **more: Any) -> Process:
        """Start the command; streams that are not given otherwise are piped."""
        given: dict[str, Any] = dict.fromkeys(STREAMS, subprocess.PIPE)
        return self.launcher.start(arguments, self.folder, self.environment, **given | more)

    def run(self, *arguments: str, stdin: bytes = b"", changed: Mapping[str, str] = {}) -> Ran:
        """Run the command to its end."""
        environment = {**self.environment, **changed}
        process = self.launcher.start(
            arguments, self.folder, environment, **dict.fromkeys(STREAMS, subprocess.PIPE)
        )
        out, err = process.communicate(stdin, TIMEOUT)
        return Ran(process.wait(), out.decode(), err.decode())

    def run_fresh(
        self, *arguments: str, stdin: bytes = b"", changed: Mapping[str, str] = {}
    ) -> Ran:
        """Run the command as it is installed, in an interpreter of its own, to its end."""
        ended = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **changed},
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def shell(self, script: str) -> Ran:
        """Run a shell script in which `$LS` is the command."""
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**self.environment, "LS": COMMAND},
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def reach(self, sandbox: Sandbox) -> None:
        """Let later runs speak to a sandbox, with its credentials."""
        self.environment |= {
            "LISTRAK_API_URL": sandbox.api_url,
            "LISTRAK_AUTH_URL": sandbox.auth_url,
            "LISTRAK_CLIENT_ID": "sandbox",
            "LISTRAK_CLIENT_SECRET": "sandbox",
        }

    def hasten(self) -> None:
        """Let later runs give up after as few attempts as they ever do, without long pauses."""
        hasty = self.folder / ".hasty"
        hasty.mkdir()
        (hasty / "sitecustomize.py").write_text(
            "from listrak_sync.delivery import sending\n"
            "object.__setattr__(sending.PATIENT, 'longest', 0.01)\n"  # others hold it as well
            "object.__setattr__(sending.PATIENT, 'seconds', 0.0)\n"
        )
        self.environment["PYTHONPATH"] = str(hasty)

    def rejects(self) -> list[dict[str, Any]]:
        """Return the lines of the rejects file."""
        return [json.loads(line) for line in (self.folder / "r.ndjson").read_bytes().splitlines()]


class Gate(Sandbox):
    """A sandbox that holds imports back until it is let go."""

    def __init__(self, account: Account, behaviour: Behaviour | None = None) -> None:
        super().__init__(account, behaviour)
        self.begun = threading.Event()
        self.go = threading.Event()

    def _exchange(self, request: Request) -> Answer | None:
        if request.path.endswith("/SegmentationField"):
            self.begun.set()
            self.go.wait(TIMEOUT)
        return super()._exchange(request)


def faulty(action: Action, route: RouteKind = "profile-fields") -> Behaviour:
    """Return a behaviour with a fault that lasts."""
    return Behaviour(faults=(Rule(action=action, route=route),))


def imports(sandbox: Sandbox) -> int:
    """Return how many imports were asked for."""
    return sum(one.path.endswith("/SegmentationField") for one in sandbox.requests)


@pytest.fixture
def cli(tmp_path: Path, launcher: Launcher) -> Iterator[Cli]:
    """Give the command in an empty folder with a mapping and three events."""
    environment = clean_environment() | {"HOME": str(tmp_path), "COLUMNS": "100"}
    yield Cli(launcher, tmp_path, environment)
    launcher.end_all()


class Start:
    """Starts sandboxes that the command then speaks to."""

    def __init__(self, cli: Cli, stack: ExitStack) -> None:
        self._cli = cli
        self._stack = stack

    def __call__(
        self,
        behaviour: Behaviour | None = None,
        account: Account = ACCOUNT,
        *,
        again: bool = False,
    ) -> Sandbox:
        """Return a new sandbox; `again` puts it in the place of those before."""
        port = 0
        if again:
            port = urlsplit(self._cli.environment["LISTRAK_API_URL"]).port or 0
            self._stack.close()
        sandbox = self._stack.enter_context(Sandbox(account, behaviour, port=port))
        self._cli.reach(sandbox)
        return sandbox

    def gate(self) -> Gate:
        """Return a new sandbox that holds imports back."""
        gate = self._stack.enter_context(Gate(ACCOUNT))
        self._stack.callback(gate.go.set)
        self._cli.reach(gate)
        return gate


@pytest.fixture
def start(cli: Cli) -> Iterator[Start]:
    """Give a function that starts a sandbox for the command."""
    with ExitStack() as stack:
        yield Start(cli, stack)
