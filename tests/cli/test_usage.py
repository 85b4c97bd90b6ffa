"""Mistakes on the command line are told in our own words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli import main

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

MISTAKES = [
    ("pusch", "listrak-sync has no command 'pusch'", "Did you mean listrak-sync push? "),
    ("check", "listrak-sync has no command 'check'", "Did you mean listrak-sync mapping check? "),
    ("xyz", "listrak-sync has no command 'xyz'", ""),
    ("--nope", "listrak-sync has no option --nope", ""),
    (
        "mapping chekc",
        "listrak-sync mapping has no command 'chekc'",
        "Did you mean listrak-sync mapping check? ",
    ),
    ("push --onyl V", "listrak-sync push has no option --onyl", "Did you mean --only? "),
    ("push --zzz", "listrak-sync push has no option --zzz", ""),
    ("push -x", "listrak-sync push has no option -x", ""),
    ("push --json=1", "--json takes no value", ""),
    ("push --mapping", "--mapping needs a value: --mapping FILE", ""),
    ("push -m", "-m needs a value: -m FILE", ""),
    ("push --window x", "--window: 'x' is not a whole number; write 5000, 10k or 1M", ""),
    ("push --jobs 1k", "--jobs: '1k' is out of bounds; it takes 1 to 256", ""),
    ("push --route x", "--route: 'x' is not one of: auto, profile-fields, list-import", ""),
    (
        "push --max-off-ratio 3",
        "--max-off-ratio: '3' is not a share from 0 to 1; write 0.5 or 50%",
        "",
    ),
    ("push --flush-every x", "--flush-every: 'x' is not a valid duration; write 30s, 5m or 1h", ""),
    ("contact", "listrak-sync contact: EMAIL is missing", ""),
    ("contact a@example.com", "listrak-sync contact: --list is missing", ""),
    ("fields create 1 --group G", "listrak-sync fields create: NAME is missing", ""),
    (
        "fields x",
        "LIST_ID: 'x' is not a valid id; see: listrak-sync lists; listrak-sync fields LIST_ID",
        "",
    ),
    ("lists 1 2", "listrak-sync lists takes no further argument: '1' '2'", ""),
    ("mapping check a b", "listrak-sync mapping check takes no further argument: 'b'", ""),
]


@pytest.mark.parametrize(("line", "message", "meant"), MISTAKES, ids=[each[0] for each in MISTAKES])
def test_mistakes(
    line: str,
    message: str,
    meant: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is wrong is named as it was written, with what may be meant and where help is."""
    monkeypatch.setattr(sys, "argv", ["listrak-sync", *line.split()])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    told, hint = err.splitlines()
    assert told == f"error: {message}"
    assert hint.startswith(f"{meant}See: listrak-sync")
    assert hint.endswith(" --help")


@pytest.mark.parametrize("command", ["push", "plan"])
def test_dry_run(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who looks for --dry-run is led to the command."""
    monkeypatch.setattr(sys, "argv", ["listrak-sync", command, "e.ndjson", "--dry-run"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"error: listrak-sync {command} has no --dry-run\n"
        "To see what would be sent: listrak-sync dry-run EVENTS -m FILE\n"
    )


def test_a_variable(cli: Cli) -> None:
    """A variable that is neither yes nor no is named."""
    ran = cli.run("dry-run", "e.ndjson", "-m", "m.yaml", changed={"LISTRAK_SYNC_STRICT": "maybe"})
    assert ran.status == 2
    assert ran.err.startswith("error: --strict: LISTRAK_SYNC_STRICT is 'maybe'; set it to 1 or 0\n")


def test_control_characters(cli: Cli) -> None:
    """What was typed cannot steer the terminal on which it is shown."""
    ran = cli.run("push", "--\x1b[31m")
    assert (ran.status, "\x1b" in ran.err) == (2, False)
