"""Options of the journal: what was sent, and what goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

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
class JournalOptions:
    """What the journal is used for."""

    PANEL: ClassVar = "Journal"

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
    journal: JournalPath = None
    no_journal: Annotated[
        bool,
        typer.Option("--no-journal", help="Write nothing down; a kill may lose what is unsent."),
    ] = False
