"""Where nothing more can be written, the rest of the run is done and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Reply
from tests.cli.conftest import events, faulty
from tests.cli.test_output import check_sums

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

PUSH = ("push", "e.ndjson", "-m", "m.yaml")
DRY = ("dry-run", "e.ndjson", "-m", "m.yaml")


@pytest.mark.parametrize("lines", ["x\n", events(3) + "x\n", events(3)])
def test_full_disk(cli: Cli, start: Start, lines: str) -> None:
    """Rejects that cannot be written are told, and the rest of the run all the same."""
    start(None if "x\n" in lines else faulty(Reply(status=400)))
    (cli.folder / "e.ndjson").write_text(lines)
    for options in ((), ("--json",)):
        ran = cli.run(*PUSH, "--no-journal", "--rejects", "/dev/full", *options)
        assert ran.status == 3
        assert "/dev/full: No space left on device" in ran.err
        assert "Traceback" not in ran.err
        assert bool(options) or "lines read" in ran.err
    record = ran.json()
    check_sums(record)
    assert (record["exit_status"], record["lines"]) == (3, len(lines.splitlines()))
    assert record["contacts"] == sum(one["contacts"] for one in record["lists"])
    assert record["contacts"] == lines.count("{") // 3


@pytest.mark.parametrize(
    "options", ["", "--json", "--format updates", "--format requests", "--explain"]
)
def test_full_standard_output(cli: Cli, options: str) -> None:
    """Data that cannot be written is an error that says so, and what to do."""
    ran = cli.shell(f"$LS dry-run e.ndjson -m m.yaml {options} > /dev/full")
    assert (ran.status, ran.out) == (3, "")
    assert "error: standard output: No space left on device\nMake room" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", ["--version", "--help", "push --help", "mapping check -h", "sandbox -m m.yaml"]
)
def test_full_for_every_command(cli: Cli, arguments: str, unbuffered: str) -> None:
    """A command that cannot print what it is asked for ends with an error, not as a bug."""
    ran = cli.shell(f"PYTHONUNBUFFERED={unbuffered} $LS {arguments} > /dev/full")
    assert (ran.status, ran.out) == (3, "")
    assert "error: standard output: No space left on device\nMake room" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("options", ["", "-v", "--log-format json -v", "--progress bar"])
def test_full_standard_error(cli: Cli, start: Start, options: str) -> None:
    """Messages that cannot be written disturb nothing."""
    sandbox = start()
    ran = cli.shell(f"$LS push e.ndjson -m m.yaml {options} --json 2> /dev/full")
    assert (ran.status, ran.json()["contacts"]) == (0, 3)
    assert len(sandbox.values()[12345]) == 3
    assert cli.shell(f"$LS push e.ndjson -m m.yaml {options} 2> /dev/full").status == 0
