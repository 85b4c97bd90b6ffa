"""What may come next on a command line, for the shells that ask for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from textwrap import shorten
from typing import Any, Final

from listrak_sync.cli.help_page import metavar

ASKED: Final = "_LISTRAK_SYNC_COMPLETE"
"""The variable by which a shell's script asks; its value is the name of the shell."""

_SUMMARY: Final = 60


def answer(program: Any, shell: str, arguments: Sequence[str]) -> None:  # noqa: ANN401 - typer keeps its types to itself
    """Print what may stand in place of the last argument, a line for each; nothing for files.

    zsh and fish get what it means as well, after a tab.
    """
    words = [_unquoted(each) for each in _joined(arguments)] or [""]
    for value, meaning in candidates(program, words):
        if not value.isprintable():  # each stands on a line of its own
            continue
        summary = shorten(meaning, _SUMMARY, placeholder=" …")
        told = f"\t{summary}" if summary and shell != "bash" else ""
        sys.stdout.write(f"{value}{told}\n")


def _unquoted(word: str) -> str:
    """Return a word without the quotes and backslashes that bash hands on."""
    return word.strip("'\"").replace("\\", "")


def _joined(arguments: Sequence[str]) -> Iterator[str]:
    """Yield arguments in which --name=value is one: bash divides it at the equals sign."""
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word.startswith("--") and left[:1] == ["="]:
            left.pop(0)
            word = f"{word}={left.pop(0) if left else ''}"
        yield word


def candidates(program: Any, words: Sequence[str]) -> list[tuple[str, str]]:  # noqa: ANN401 - as above
    """Return what may stand in place of the last of some words, each with what it means."""
    *before, current = words
    command, options = program, list[str]()
    wanted: Any = None
    takes_options = True
    for word in before:
        if wanted is not None:
            wanted = None
            continue
        if word == "--":
            takes_options = False
        elif word.startswith("-") and takes_options:
            name, equals, _ = word.partition("=")
            options.append(name)
            option = _option(command, name)
            wanted = option if option is not None and metavar(option) and not equals else None
        else:
            command = _below(command, word) or command
    if wanted is not None and not (_may_stand_alone(wanted) and current.startswith("-")):
        return _matching(_values(wanted, before), current)
    if current.startswith("--") and "=" in current and takes_options:
        name, _, value = current.partition("=")
        option = _option(command, name)
        return _matching(_values(option, before), value) if option is not None else []
    if current.startswith("-") and takes_options:
        return _matching(_unused(command, options), current)
    return _matching(_arguments(command, before), current)


def _below(command: Any, word: str) -> Any:  # noqa: ANN401 - as above
    """Return the command below another one that a word names, None where there is none."""
    if word in getattr(command, "below", {}):
        return command.at(word)
    return getattr(_loaded(command), "commands", {}).get(word)


def _loaded(command: Any) -> Any:  # noqa: ANN401 - as above
    return command.load() if hasattr(command, "load") else command


def _option(command: Any, name: str) -> Any:  # noqa: ANN401 - as above
    return next((each for each in _loaded(command).params if name in each.opts), None)


def _may_stand_alone(option: Any) -> bool:  # noqa: ANN401 - as above
    """Say whether the value of an option may be left out."""
    return metavar(option).startswith("[")


def _unused(command: Any, options: Sequence[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    for each in _loaded(command).params:
        if each.param_type_name != "option" or each.hidden:
            continue
        if each.multiple or not set(each.opts) & set(options):
            yield max(each.opts, key=len), each.help or ""
    yield "--help", "Show this help."


def _arguments(command: Any, before: Sequence[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    loaded = _loaded(command)
    for name in getattr(command, "below", {}):
        yield name, _loaded(command.at(name)).get_short_help_str()
    for name, below in getattr(loaded, "commands", {}).items():
        yield name, below.get_short_help_str()
    if "--resume" in before:
        yield from _runs(before)
    for each in loaded.params:
        if each.param_type_name == "argument":
            yield from _values(each, before)


def _values(parameter: Any, before: Sequence[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    """Yield what an option or an argument may be; nothing where it is a file or anything else."""
    match metavar(parameter).strip("[]"):
        case "RUN":
            yield from _runs(before)
        case "MAPPING":
            yield from _mappings(before)
        case words if "|" in words:
            yield from ((word, "") for word in words.split("|"))


def _matching(found: Iterator[tuple[str, str]], current: str) -> list[tuple[str, str]]:
    return [(value, meaning) for value, meaning in found if value.startswith(current)]


def _runs(before: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the runs of the journal, the newest first."""
    from listrak_sync.delivery.journal import default_journal  # noqa: PLC0415 - slow
    from listrak_sync.delivery.run_names import run_names  # noqa: PLC0415 - as above

    named = _given(before, "--journal")
    path = named[-1] if named else os.fspath(default_journal())
    yield from run_names(path)


def _mappings(before: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names in the mapping files of a command line; in faulty ones there are none."""
    from pathlib import Path  # noqa: PLC0415 - not for commands

    from listrak_sync.errors import ListrakSyncError  # noqa: PLC0415 - as above
    from listrak_sync.mapping.file import load  # noqa: PLC0415 - slow

    default = os.environ.get("LISTRAK_SYNC_MAPPING")
    for file in _given(before, "--mapping", "-m") or ([default] if default else []):
        with suppress(ListrakSyncError, OSError):
            for mapping in load(Path(file)):
                yield mapping.name, f"in {file}"


def _given(before: Sequence[str], *names: str) -> list[str]:
    """Return the values of an option on a command line."""
    found = [value for name, value in pairwise(before) if name in names]
    return found + [
        each.partition("=")[2] for each in before if each.partition("=")[0] in names and "=" in each
    ]
