"""What follows `--wait` is a duration, or an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.startup import with_default_wait

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
    filled = with_default_wait(["push", "--wait", *following])
    assert filled == ["push", first, *following]
