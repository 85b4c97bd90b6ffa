"""What the program needs before it knows the command; --help and --version load no more."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pkgutil import resolve_name
from typing import IO, Any, Final

import typer
from typer.main import get_command

from listrak_sync.cli.command import Command
from listrak_sync.cli.usage import BadValueError

LONGEST_DURATION: Final = 365 * 86_400.0
"""The longest duration in seconds; the clocks and timers of the system need a bound."""

DEFAULT_WAIT: Final = "10m"
"""The value of `--wait` and `--verify` where none is given."""

COMPLETION: Final = ("--install-completion", "--show-completion")
YOUR_SHELL: Final = "auto"
"""Stands for the shell that the user has, where none is named."""

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", re.ASCII)
_SECONDS: Final = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def open_standard_streams() -> None:
    """Open the standard streams that were closed when the program began, to /dev/null.

    What standard output cannot encode is escaped, as on standard error. What standard error
    cannot take is dropped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It gets the lowest free number, which is the stream's own.
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if type(sys.stderr) is TextIOWrapper:
        encoding, errors = sys.stderr.encoding, sys.stderr.errors
        sys.stderr = _Unfailing(sys.stderr.detach(), encoding, errors, line_buffering=True)


def silence(stream: IO[str]) -> None:
    """Send a stream to /dev/null."""
    # Otherwise the interpreter complains at its end that it cannot flush the stream.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Unfailing(TextIOWrapper):
    """A stream for messages: where they cannot be written, they disturb nothing."""

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        try:
            return super().write(text)
        except OSError:
            silence(self)
            return len(text)

    def flush(self) -> None:
        """Write what is gathered, or drop it."""
        try:
            super().flush()
        except OSError:
            silence(self)


class LazyCommand(Command):
    """A command with only a name and a summary until it is called.

    `source` names a function or an app below `listrak_sync.cli`, as `module:object`. `below` are
    commands whose names may follow this one's in place of its argument.
    """

    def __init__(
        self, name: str, source: str, summary: str, below: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(name, short_help=summary)
        self._source = source
        self.below = below or {}

    def load(self) -> Any:  # noqa: ANN401 - typer keeps the type of a command to itself
        """Import the command."""
        found = resolve_name(f"listrak_sync.cli.{self._source}")
        if isinstance(found, typer.Typer):
            return get_command(found)
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(self.name, cls=Command)(found)
        return get_command(app)

    def at(self, name: str) -> LazyCommand:
        """Return a command below this one."""
        return LazyCommand(name, self.below[name], "")

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - as above
        **extra: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        """Begin the command itself, or one below it, in place of this one."""
        if args and args[0] in self.below:
            name = f"{info_name} {args[0]}"
            return self.at(args[0]).make_context(name, args[1:], parent, **extra)
        return self.load().make_context(info_name, args, parent, **extra)


def parse_duration(text: str) -> float:
    """Return a duration in seconds. Raises BadValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise BadValueError(f"{text!r} is not a valid duration; write 30s, 5m or 1h")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds > LONGEST_DURATION:
        raise BadValueError(f"{text!r} is too long; at most {LONGEST_DURATION / 3600:.0f}h")
    return seconds


def with_default_values(arguments: Sequence[str]) -> list[str]:
    """Give options that may stand without a value the one that they have then.

    `--wait` and `--verify` get theirs where the next argument is not a duration, and `--forget`,
    which is nothing, where the next argument is another option; so do those of completion, which
    is the user's shell.

    An argument that begins with a digit and does not name a file is meant as a duration: the
    option refuses it later, if it is not valid.
    """
    filled = list(arguments)
    for index, argument in enumerate(filled):
        following = filled[index + 1] if index + 1 < len(filled) else ""
        if argument in {"--wait", "--verify"} and not _is_meant_as_duration(following):
            filled[index] = f"{argument}={DEFAULT_WAIT}"
        if argument in COMPLETION and (not following or following.startswith("-")):
            filled[index] = f"{argument}={YOUR_SHELL}"
        if argument == "--forget" and (not following or following.startswith("-")):
            filled[index] = "--forget="
    return filled


def _is_meant_as_duration(text: str) -> bool:
    if _DURATION.fullmatch(text):
        return True
    return text[:1].isdigit() and not os.path.lexists(text)
