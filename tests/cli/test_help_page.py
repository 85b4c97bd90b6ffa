"""The help of commands."""

from __future__ import annotations

import re
import shlex
import sys
from typing import Any

import pytest

from listrak_sync.cli import main, program
from listrak_sync.cli.completion import candidates
from listrak_sync.cli.help_page import EXAMPLE, PANELS
from listrak_sync.cli.startup import LazyCommand
from tests.test_readme import commands

NAMES = [*commands()]


def page(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the help of a command prints."""
    monkeypatch.setattr(sys, "argv", ["listrak-sync", *name.split(), "--help"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    return capsys.readouterr().out


def command(name: str) -> Any:
    """Return a command by its words."""
    found: Any = commands()[name]
    below = name.rpartition(" ")[2]
    if isinstance(found, LazyCommand):
        found = found.at(below).load()
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_width(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page is as wide as the terminal, 120 columns at most; an example stays on its line."""
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = page(name, monkeypatch, capsys)
    text, _, example = shown.rpartition("\n\nExample")
    assert example.splitlines()[1].startswith("  listrak-sync ")
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= min(columns, 120) or " " not in line.strip()
    assert not re.search(r"<\w+(\[\w+\])?>|x>=|<=x", shown)


@pytest.mark.parametrize("name", ["dry-run", "plan", "push"])
def test_groups(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The options of a run are in groups, always in the same order."""
    monkeypatch.setenv("COLUMNS", "80")
    headings = re.findall(r"^(\w.*):$", page(name, monkeypatch, capsys), re.MULTILINE)
    assert headings == ["Arguments", *PANELS, "Example"]
    ungrouped = [each.name for each in command(name).params if each.rich_help_panel is None]
    assert ungrouped == []


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    """The example of a command is one of that command, and every option in it exists."""
    examples = re.findall(rf"^{EXAMPLE}(.+)$", command(name).help, re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" > ")[0])
        assert words[: len(name.split()) + 1] == ["listrak-sync", *name.split()]
        options = {option for each in command(name).params for option in each.opts}
        assert {word for word in words if word.startswith("-")} <= options


def test_defaults_and_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What holds unless something is given is shown as it can be given, with the variable."""
    monkeypatch.setenv("COLUMNS", "120")
    shown = " ".join(page("push", monkeypatch, capsys).split())
    assert "[default: 1M]" in shown
    assert "[default: timestamp]" in shown
    assert "[env: LISTRAK_SYNC_MAPPING]" in shown
    assert "default: False" not in shown


def test_usage_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The first line says what has to be given."""
    monkeypatch.setenv("COLUMNS", "100")
    for name, usage in (
        ("push", "[OPTIONS] [EVENTS]..."),
        ("contact", "[OPTIONS] --list ID EMAIL"),
        ("mapping check", "[OPTIONS] [FILE]"),
        ("fields create", "[OPTIONS] --group GROUP LIST_ID NAME..."),
        ("mapping", "[OPTIONS] COMMAND [ARGUMENTS]..."),
    ):
        first = page(name, monkeypatch, capsys).splitlines()[0]
        assert first == f"Usage: listrak-sync {name} {usage}"


def test_what_is_completed_is_shown() -> None:
    """The commands that are completed are those of the help."""
    assert [value for value, _ in candidates(program, [""])] == [*program.commands]
