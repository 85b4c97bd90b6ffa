"""A terminal to run commands on."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from typing import TYPE_CHECKING

from tests.cli.conftest import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def on_terminal(
    folder: Path,
    environment: Mapping[str, str],
    *command: str,
    colours: bool = False,
    data: bool = True,
) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; return its status and what it wrote there.

    Without `data`, only its standard error is there, and the other one has to stay empty.
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
    plain = {} if colours else {"NO_COLOR": "1"}
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "80", **plain},
        stdin=subprocess.DEVNULL,
        stdout=follower if data else subprocess.PIPE,
        stderr=follower,
        timeout=TIMEOUT,
        check=False,
    )
    os.close(follower)
    reader.join(TIMEOUT)
    os.close(leader)
    assert not ended.stdout
    return ended.returncode, b"".join(shown).decode().replace("\r\n", "\n")
