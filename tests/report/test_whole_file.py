"""A file that a run writes replaces nothing but an earlier one of its kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from listrak_sync.errors import OutputError, UsageError
from listrak_sync.report.whole_file import WholeFile


def whole(path: Path) -> WholeFile:
    """Return a file that we write."""
    return WholeFile(path, "--thing", "a thing", b"# ours")


@pytest.mark.parametrize("before", [None, b"", b"# ours, of yesterday"])
def test_replaced(tmp_path: Path, before: bytes | None) -> None:
    """What is missing, empty or ours is replaced, and nothing stays beside it."""
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
    whole(path).check()
    whole(path).write(b"# ours, of today")
    assert path.read_bytes() == b"# ours, of today"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("kind", ["text", "folder", "pipe"])
def test_left_alone(tmp_path: Path, kind: str) -> None:
    """Anything else is left alone: before the run begins, and at its end."""
    path = tmp_path / "f"
    match kind:
        case "text":
            path.write_text("theirs")
        case "folder":
            path.mkdir()
        case _:
            os.mkfifo(path)
    before = path.lstat()
    with pytest.raises(UsageError, match="this is not a thing"):
        whole(path).check()
    with pytest.raises(OutputError, match="this is not a thing"):
        whole(path).write(b"# ours")
    assert path.lstat() == before
    assert [*tmp_path.iterdir()] == [path]
