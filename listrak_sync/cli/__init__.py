"""The commands: each builds settings, calls one function and shows the result."""

from __future__ import annotations

import os
import sys
import warnings
from errno import ENOSPC
from typing import Annotated

import typer
from typer.main import get_group

from listrak_sync import __version__
from listrak_sync.cli.command import Group
from listrak_sync.cli.startup import LazyCommand, open_standard_streams, with_default_values
from listrak_sync.errors import told

EPILOG = """\
Exit status: 0 done · 1 bug · 2 usage · 3 mapping, settings or output · 4 access refused ·
5 Listrak not reachable · 6 done, some rejected, a mapping's test failed, or not on the list ·
7 refused by a guard or by Listrak for a list · 8 plan: there is something to change ·
75 another run holds the journal · 130/143 interrupted
"""

HELP = """\
Switch profile fields of Listrak contacts on and off by Segment events.

Example: listrak-sync dry-run examples/events.ndjson -m mappings.example.yaml
"""

app = typer.Typer(
    name="listrak-sync",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - called by typer with the option's value
    if wanted:
        typer.echo(f"listrak-sync {__version__}")
        raise typer.Exit


def _install(shell: str | None) -> None:
    if shell is not None:
        from listrak_sync.cli.completion_scripts import install  # noqa: PLC0415 - rarely needed

        typer.echo("\n".join(install(shell)))
        raise typer.Exit


def _show(shell: str | None) -> None:
    if shell is not None:
        from listrak_sync.cli.completion_scripts import script_of  # noqa: PLC0415 - rarely needed

        typer.echo(script_of(shell), nl=False)
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    _installed: Annotated[
        str | None,
        typer.Option(
            "--install-completion",
            metavar="[bash|zsh|fish]",
            callback=_install,
            is_eager=True,
            help="Let this shell, or yours, complete command lines.",
        ),
    ] = None,
    _shown: Annotated[
        str | None,
        typer.Option(
            "--show-completion",
            metavar="[bash|zsh|fish]",
            callback=_show,
            is_eager=True,
            help="Print the script that does so.",
        ),
    ] = None,
) -> None:
    """Switch profile fields of Listrak contacts on and off by Segment events."""


program = get_group(app)
for command in (
    LazyCommand("auth", "auth:app", "Check credentials."),
    LazyCommand(
        "dry-run", "dry_run:dry_run", "Do everything that push does, except talk to Listrak."
    ),
    LazyCommand(
        "plan", "plan:plan", "Read the lists, and say what push --only-changes would change there."
    ),
    LazyCommand("push", "push:push", "Send what the events ask for, and answer for every contact."),
    LazyCommand(
        "spark",
        "spark:spark",
        "Evaluate on Spark what is too much for one machine, for push to deliver.",
    ),
    LazyCommand("mapping", "mapping:app", "Write and check mapping files."),
    LazyCommand("lists", "lookups:lists", "Show the id and name of every list of the account."),
    LazyCommand(
        "fields",
        "lookups:fields",
        "Show the profile fields of a list, with what each can hold; fields create makes some.",
        below={"create": "fields_create:create"},
    ),
    LazyCommand("contact", "contact:contact", "Show what Listrak holds for a contact of a list."),
    LazyCommand(
        "runs",
        "runs:runs",
        "List the runs in the journal, and what is unfinished of them; runs show tells all of one.",
        below={"show": "runs_show:show"},
    ),
    LazyCommand(
        "sandbox", "sandbox:sandbox", "Run a stand-in for Listrak on this machine until Ctrl-C."
    ),
):
    program.add_command(command)


def main() -> None:
    """Run the command line; an error that the user can fix is shown without a traceback."""
    open_standard_streams()
    if not sys.warnoptions:  # Python's own switch, -W, still shows them
        warnings.simplefilter("ignore")
    try:
        if shell := os.environ.get("_LISTRAK_SYNC_COMPLETE"):
            from listrak_sync.cli.completion import answer  # noqa: PLC0415 - rarely needed

            answer(program, shell, sys.argv[1:])
        else:
            _run()
    except Exception as error:
        shown = told(error)
        if shown is None:
            raise
        from listrak_sync.cli.messages import Messages  # noqa: PLC0415 - slow, and rarely needed

        Messages().error(shown)
        sys.exit(shown.exit_status)


def _run() -> None:
    """Run the command line. Raises ListrakSyncError."""
    try:
        program(args=with_default_values(sys.argv[1:]), prog_name="listrak-sync")
    except SystemExit as end:
        # typer ends with 1 where nobody reads the help any more
        if isinstance(end.__context__, BrokenPipeError):
            sys.exit(0)
        raise
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        from listrak_sync.cli.output import unwritable  # noqa: PLC0415 - slow, and rarely needed

        raise unwritable(error) from error  # typer writes --help and --version by itself
