"""The file that rejects are written to."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from listrak_sync.errors import OutputError, UsageError
from listrak_sync.events.rejects import Reject
from listrak_sync.input.sources import Source
from listrak_sync.reasons import Reason
from listrak_sync.report.rejects_file import ExistingRejects, RejectsFile


def reject(line: int) -> Reject:
    """Return a reject of a line."""
    return Reject(Reason.INVALID_EMAIL, "no address", "e.ndjson", line, "VIP", b'{"type": "track"}')


def test_from_any_thread(tmp_path: Path) -> None:
    """Lines from several threads are all whole."""
    path = tmp_path / "r.ndjson"
    with RejectsFile(path, ()) as file:

        def write(first: int) -> None:
            for line in range(first, first + 500):
                file.write(reject(line))

        threads = [threading.Thread(target=write, args=(n * 500,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    written = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert sorted(one["line"] for one in written) == list(range(2000))


def test_without_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path, no file is written."""
    monkeypatch.chdir(tmp_path)
    with RejectsFile(None, (Source("e.ndjson"),)) as file:
        file.write(reject(1))
        assert file.close() is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_owner_only(tmp_path: Path, mask: int) -> None:
    """Whatever the mask, the file is readable and writable by its owner alone."""
    before = os.umask(mask)
    try:
        with RejectsFile(tmp_path / "r", ()):
            assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_device() -> None:
    """A device is written to as it is: its mode is left alone."""
    device = Path(os.devnull)
    mode = device.stat().st_mode
    with RejectsFile(device, ()) as file:
        file.write(reject(1))
    assert device.stat().st_mode == mode


def test_input(tmp_path: Path) -> None:
    """An input is never overwritten, not by another name either."""
    path, link = tmp_path / "e", tmp_path / "link"
    path.write_text("precious\n")
    link.symlink_to(path)
    os.link(path, tmp_path / "hard")
    for name in (path, link, tmp_path / "hard", tmp_path / ".." / tmp_path.name / "e"):
        with pytest.raises(UsageError, match="would overwrite what the run needs"):
            RejectsFile(name, (Source(str(path)),))
    assert path.read_text() == "precious\n"


def test_not_emptied(tmp_path: Path) -> None:
    """A file that cannot be taken is left as it is; rejects in one go only where that is asked."""
    path = tmp_path / "r"
    path.write_text("precious\n")
    with pytest.raises(UsageError):
        RejectsFile(path, (Source("e"), Source(str(path))))
    assert path.read_text() == "precious\n"
    with RejectsFile(path, (Source("e"),), ExistingRejects.APPEND) as file:
        file.write(reject(1))
    assert path.read_text().startswith("precious\n")
    with pytest.raises(UsageError, match="not a file of rejects"):
        RejectsFile(path, (Source("e"),))
    assert path.read_text().startswith("precious\n")
    path.write_text(path.read_text().removeprefix("precious\n"))
    with pytest.raises(UsageError, match="holds rejects already"):
        RejectsFile(path, (Source("e"),))
    assert path.read_text()
    with RejectsFile(path, (Source("e"),), ExistingRejects.REPLACE):
        assert path.read_text() == ""


@pytest.mark.parametrize("cut", [1, 20])
def test_appending_to_half_a_line(tmp_path: Path, cut: int) -> None:
    """What is appended begins on a line of its own, and what was found there is said."""
    path = tmp_path / "r"
    with RejectsFile(path, ()) as file:
        file.write(reject(1))
        file.write(reject(2))
    path.write_bytes(path.read_bytes()[:-cut])
    with RejectsFile(path, (), ExistingRejects.APPEND) as file:
        assert file.note is not None
        assert str(path) in file.note
        file.write(reject(3))
    first, half, last = path.read_bytes().splitlines()
    assert (json.loads(first)["line"], json.loads(last)["line"]) == (1, 3)
    assert half.startswith(b'{"reason":')


def test_appending(tmp_path: Path) -> None:
    """To whole lines, and to an empty file, nothing but rejects is added."""
    path = tmp_path / "r"
    for line in (1, 2):
        with RejectsFile(path, (), ExistingRejects.APPEND) as file:
            assert file.note is None
            file.write(reject(line))
    assert [json.loads(each)["line"] for each in path.read_bytes().splitlines()] == [1, 2]


def test_kept_at_once(tmp_path: Path) -> None:
    """A reject is in the file before the run goes on: a kill cannot lose it."""
    path = tmp_path / "r"
    with RejectsFile(path, ()) as file:
        file.write(reject(1))
        assert json.loads(path.read_bytes())["line"] == 1


def test_full(tmp_path: Path) -> None:
    """A full disk is told by the file's name, when writing or at the end."""
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    with (
        pytest.raises(OutputError, match="full: No space left on device"),
        RejectsFile(link, ()) as file,
    ):
        file.write(reject(1))
