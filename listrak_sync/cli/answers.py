"""What a command answers that cannot do what it is asked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import print_json, printable
from listrak_sync.errors import ListrakSyncError


def answer(command: str, exit_status: int, error: Exception | None) -> dict[str, object]:
    """Return what every JSON object of a command that ended begins with."""
    told = None if error is None else printable(str(error))
    return {"command": command, "exit_status": exit_status, "error": told}


@contextmanager
def answering(
    command: str, messages: Messages, *, as_json: bool, report: Mapping[str, object] = {}
) -> Iterator[None]:
    """End the command where an error is raised, with a message and its status.

    With `as_json` it prints an object that says so, followed by what `report` holds.
    """
    try:
        yield
    except ListrakSyncError as error:
        if as_json:
            print_json({**answer(command, error.exit_status, error), **report})
        messages.error(error)
        raise typer.Exit(error.exit_status) from None
