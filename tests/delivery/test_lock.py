"""One process at a time holds a journal; a second one is told which."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from listrak_sync.delivery.lock import Lock
from listrak_sync.errors import BusyError, SettingsError

HOLDER = """
import sys
from pathlib import Path
from listrak_sync.delivery.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Return a process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_holds_it(tmp_path: Path) -> None:
    """The second process is told which one holds the journal and since when, with status 75."""
    path = tmp_path / "j.sqlite3"
    before = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    with holder(path) as process:
        with pytest.raises(BusyError) as caught:
            Lock(path)
        process.communicate(timeout=60)
    after = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    told = re.fullmatch(
        rf"{re.escape(str(path))}: held by process {process.pid} since (.* UTC)",
        caught.value.message,
    )
    assert told is not None
    assert before <= told[1] <= after
    assert caught.value.exit_status == 75
    assert "--journal PATH" in caught.value.hint


def test_let_go(tmp_path: Path) -> None:
    """A lock that is let go of can be taken by another process, and by the same one."""
    path = tmp_path / "j"
    Lock(path).release()
    lock = Lock(path)
    lock.release()
    with holder(path) as process:
        process.communicate(timeout=60)
    Lock(path).release()


def test_killed(tmp_path: Path) -> None:
    """The lock of a killed process is free at once, whatever it has left in the file."""
    path = tmp_path / "j"
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert f"process {process.pid} since" in (tmp_path / "j.lock").read_text()
    lock = Lock(path)
    assert f"process {os.getpid()} since" in (tmp_path / "j.lock").read_text()
    lock.release()


def test_twice_in_one_process(tmp_path: Path) -> None:
    """A process that holds the lock cannot take it again by mistake."""
    lock = Lock(tmp_path / "j")
    with pytest.raises(BusyError, match=f"process {os.getpid()} since"):
        Lock(tmp_path / "j")
    lock.release()


def test_a_holder_without_a_name(tmp_path: Path) -> None:
    """A holder that has not yet written who it is is told as another process."""
    lock = Lock(tmp_path / "j")
    (tmp_path / "j.lock").write_bytes(b"")
    with pytest.raises(BusyError, match="held by another process"):
        Lock(tmp_path / "j")
    lock.release()


@pytest.mark.parametrize("content", ["version = 1\n", "process 1", " "])
def test_a_file_that_is_not_a_lock(tmp_path: Path, content: str) -> None:
    """A file of that name that is not a lock of ours is left as it is, with status 3."""
    other = tmp_path / "uv.lock"
    other.write_text(content)
    with pytest.raises(SettingsError, match="not the lock of a journal"):
        Lock(tmp_path / "uv")
    assert other.read_text() == content


def test_a_link_in_place_of_a_lock(tmp_path: Path) -> None:
    """What a link points to is not ours, and nothing is written there."""
    target = tmp_path / "target"
    target.write_text("")
    (tmp_path / "j.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        Lock(tmp_path / "j")
    assert target.read_text() == ""
