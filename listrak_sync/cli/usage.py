"""What is wrong with a command line, in our own words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final

from typer._click import exceptions as typer_errors

from listrak_sync.cli.help_page import metavar
from listrak_sync.errors import UsageError

_DRY_RUN: Final = "--dry-run"

_LIKELY: Final = 0.7
"""How similar a name has to be to be proposed, from 0 to 1."""


class BadValueError(typer_errors.BadParameter):
    """A value that an option cannot take, with a message in our own words."""


def usage_error(
    error: typer_errors.UsageError,
    command: Any,  # noqa: ANN401 - typer keeps its types to itself
    path: str,
) -> UsageError:
    """Return what is wrong with the arguments of a command, and what to do."""
    see = f"See: {path} --help"
    match error:
        case typer_errors.NoSuchOption(option_name=name) if name == _DRY_RUN:
            hint = "To see what would be sent: listrak-sync dry-run EVENTS -m FILE"
            return UsageError(f"{path} has no {_DRY_RUN}", hint)
        case typer_errors.NoSuchOption(option_name=name):
            options = (option for each in command.params for option in each.opts)
            found = closest(name, (option for option in options if option.startswith("-")))
            hint = f"Did you mean {found}? {see}" if found else see
            return UsageError(f"{path} has no option {name}", hint)
        case typer_errors.MissingParameter(param=param) if param is not None:
            return UsageError(f"{path}: {_name(param)} is missing", see)
        case typer_errors.BadOptionUsage(option_name=name):
            option = next((each for each in command.params if name in each.opts), None)
            if option is None or not metavar(option):
                return UsageError(f"{name} takes no value", see)
            return UsageError(f"{name} needs a value: {name} {metavar(option)}", see)
        case typer_errors.BadParameter(param=param) if param is not None:
            return UsageError(f"{_name(param)}: {_fault(error, param)}", see)
    return UsageError(f"{path}: these arguments cannot be used", see)


def too_much(arguments: Iterable[str], path: str) -> UsageError:
    """Return that a command does not take so many arguments."""
    named = " ".join(map(repr, arguments))
    return UsageError(f"{path} takes no further argument: {named}", f"See: {path} --help")


def no_command(name: str, path: str, commands: Iterable[str]) -> UsageError:
    """Return that there is no command of this name; `commands` are the words that lead to each."""
    words = list(commands)
    below = [each for each in words if each.rpartition(" ")[2] == name]
    found = below[0] if below else closest(name, words)
    see = f"See: {path} --help"
    hint = f"Did you mean {path} {found}? {see}" if found else see
    return UsageError(f"{path} has no command {name!r}", hint)


def closest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that somebody may have meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    return next(iter(get_close_matches(name, list(names), 1, _LIKELY)), None)


def _name(parameter: Any) -> str:  # noqa: ANN401 - as above
    if parameter.param_type_name == "option":
        return str(max(parameter.opts, key=len))
    return metavar(parameter)


def _fault(error: typer_errors.BadParameter, parameter: Any) -> str:  # noqa: ANN401 - as above
    """Return why a value cannot be used: our own words, or that a variable holds no yes or no."""
    if isinstance(error, BadValueError):
        return error.message
    variable = parameter.envvar or ""
    if not metavar(parameter) and variable in os.environ:
        return f"{variable} is {os.environ[variable]!r}; set it to 1 or 0"
    return "the value cannot be used"
