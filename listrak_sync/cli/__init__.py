"""The commands: each builds settings, calls one function and shows the result."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from listrak_sync import __version__
from listrak_sync.cli import auth, check, dry_run, journal, lookups, mapping, push, sandbox
from listrak_sync.cli.console import Messages, open_standard_streams
from listrak_sync.cli.durations import with_default_wait
from listrak_sync.errors import ListrakSyncError

EPILOG = """\
Exit status: 0 done · 1 bug · 2 usage · 3 mapping or settings · 4 access refused · 5 Listrak not
reachable · 6 done, some rejected · 7 refused by a guard or by Listrak for a list · 75 another
run holds the journal · 130/143 interrupted
"""

app = typer.Typer(
    name="listrak-sync",
    help="Switch profile fields of Listrak contacts on and off by Segment events.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(auth.app, name="auth")
app.command("dry-run")(dry_run.dry_run)
app.command("push")(push.push)
app.add_typer(mapping.app, name="mapping")
mapping.app.command("check")(check.check)
app.command("lists")(lookups.lists)
app.command("fields")(lookups.fields)
app.command("runs")(journal.runs)
app.command("sandbox")(sandbox.sandbox)


def _version(wanted: bool) -> None:  # noqa: FBT001 - called by typer with the option's value
    if wanted:
        typer.echo(f"listrak-sync {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Switch profile fields of Listrak contacts on and off by Segment events."""


def main() -> None:
    """Run the command line: no traceback for what the user can mend, and the documented status."""
    open_standard_streams()
    try:
        app(args=with_default_wait(sys.argv[1:]))
    except ListrakSyncError as error:
        Messages().error(error)
        sys.exit(error.exit_status)
