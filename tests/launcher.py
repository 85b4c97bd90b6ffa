"""Runs the command as a fork of one process that has imported all of it, so that a start is cheap.

The server listens on a Unix socket. A connection is one process: a Start and its three streams go
in, the process's id and later its exit status come out, each on a line.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from functools import reduce
from io import StringIO, TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from listrak_sync.cli import main, program

LOADED = (
    "listrak_sync.delivery.outcomes",
    "listrak_sync.listrak.api",
    "multiprocessing.connection",
)
"""What commands import only once they need it."""


@dataclass(frozen=True)
class Call:
    """A call of the program at which it is killed: `when` is before or after it, from 1.

    `place` is `module:path.to.function`.
    """

    when: str
    number: int
    place: str


@dataclass(frozen=True)
class Start:
    """A command to start, with what it inherits besides its streams."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    umask: int
    new_session: bool = False
    kill: Call | None = None


def serve(listener: socket.socket) -> Start | None:
    """Start what is asked for; return in each child with what it is to be, at the end with None.

    Standard input that ends is the end.
    """
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # not ignored, so that it wakes us
    signal.set_wakeup_fd(wake.fileno())
    callers: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for each in (0, listener, woken):
            selector.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == 0:
                    return None
                if key.fileobj is woken:
                    woken.recv(4096)
                    _report(callers)
                    continue
                caller = listener.accept()[0]
                start, streams = _receive(caller)
                process = os.fork()
                if not process:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for ours in (listener, woken, wake, caller, *callers.values()):
                        ours.close()
                    _take(streams)
                    return start
                for stream in streams:
                    os.close(stream)
                callers[process] = caller
                caller.sendall(b"%d\n" % process)


def _receive(caller: socket.socket) -> tuple[Start, list[int]]:
    data, streams, _, _ = socket.recv_fds(caller, 65536, 3)
    while not data.endswith(b"\n"):
        more = caller.recv(65536)
        assert more, "a caller has gone"
        data += more
    start = json.loads(data)  # bytes that are not UTF-8 pass as well
    kill = start.pop("kill")
    return Start(**start, kill=kill and Call(**kill)), streams


def _report(callers: dict[int, socket.socket]) -> None:
    """Tell of every process that has ended."""
    while callers:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with callers.pop(process) as caller:
            caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _take(streams: list[int]) -> None:
    """Put a process's own standard streams in the place of the server's."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # made anew: a stream keeps in mind whether its file is a terminal, or can seek
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        old = getattr(sys, name)
        raw = open(number, f"{mode}b", closefd=False)  # noqa: SIM115 - for as long as we run
        as_lines = number == 2 or raw.isatty()
        new = TextIOWrapper(raw, old.encoding, old.errors, line_buffering=as_lines)
        setattr(sys, name, new)


def _run(start: Start) -> NoReturn:
    """Be the command, for the rest of the process.

    At its end, what an interpreter takes down piece by piece is left to the system: that is as
    much work as most commands are.
    """
    status = 0
    try:
        _become(start)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - as the interpreter shows what nobody catches
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does, in its order
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        traceback.print_exc()
        status = 120
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _become(start: Start) -> None:
    """Take over what a fresh interpreter would have been given, and call the program."""
    if start.new_session:
        os.setsid()
    os.umask(start.umask)
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    time.tzset()
    for folder in start.environment.get("PYTHONPATH", "").split(os.pathsep):
        if folder and (custom := Path(folder, "sitecustomize.py")).exists():
            runpy.run_path(str(custom))
    if start.kill is not None:
        _arm(start.kill)
    sys.argv = ["listrak-sync", *start.arguments]
    main()


def _arm(kill: Call) -> None:
    """Put a call that kills the process in place of a function."""
    module, _, path = kill.place.partition(":")
    *owners, name = path.split(".")
    owner: Any = reduce(getattr, owners, importlib.import_module(module))
    whole = getattr(owner, name)
    calls = count(1)

    def deadly(*arguments: Any, **named: Any) -> Any:
        is_last = next(calls) == kill.number
        if is_last and kill.when == "before":
            _die()
        result = whole(*arguments, **named)
        if is_last:
            _die()
        return result

    setattr(owner, name, deadly)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def _load() -> None:
    """Import all that a command may need."""
    for command in program.commands:  # its help, for what typer imports once it is called
        with redirect_stdout(StringIO()), suppress(SystemExit):
            program(args=[command, "--help"], prog_name="listrak-sync")
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()  # else each child's first collection copies all of it


if __name__ == "__main__":
    _load()
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        _run(wanted)
