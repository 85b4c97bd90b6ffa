"""Commands whose options come in groups."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any, ClassVar, get_type_hints

import typer

from listrak_sync.cli.options.spread import spread


@dataclass(frozen=True)
class Few:
    """A group of options."""

    PANEL: ClassVar = "Few"

    name: Annotated[str, typer.Argument(help="Who.")]
    loud: Annotated[bool, typer.Option("--loud", help="How.")] = False


@dataclass(frozen=True)
class More(Few):
    """The same, and one more."""

    times: Annotated[int, typer.Option(help="How often.")] = 1


def test_spread() -> None:
    """A command has the options of its groups in their place, and is called with the groups."""
    called: list[tuple[int, More]] = []

    @spread
    def greet(before: Annotated[int, typer.Option()], more: More) -> None:
        """Greet."""
        called.append((before, more))

    command: Any = greet
    assert [*signature(command).parameters] == ["before", "name", "loud", "times"]
    assert signature(command).parameters["times"].default == 1
    assert command.__doc__ == "Greet."
    hints = get_type_hints(command, include_extras=True)
    assert [hints[name].__metadata__[0].rich_help_panel for name in ("loud", "times")] == [
        "Few"
    ] * 2
    command(before=3, name="Ann", loud=True, times=2)
    assert called == [(3, More("Ann", loud=True, times=2))]
