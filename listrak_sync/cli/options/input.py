"""Options that say what is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from listrak_sync.cli.options.values import Moment, choice, parse_moment
from listrak_sync.errors import UsageError
from listrak_sync.input.sources import InputFormat
from listrak_sync.run_settings import Undated

_WHEN = "A date, an ISO 8601 time, or how long ago: 36h, 7d."


@dataclass(frozen=True)
class FileOptions:
    """Which files are read."""

    PANEL: ClassVar = "Input"

    events: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EVENTS",
            help="Files, folders, s3:// URLs (also gs://, az://), or - for standard input (also "
            "when nothing is given). gzip, zstd and bzip2 are recognised.",
            show_default=False,
        ),
    ] = None
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Of folders, read only files like this; may be given several times.",
            show_default=False,
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Of folders, leave out files like this.  [default: without --include, _SUCCESS, "
            "*.tmp, *.crc, *.md]",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class EventOptions:
    """Which of what is read counts, and what it is."""

    PANEL: ClassVar = "Input"

    since: Annotated[
        Moment | None,
        typer.Option(
            metavar="TIME",
            parser=parse_moment,
            help=f"Take only events from this time on. {_WHEN}",
            show_default=False,
        ),
    ] = None
    until: Annotated[
        Moment | None,
        typer.Option(
            metavar="TIME",
            parser=parse_moment,
            help="Take only events before this time.",
            show_default=False,
        ),
    ] = None
    undated: Annotated[
        Undated,
        typer.Option(
            "--undated",
            **choice(Undated),
            help="With --since or --until: take events without a time or not.",
        ),
    ] = Undated.keep
    ignore_integrations: Annotated[
        bool,
        typer.Option(
            "--ignore-integrations",
            help="Take events that their integrations object filters out.",
        ),
    ] = False
    format_in: Annotated[
        InputFormat | None,
        typer.Option(
            **choice(InputFormat),
            help="What the input is.  [default: each file's beginning tells]",
            show_default=False,
        ),
    ] = None
    audience: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=false]",
            help="The rows of CSV are the members of this audience; with =false, those who left "
            "it.",
            show_default=False,
        ),
    ] = None
    trait: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="The rows of CSV hold this computed trait, in the column value.",
            show_default=False,
        ),
    ] = None
    email_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The column of CSV that holds the address.  [default: email, email_1, …, and the "
            "external ids]",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class InputOptions(EventOptions, FileOptions):
    """What is read, and which of it counts."""


def single(option: str, given: Sequence[str] | None) -> str | None:
    """Return the value of an option that has one in a run. Raises UsageError for several."""
    values = list(dict.fromkeys(given or ()))
    if len(values) > 1:
        raise UsageError(
            f"{option} is given several times: {', '.join(values)}",
            "A run takes one. Give each file a run of its own.",
        )
    return values[0] if values else None
