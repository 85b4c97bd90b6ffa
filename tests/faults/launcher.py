"""Starts commands as forks of one process that has loaded all they need: a start costs little.

A request and its reply are a line of JSON each, on standard input and output: a Start is replied
to by the process's id, a Wait by its status or, where it still runs, by null.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from functools import reduce
from itertools import count
from typing import Any, NoReturn, TypeAlias

import msgspec

from listrak_sync.cli import main


class Call(msgspec.Struct, frozen=True):
    """A call of the program at which it is killed: `when` is before or after it, from 1.

    `place` is `module:path.to.function`.
    """

    when: str
    number: int
    place: str


class Start(msgspec.Struct, tag=True):
    """A command to start, with all that it inherits: paths of its input and of its errors."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    input: str
    errors: str
    kill: Call | None = None


class Wait(msgspec.Struct, tag=True):
    """A process to wait for, for so many seconds at most."""

    process: int
    seconds: float


Request: TypeAlias = Start | Wait
LOADED = (
    "listrak_sync.cli.push",
    "listrak_sync.delivery.outcomes",
    "listrak_sync.listrak.api",
    "rich.table",
)


def serve() -> None:
    """Answer requests until there are no more."""
    for module in LOADED:
        importlib.import_module(module)
    decode = msgspec.json.Decoder(Request).decode
    with os.fdopen(os.dup(0), "rb") as requests:
        for line in requests:
            match decode(line):
                case Start() as start:
                    process = os.fork()
                    if not process:
                        requests.close()
                        _become(start)
                    reply: int | None = process
                case Wait(process, seconds):
                    reply = _status(process, time.monotonic() + seconds)
            os.write(1, msgspec.json.encode(reply) + b"\n")


def _status(process: int, until: float) -> int | None:
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.002)


def _become(start: Start) -> NoReturn:
    """Be the command, for the rest of the process."""
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    for descriptor, path, mode in (
        (0, start.input, os.O_RDONLY),
        (1, os.devnull, os.O_WRONLY),
        (2, start.errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, mode, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    if start.kill is not None:
        _arm(start.kill)
    sys.argv = ["listrak-sync", *start.arguments]
    main()
    sys.exit(0)


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


if __name__ == "__main__":
    serve()
