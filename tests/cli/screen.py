"""A terminal with a screen, on which a shell runs commands as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
from typing import TYPE_CHECKING

import pyte

from tests.cli.conftest import COMMAND, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from tests.cli.conftest import Cli

_OPENED = 'exec 0<>"$TTY" 1>&0 2>&0; eval "$SCRIPT"'
"""What a session without a terminal opens first is the terminal that controls it."""


class Screen:
    """Runs a script of bash in which `$LS` is the command, on a terminal of its own.

    `frames` are the screens that were to be seen one after the other: their lines, without blank
    ones.
    """

    def __init__(
        self,
        cli: Cli,
        script: str,
        columns: int = 80,
        lines: int = 24,
        changed: Mapping[str, str] = {},
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.frames: list[list[str]] = []
        self.raw = b""
        self._leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        given = {**cli.environment, "TERM": "xterm-256color", "LS": COMMAND, **changed}
        given |= {"TTY": os.ttyname(follower), "SCRIPT": script}
        given.pop("COLUMNS", None)
        self._process = subprocess.Popen(
            ["bash", "-c", _OPENED], cwd=cli.folder, env=given, start_new_session=True
        )
        self._follower = follower
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(TIMEOUT)

    def _read(self) -> None:
        try:
            while piece := os.read(self._leader, 65536):
                self.raw += piece
                self._stream.feed(piece)
                self.frames.append([line.rstrip() for line in self._screen.display if line.strip()])
        except OSError:
            return  # how Linux says that nobody writes any more

    @property
    def cursor_is_hidden(self) -> bool:
        """Say whether the cursor cannot be seen."""
        return bool(self._screen.cursor.hidden)

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._leader, keys.encode())

    def until(self, condition: Callable[[list[str]], object]) -> None:
        """Wait until a screen is as it should be."""
        end = time.monotonic() + TIMEOUT
        while not any(map(condition, self.frames[-200:])):
            assert time.monotonic() < end, self.frames[-1:]
            time.sleep(0.01)

    def shows(self, text: str) -> bool:
        """Say whether a text was to be seen at some time."""
        return any(text in line for frame in self.frames for line in frame)

    def end(self) -> tuple[int, list[str]]:
        """Wait for the end; return the status, and the last screen."""
        status = self._process.wait(TIMEOUT)
        os.close(self._follower)
        self._reader.join(TIMEOUT)
        os.close(self._leader)
        return status, self.frames[-1] if self.frames else []
