"""The standard streams: opened where they are closed, given up where nobody is at their end."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


def open_standard_streams() -> None:
    """Give those that were closed before the program began an end that leads nowhere.

    What standard output cannot encode is escaped, as it is on standard error.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest free number: its own
            setattr(sys, name, os.fdopen(descriptor, mode))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def silence(stream: IO[str]) -> None:
    """Lead a stream nowhere, so that the interpreter does not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def rich_console(*, stderr: bool) -> RichConsole:
    """Return a console that respects NO_COLOR and the width, and takes brackets as text."""
    from rich.console import Console as RichConsole  # noqa: PLC0415 - slow, and often not needed

    class Console(RichConsole):
        def on_broken_pipe(self) -> None:
            """Go on without a reader; rich would end the program."""
            self.quiet = True
            silence(self.file)

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)
