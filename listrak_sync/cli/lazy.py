"""Commands that are imported when they are called: --help imports none of them."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any, Final

import typer
from typer.core import TyperCommand
from typer.main import get_command

_LONGEST: Final = 1000
"""How many characters of a summary are shown; all have fewer."""


class Summarised(TyperCommand):
    """A command whose summary is not cut off after 45 characters."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the summary."""
        return super().get_short_help_str(max(limit, _LONGEST))


class LazyCommand(TyperCommand):
    """A command with only a name and a summary until it is called.

    `source` names a function or an app below `listrak_sync.cli`, as `module:object`.
    """

    def __init__(self, name: str, source: str, summary: str) -> None:
        super().__init__(name, short_help=summary)
        self._source = source

    def load(self) -> Any:  # noqa: ANN401 - typer keeps the type of a command to itself
        """Import the command."""
        found = resolve_name(f"listrak_sync.cli.{self._source}")
        if isinstance(found, typer.Typer):
            return get_command(found)
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(self.name)(found)
        return get_command(app)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401 - as above
        **extra: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        """Begin the command itself in place of this one."""
        return self.load().make_context(info_name, args, parent, **extra)
