"""Commands with help and errors in our own words."""

from __future__ import annotations

from typing import Any, Final

from typer._click import exceptions as typer_errors
from typer.core import TyperCommand, TyperGroup

from listrak_sync.cli.help_page import help_page
from listrak_sync.cli.usage import no_command, too_much, usage_error

_LONGEST_SUMMARY: Final = 1000
"""How many characters of a summary are shown; all have fewer."""


class Command(TyperCommand):
    """A command. It raises UsageError for arguments that it cannot use."""

    allow_extra_args = True  # so that we say which are too many

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - typer keeps its types to itself
        """Return the page of help."""
        return help_page(self, ctx)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the summary, all of it."""
        return super().get_short_help_str(max(limit, _LONGEST_SUMMARY))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """Take the arguments apart."""
        try:
            rest = super().parse_args(ctx, args)
        except typer_errors.NoArgsIsHelpError:
            raise
        except typer_errors.UsageError as error:
            raise usage_error(error, self, ctx.command_path) from error
        if rest and not ctx.resilient_parsing:
            raise too_much(rest, ctx.command_path)
        return rest


class Group(TyperGroup):
    """A command with commands below it. It raises UsageError where there is no such command."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - as above
        """Return the page of help."""
        return help_page(self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """Take the arguments apart."""
        try:
            return super().parse_args(ctx, args)
        except typer_errors.NoArgsIsHelpError:
            raise
        except typer_errors.UsageError as error:
            raise usage_error(error, self, ctx.command_path) from error

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        """Return the command that the first argument names."""
        if args and self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise no_command(args[0], ctx.command_path, self.words())
        return super().resolve_command(ctx, args)

    def words(self) -> list[str]:
        """Return the words that lead to each command below this one."""
        found: list[str] = []
        for name, command in self.commands.items():
            found.append(name)
            loaded = command.load() if hasattr(command, "load") else command
            found += (f"{name} {below}" for below in getattr(loaded, "commands", {}))
            found += (f"{name} {below}" for below in getattr(command, "below", {}))
        return found
