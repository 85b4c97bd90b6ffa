"""Commands whose summary the help of their group shows whole."""

from __future__ import annotations

from typing import Final

from typer.core import TyperCommand

_LONGEST: Final = 1000
"""How many characters of a summary are shown; all have fewer."""


class Summarised(TyperCommand):
    """A command whose summary is not cut off after 45 characters."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the summary."""
        return super().get_short_help_str(max(limit, _LONGEST))
