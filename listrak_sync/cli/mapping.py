"""`listrak-sync mapping`: helps to write a mapping file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from listrak_sync.cli.check import check
from listrak_sync.cli.command import Command, Group
from listrak_sync.cli.mapping_new import new
from listrak_sync.cli.mapping_test import run
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.output import Quiet
from listrak_sync.cli.output import print_lines
from listrak_sync.errors import UsageError
from listrak_sync.text import counted, printable

if TYPE_CHECKING:
    from listrak_sync.segment_import.subscriptions import Unread

app = typer.Typer(
    help="Write and check mapping files.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    cls=Group,
)
app.command("check", cls=Command)(check)
app.command("test", cls=Command)(run)
app.command("new", cls=Command)(new)


@app.callback()
def _group() -> None:
    """Write and check mapping files."""


@app.command("schema", cls=Command)
def schema() -> None:
    """Print the JSON Schema of mapping files, with which an editor completes and checks them.

    Example: listrak-sync mapping schema > mappings.schema.json
    """
    from listrak_sync.mapping.schema import mapping_file_schema  # noqa: PLC0415 - only here

    encoded = msgspec.json.encode(mapping_file_schema())
    print_lines([msgspec.json.format(encoded, indent=2)])


@app.command("import", cls=Command)
def import_(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="JSON of subscriptions: an answer of Segment's Public API, or Terraform's state "
            "or plan (terraform show -json). Git Sync's .tf files, or a folder of them. - for "
            "JSON on standard input.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            readable=False,
            metavar="FILE",
            help="Write the mapping file here instead of on standard output.",
            show_default=False,
        ),
    ] = None,
    conditions: Annotated[
        bool,
        typer.Option(
            "--conditions", help="Write triggers as conditions where conditions can say the same."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    quiet: Quiet = False,
) -> None:
    """Turn Segment's subscriptions of Listrak (Actions) into a mapping file.

    Example: listrak-sync mapping import subscriptions.json -o mappings.yaml
    """
    from listrak_sync.segment_import.mapping_file import import_subscriptions  # noqa: PLC0415 - only here

    messages = Messages(quiet=quiet)
    named = [(printable(name), data) for file in files for name, data in _read(file)]
    imported = import_subscriptions(named, as_conditions=conditions)
    _tell_skipped(imported.skipped, messages)
    if output is None:
        print_lines([imported.text.removesuffix("\n").encode()])
        return
    _write(output, imported.text, replace=force)
    messages.info(f"{output}: {counted(imported.mappings, 'mapping')} written")
    messages.info(f"Read it, then run: listrak-sync mapping check -m {output}")


MOST_OTHERS: Final = 10
"""How many subscriptions of other destinations are named one by one."""


def _tell_skipped(skipped: Sequence[Unread], messages: Messages) -> None:
    """Tell what was left out: of many subscriptions of other destinations, their number."""
    from listrak_sync.segment_import.subscriptions import OTHER_DESTINATION  # noqa: PLC0415 - as above

    others = [each for each in skipped if each.reason == OTHER_DESTINATION]
    if len(others) > MOST_OTHERS:
        messages.info(f"left out: {counted(len(others), 'subscription')} of other destinations")
    for each in skipped:
        if each.reason != OTHER_DESTINATION or len(others) <= MOST_OTHERS:
            messages.info(f"left out: {each.what}: {each.reason}")


def _read(file: str) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of a file, or of each .tf file in a folder."""
    try:
        if file == "-":
            yield "standard input", sys.stdin.buffer.read()
            return
        inside = _terraform_files(Path(file)) if Path(file).is_dir() else [Path(file)]
        if not inside:
            raise UsageError(f"{file}: there is no .tf file in this folder", "Name other files.")
        for each in inside:
            yield str(each), each.read_bytes()
    except OSError as error:
        hint = "Name files of JSON, .tf files, or - for standard input."
        name = error.filename or file
        raise UsageError(f"{name}: {error.strerror or error}", hint) from error


def _terraform_files(folder: Path) -> list[Path]:
    """Return the .tf files below a folder; hidden folders hold copies of modules."""
    return sorted(
        file
        for file in folder.rglob("*.tf")
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def _write(file: Path, text: str, *, replace: bool) -> None:
    try:
        with file.open("w" if replace else "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        hint = "Name another file, or replace it with --force."
        raise UsageError(f"{file}: this file exists already", hint) from error
    except OSError as error:
        hint = "Name a file that can be written with --output."
        raise UsageError(f"{file}: {error.strerror or error}", hint) from error
