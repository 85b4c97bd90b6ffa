"""`sandbox`: a stand-in to try things against."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import TIMEOUT

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.processes import Process

NAMES = [
    "LISTRAK_API_URL",
    "LISTRAK_AUTH_URL",
    "LISTRAK_CLIENT_ID",
    "LISTRAK_CLIENT_SECRET",
]


def begin(cli: Cli, *arguments: str) -> tuple[Process, dict[str, str]]:
    """Start a sandbox; return it with the environment that it prints."""
    process = cli.start("sandbox", *arguments, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    lines = [process.stdout.readline().decode() for _ in NAMES]
    pairs = [line.rstrip("\n").removeprefix("export ").split("=", 1) for line in lines]
    assert all(line.startswith("export ") for line in lines)
    assert [name for name, _ in pairs] == NAMES
    return process, dict(pairs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_a_signal(cli: Cli, number: int) -> None:
    """It prints what to set, serves a push, tells each request and ends when it is told to."""
    process, environment = begin(cli, "-m", "m.yaml")
    pushed = cli.run("push", "e.ndjson", "-m", "m.yaml", changed=environment)
    assert pushed.status == 0
    assert cli.run("auth", "test", "-m", "m.yaml", changed=environment).status == 0
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (0, b"")
    shown = err.decode()
    assert "201 POST /email/v1/List/12345/Contact/SegmentationField" in shown
    assert "list 12345: 3 contacts have values" in shown
    assert "Traceback" not in shown


def test_knows_described_fields(cli: Cli) -> None:
    """It knows the names and types of the fields that the mapping file describes."""
    (cli.folder / "d.yaml").write_text(
        "profile_fields: {789: {name: Birthday, type: Date, max_length: 10}}\n"
        "mappings: [{list_id: 12345, profile_field_values: {789: 03/01/2026}}]\n"
    )
    process, environment = begin(cli, "-m", "d.yaml")
    (field,) = cli.run("fields", "12345", "--json", changed=environment).json()["fields"]
    assert (field["name"], field["data_type"], field["max_length"]) == ("Birthday", "Date", 10)
    wrong = cli.run("push", "e.ndjson", "-m", "m.yaml", "--no-journal", changed=environment)
    assert wrong.status == 6
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 0


def test_script(cli: Cli) -> None:
    """A script says what the sandbox knows and how it misbehaves."""
    (cli.folder / "s.json").write_text(
        '{"account": {"lists": [{"id": 12345, "groups": [{"id": 1, "fields": [{"id": 789}]}]}],'
        ' "open_lists": true, "client_id": "ann"},'
        ' "behaviour": {"faults": [{"route": "profile-fields", "action":'
        ' {"type": "reply", "status": 400, "error": "ERROR_X", "message": "Not so."}}]}}'
    )
    process, environment = begin(cli, "--script", "s.json")
    assert environment["LISTRAK_CLIENT_ID"] == "ann"
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson", changed=environment)
    assert ran.status == 6
    assert {one["detail"] for one in cli.rejects()} == {"ERROR_X: Not so."}
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 3, "needs lists to know"),
        (("-m", "absent.yaml"), 3, "absent.yaml"),
        (("--script", "absent.json"), 3, "absent.json"),
        (("--script", "m.yaml"), 3, "sandbox script"),
        (("-m", "m.yaml", "--port", "99999"), 2, "--port"),
    ],
)
def test_cannot_start(cli: Cli, arguments: tuple[str, ...], status: int, words: str) -> None:
    """Where the sandbox cannot start, it says why and prints nothing to set."""
    ran = cli.run("sandbox", *arguments)
    assert (ran.status, ran.out) == (status, "")
    assert words in ran.err


def test_port_in_use(cli: Cli) -> None:
    """A port that something listens on is told as what it is."""
    _, environment = begin(cli, "-m", "m.yaml")
    port = environment["LISTRAK_API_URL"].split(":")[2].split("/")[0]
    ran = cli.run("sandbox", "-m", "m.yaml", "--port", port)
    assert ran.status == 2
    assert f"port {port}" in ran.err


def test_dump(cli: Cli) -> None:
    """What contacts hold is written to a file of its owner's when the sandbox ends."""
    process, environment = begin(cli, "-m", "m.yaml", "--dump", "held.json")
    assert cli.run("push", "e.ndjson", "-m", "m.yaml", changed=environment).status == 0
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT)
    held = json.loads((cli.folder / "held.json").read_text())
    assert held == {"12345": {f"c{number}@example.com": {"789": "on"} for number in range(3)}}
    assert (cli.folder / "held.json").stat().st_mode & 0o777 == 0o600


def test_no_dump(cli: Cli) -> None:
    """A file that cannot be written is told before the sandbox begins."""
    ran = cli.run("sandbox", "-m", "m.yaml", "--dump", "absent/held.json")
    assert (ran.status, "absent/held.json: No such file" in ran.err) == (3, True)
