"""Processes that run the command, started by the launcher."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
from array import array
from contextlib import ExitStack
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from tests.launcher import Start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent
Stream: TypeAlias = BinaryIO | int | None
"""As subprocess takes it: a file, a descriptor, PIPE, DEVNULL or STDOUT; None inherits ours."""


class Process:
    """A process of the launcher's, with what tests use of `subprocess.Popen[bytes]`."""

    stdin: BinaryIO | None = None
    stdout: BinaryIO | None = None
    stderr: BinaryIO | None = None

    def __init__(
        self,
        address: str,
        start: Start,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
    ) -> None:
        self.returncode: int | None = None
        self._received = b""
        self._caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        request = json.dumps(asdict(start)).encode() + b"\n"
        with ExitStack() as stack:
            streams: list[int] = []
            for name, given in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
                streams.append(self._end_of(name, given, streams, stack))
            self._caller.connect(address)
            socket.send_fds(self._caller, [request], streams)
            self.pid = self._reply(None)

    def poll(self) -> int | None:
        """Return the exit status once it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit status. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = self._reply(timeout)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("listrak-sync", timeout or 0) from None
            self._caller.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        self.send_signal(signal.SIGKILL)

    def communicate(
        self, given: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Write and close its input, read all its output, wait for its end."""
        read: dict[str, bytes] = {}

        def write() -> None:
            try:
                with self.stdin or BytesIO() as stream:
                    stream.write(given or b"")
            except BrokenPipeError:
                return  # it may have enough before the end

        def gather(name: str) -> None:
            with getattr(self, name) or BytesIO() as stream:
                read[name] = stream.read()

        threads = [threading.Thread(target=write, daemon=True)]
        threads += [
            threading.Thread(target=gather, args=(name,), daemon=True)
            for name in ("stdout", "stderr")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
            if thread.is_alive():
                raise subprocess.TimeoutExpired("listrak-sync", timeout or 0)
        self.wait(timeout)
        return read["stdout"], read["stderr"]

    def has_read(self) -> bool:
        """Say whether it has taken all that was written to its standard input."""
        assert self.stdin is not None
        left = array("i", [0])
        fcntl.ioctl(self.stdin, termios.FIONREAD, left)
        return left[0] == 0

    def close(self) -> None:
        """Kill it if it has not ended, and close our ends of its streams."""
        self.kill()
        self.wait()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue  # what it never read

    def _reply(self, timeout: float | None) -> int:
        """Return the launcher's next number."""
        self._caller.settimeout(timeout)
        while b"\n" not in self._received:
            more = self._caller.recv(64)
            assert more, "the launcher has ended"
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        return int(line)

    def _end_of(self, name: str, given: Stream, before: list[int], stack: ExitStack) -> int:
        """Return the descriptor that it gets as a stream."""
        match given:
            case None:
                return ("stdin", "stdout", "stderr").index(name)
            case subprocess.STDOUT:
                return before[1]
            case subprocess.DEVNULL:
                end = os.open(os.devnull, os.O_RDWR)
            case subprocess.PIPE:
                reading, writing = os.pipe()
                end, ours = (reading, writing) if name == "stdin" else (writing, reading)
                setattr(self, name, os.fdopen(ours, "wb" if name == "stdin" else "rb"))
            case int():
                return given
            case _:
                return given.fileno()
        stack.callback(os.close, end)
        return end


def clean_environment() -> dict[str, str]:
    """Return what processes need of our environment, and what measures coverage in them."""
    kept = ("PATH", *(name for name in os.environ if name.startswith("COVERAGE")))
    return {name: os.environ[name] for name in kept} | {"LANG": "C.UTF-8"}


class Launcher:
    """Starts commands in processes, at the cost of a fork each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._folder = TemporaryDirectory(prefix="ls-")
        self._address = str(Path(self._folder.name) / "s")
        self._running: list[Process] = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(self._address)
            listener.listen()
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.launcher", str(listener.fileno())],
                cwd=ROOT,
                env=environment,
                pass_fds=[listener.fileno()],
                stdin=subprocess.PIPE,
            )

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        **more: Any,
    ) -> Process:
        """Start a command; `more` are fields of Start, and streams as subprocess takes them."""
        fields = {name: more.pop(name) for name in ("new_session", "kill") if name in more}
        os.umask(umask := os.umask(0o077))
        start = Start(list(arguments), str(folder), dict(environment), umask, **fields)
        process = Process(self._address, start, **more)
        self._running.append(process)
        return process

    def end_all(self) -> None:
        """End what still runs."""
        while self._running:
            self._running.pop().close()

    def close(self) -> None:
        """End the launcher."""
        self.end_all()
        self._server.communicate()
        self._folder.cleanup()
