"""Options that say what of the input is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from listrak_sync.cli.options.values import choice
from listrak_sync.run_settings import Order


@dataclass(frozen=True)
class PreviousOptions:
    """With which earlier input the run's is compared."""

    PANEL: ClassVar = "What is sent"

    previous: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Switch off who was on by this earlier input and is not in today's. May be given "
            "several times.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class OrderOptions:
    """Which of several values counts."""

    PANEL: ClassVar = "What is sent"

    order: Annotated[
        Order,
        typer.Option(
            "--order",
            **choice(Order),
            help="Which value wins within a window: that of the newest event, or the last in the "
            "input.",
        ),
    ] = Order.timestamp


@dataclass(frozen=True)
class SentOptions(OrderOptions, PreviousOptions):
    """Which values are sent."""


@dataclass(frozen=True)
class ComparedOptions(SentOptions):
    """Which values are sent where lists can be read."""

    mirror: Annotated[
        bool,
        typer.Option(
            "--mirror",
            help="Switch off who reads on at Listrak and is not on by this input, in the check "
            "boxes that the mappings switch on. The input must be whole.",
        ),
    ] = False
    reject_unknown: Annotated[
        bool,
        typer.Option(
            "--reject-unknown",
            help="Reject contacts that are not on the list, or unsubscribed, instead of counting "
            "them.",
        ),
    ] = False


@dataclass(frozen=True)
class PushedOptions(ComparedOptions):
    """Which values a push sends."""

    only_changes: Annotated[
        bool,
        typer.Option(
            "--only-changes",
            help="Read the lists first, and send only what is not right there already.",
        ),
    ] = False
    skip_older: Annotated[
        bool,
        typer.Option(
            "--skip-older",
            help="Leave out values of rejects that are older than what was sent since.",
        ),
    ] = False
