"""A terminal to run commands on."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.cli.conftest import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.processes import Launcher, Process


def on_terminal(
    launcher: Launcher | None,
    folder: Path,
    environment: Mapping[str, str],
    *command: str,
) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; return its status and what it wrote there.

    The launcher's command is what its arguments say; without a launcher, it is any program.
    """
    leader, follower = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(leader, 65536):
                shown.append(piece)
        except OSError:
            return  # how Linux says that nobody writes any more

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    given = {**environment, "TERM": "xterm-256color", "COLUMNS": "80", "NO_COLOR": "1"}
    begin: Callable[..., Process | subprocess.Popen[Any]]
    if launcher is None:
        begin = partial(subprocess.Popen, command, cwd=folder, env=given)
    else:
        begin = partial(launcher.start, command, folder, given)
    process = begin(stdin=subprocess.DEVNULL, stdout=follower, stderr=follower)
    process.wait(TIMEOUT)
    os.close(follower)
    reader.join(TIMEOUT)
    os.close(leader)
    assert process.returncode is not None
    return process.returncode, b"".join(shown).decode().replace("\r\n", "\n")
