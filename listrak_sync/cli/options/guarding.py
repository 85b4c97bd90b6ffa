"""Options that stop a run before it sends what is hardly meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import typer

from listrak_sync.cli.options.values import count, parse_change, parse_ratio
from listrak_sync.guards import Guards


@dataclass(frozen=True)
class InputGuards:
    """What of the input stops a run."""

    PANEL: ClassVar = "Guards"

    max_rejects: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(),
            help="Stop, before anything more is sent, once more than this is rejected.",
            show_default=False,
        ),
    ] = None
    max_contacts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(),
            help="Send nothing more once a window brings the run to more contacts than this.",
            show_default=False,
        ),
    ] = None
    min_contacts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=count(),
            help="Send nothing, or nothing more, where the whole input has fewer contacts than "
            "this.",
            show_default=False,
        ),
    ] = None
    max_off_ratio: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            parser=parse_ratio,
            help="Send nothing of a window in which more than this share of the values is off.",
            show_default=False,
        ),
    ] = None

    @property
    def guards(self) -> Guards:
        """Return the guards of a run."""
        return Guards(self.max_rejects, self.max_contacts, self.max_off_ratio, self.min_contacts)


@dataclass(frozen=True)
class GuardOptions(InputGuards):
    """What stops a run."""

    max_change: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            parser=parse_change,
            help="Send nothing, or nothing more, where a mapping's number of values that are on "
            "differs by more than this share from that of its last finished run in the journal.",
            show_default=False,
        ),
    ] = None

    @property
    def guards(self) -> Guards:
        """Return the guards of a run."""
        return replace(super().guards, max_change=self.max_change)
