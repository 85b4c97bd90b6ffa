"""What follows `--wait` is a duration, or an input."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.startup import with_default_values

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "--wait=10m"


@pytest.mark.parametrize(
    ("following", "first"),
    [
        ([], DEFAULT),
        (["-"], DEFAULT),
        (["--json"], DEFAULT),
        (["events"], DEFAULT),
        (["2026.ndjson"], DEFAULT),
        (["90"], "--wait"),
        (["1.5h"], "--wait"),
        (["5x"], "--wait"),
        (["1h30m"], "--wait"),
        (["5 m"], "--wait"),
    ],
)
def test_default_wait(
    following: list[str], first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks like a duration is taken as one, valid or not; the name of a file is an input."""
    (tmp_path / "2026.ndjson").touch()
    monkeypatch.chdir(tmp_path)
    filled = with_default_values(["push", "--wait", *following])
    assert filled == ["push", first, *following]


@pytest.mark.parametrize(("switch", "is_shown"), [((), False), (("-W", "default"), True)])
def test_warnings_of_libraries(switch: tuple[str, ...], *, is_shown: bool) -> None:
    """What a library warns of does not reach the screen, unless Python is told to show it."""
    code = (
        "import sys, warnings; from listrak_sync import cli; run = cli._run; "
        "cli._run = lambda: (warnings.warn('a value of an event'), run()); "
        "sys.argv[1:] = ['--version']; cli.main()"
    )
    ran = subprocess.run(
        [sys.executable, *switch, "-c", code], capture_output=True, check=True, text=True
    )
    assert ("a value of an event" in ran.stderr) is is_shown
