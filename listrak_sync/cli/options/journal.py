"""Options of the journal: what was sent, and what goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from listrak_sync.cli.startup import parse_duration

JournalPath = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="PATH",
        help="The journal, if not the one in the user's state directory.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class ReadJournalOptions:
    """What of the journal is read."""

    PANEL: ClassVar = "Journal"

    journal: JournalPath = None


@dataclass(frozen=True)
class JournalOptions(ReadJournalOptions):
    """What the journal is used for."""

    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run named in place of EVENTS, or the last unfinished one; its "
            "mapping, input and options come from the journal.",
        ),
    ] = False
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Leave out files that a finished run with --once has read, unless they, the "
            "mapping or the options have changed.",
        ),
    ] = False
    lock_wait: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=parse_duration,
            help="Wait this long where another run holds the journal, instead of ending with 75.",
            show_default=False,
        ),
    ] = None
    no_journal: Annotated[
        bool,
        typer.Option("--no-journal", help="Write nothing down; a kill may lose what is unsent."),
    ] = False
