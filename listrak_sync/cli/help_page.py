"""The help of a command: its arguments, its options by group, and an example."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

from listrak_sync.cli.folding import fold
from listrak_sync.cli.terminal import bold, width

WIDEST: Final = 120
"""Columns that a page takes at most: longer lines are hard to read."""

NARROW: Final = 60
"""Below so many columns, what an option means stands below its name."""

EXAMPLE: Final = "Example: "
PANELS: Final = (
    "Input",
    "Mapping",
    "What is sent",
    "Guards",
    "Delivery",
    "Journal",
    "Output",
    "Options",
)
"""The groups of options in the order of the page."""

_NAMES: Final = 30
_HELP: Final = "Show this help."


def help_page(command: Any, context: Any) -> str:  # noqa: ANN401 - typer keeps its types to itself
    """Return the help of a command or a group, as wide as the terminal."""
    columns = min(width(sys.stdout), WIDEST)
    return "\n".join(_lines(command, context, columns)).rstrip()


def _lines(command: Any, context: Any, columns: int) -> Iterator[str]:  # noqa: ANN401 - as above
    begin, end = bold(sys.stdout)
    yield from _wrapped(f"Usage: {usage(command, context)}", columns, "", "         ")
    paragraphs = [" ".join(each.split()) for each in (command.help or "").split("\n\n")]
    for paragraph in paragraphs:
        if not paragraph.startswith(EXAMPLE):
            yield ""
            yield from _wrapped(paragraph, columns, "  ", "  ")
    for heading, rows in _sections(command, context):
        yield from ("", f"{begin}{heading}:{end}")
        yield from _section(rows, columns)
    examples = [each.removeprefix(EXAMPLE) for each in paragraphs if each.startswith(EXAMPLE)]
    if examples:
        yield from ("", f"{begin}{'Example' if len(examples) == 1 else 'Examples'}:{end}")
        yield from (f"  {each}" for each in examples)  # on one line, to be copied
    if command.epilog:
        yield ""
        yield from _wrapped(" ".join(command.epilog.split()), columns, "  ", "  ")


def usage(command: Any, context: Any) -> str:  # noqa: ANN401 - as above
    """Return how a command is written."""
    words = [context.command_path, "[OPTIONS]"]
    words += [_names(each) for each in _of_kind(command, "option") if each.required]
    for each in _of_kind(command, "argument"):
        name = metavar(each) if each.required else f"[{metavar(each)}]"
        words.append(f"{name}..." if each.nargs != 1 else name)
    return " ".join([*words, *(["COMMAND [ARGUMENTS]..."] if hasattr(command, "commands") else [])])


def metavar(parameter: Any) -> str:  # noqa: ANN401 - as above
    """Return what stands for the value of an option or an argument, nothing for a switch."""
    if getattr(parameter, "is_flag", False):
        return ""
    return str(parameter.metavar or parameter.name.upper())


def _sections(command: Any, context: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:  # noqa: ANN401 - as above
    commands = getattr(command, "commands", {})
    if arguments := _of_kind(command, "argument"):
        yield "Arguments", [(metavar(each), _meaning(each)) for each in arguments]
    if commands:
        yield "Commands", [(name, each.get_short_help_str()) for name, each in commands.items()]
    options = _of_kind(command, "option")
    for panel in PANELS:
        rows = [
            (_names(each), _meaning(each))
            for each in options
            if (each.rich_help_panel or "Options") == panel and not each.hidden
        ]
        if panel == "Options":
            rows.append((", ".join(context.help_option_names), _HELP))
        if rows:
            yield panel, rows


def _of_kind(command: Any, kind: str) -> list[Any]:  # noqa: ANN401 - as above
    return [each for each in command.params if each.param_type_name == kind]


def _names(option: Any) -> str:  # noqa: ANN401 - as above
    names = ", ".join(sorted(option.opts, key=len))
    return f"{names} {metavar(option)}".rstrip()


def _meaning(parameter: Any) -> str:  # noqa: ANN401 - as above
    notes = []
    if parameter.envvar:
        notes.append(f"env: {parameter.envvar}")
    default = parameter.default
    if parameter.show_default and not (default is None or default is False or callable(default)):
        notes.append(f"default: {_shown(default)}")
    help_ = " ".join((parameter.help or "").split())
    return f"{help_}  [{'; '.join(notes)}]" if notes else help_


def _shown(default: object) -> str:
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, int):
        from listrak_sync.cli.options.values import shown_count  # noqa: PLC0415 - not for --help

        return shown_count(default)
    return str(default)


def _section(rows: Sequence[tuple[str, str]], columns: int) -> Iterator[str]:
    """Yield what names mean: beside them, or below those that are long."""
    is_narrow = columns < NARROW
    beside = min(max((len(name) for name, _ in rows), default=0), _NAMES - 4) + 4
    for name, meaning in rows:
        if is_narrow:
            yield from fold(f"  {name}", columns)
            yield from _wrapped(meaning, columns, " " * 6, " " * 6)
        elif len(name) + 4 > beside:
            yield from fold(f"  {name}", columns)
            yield from _wrapped(meaning, columns, " " * beside, " " * beside)
        else:
            yield from _wrapped(meaning, columns, f"  {name}".ljust(beside), " " * beside)


def _wrapped(text: str, columns: int, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
