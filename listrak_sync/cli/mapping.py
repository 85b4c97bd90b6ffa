"""`listrak-sync mapping`: helps to write a mapping file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.check import check
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import counted, print_lines
from listrak_sync.cli.startup import Summarised
from listrak_sync.errors import UsageError

app = typer.Typer(
    help="Write and check mapping files.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("check", cls=Summarised)(check)


@app.callback()
def _group() -> None:
    """Write and check mapping files."""


@app.command("schema", cls=Summarised)
def schema() -> None:
    """Print the JSON Schema of mapping files, with which an editor completes and checks them."""
    from listrak_sync.mapping.schema import mapping_file_schema  # noqa: PLC0415 - only here

    encoded = msgspec.json.encode(mapping_file_schema())
    print_lines([msgspec.json.format(encoded, indent=2)])


@app.command("import", cls=Summarised)
def import_(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="JSON of subscriptions: an answer of Segment's Public API, or Terraform's state "
            "or plan (terraform show -json). - for standard input.",
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
    quiet: options.Quiet = False,
) -> None:
    """Turn Segment's subscriptions of Listrak (Actions) into a mapping file."""
    from listrak_sync.segment_import.mapping_file import import_subscriptions  # noqa: PLC0415 - only here

    messages = Messages(quiet=quiet)
    source = "standard input" if file == "-" else file
    imported = import_subscriptions(source, _read(file), as_conditions=conditions)
    for skipped in imported.skipped:
        messages.info(f"left out: {skipped.what}: {skipped.reason}")
    if output is None:
        print_lines([imported.text.removesuffix("\n").encode()])
        return
    _write(output, imported.text, replace=force)
    messages.info(f"{output}: {counted(imported.mappings, 'mapping')} written")
    messages.info(f"Read it, then run: listrak-sync mapping check -m {output}")


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        hint = "Name a file of JSON, or - for standard input."
        raise UsageError(f"{file}: {error.strerror or error}", hint) from error


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
