"""The README says what the program does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from listrak_sync import __version__
from listrak_sync.cli import program
from listrak_sync.cli.startup import LazyCommand
from listrak_sync.reasons import Reason
from tests.cli.conftest import TIMEOUT

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = "<!-- options of {} -->\n{}<!-- end -->"


def commands() -> dict[str, Any]:
    """Return every command by its words."""
    found: dict[str, Any] = {}

    def walk(group: Any, words: tuple[str, ...]) -> None:
        for name, command in group.commands.items():
            if isinstance(command, LazyCommand):
                for below in command.below:
                    found[" ".join((*words, name, below))] = command
                command = command.load()  # noqa: PLW2901 - what it stands for
            if hasattr(command, "commands"):
                walk(command, (*words, name))
            else:
                found[" ".join((*words, name))] = command

    walk(program, ())
    return found


def table(command: Any) -> str:
    """Return a command's options as a Markdown table, in their groups."""
    rows, panel = ["| option | meaning |", "| --- | --- |"], None
    for option in command.params:
        if option.param_type_name == "option":
            if option.rich_help_panel != panel:
                panel = option.rich_help_panel
                rows.append(f"| **{panel}** | |")
            names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
            meaning = " ".join((option.help or "").split())
            rows.append(f"| {names} | {meaning} |")
    return "\n".join((*rows, ""))


@pytest.mark.parametrize("name", ["dry-run", "plan", "push"])
def test_option_tables_equal_the_help(name: str) -> None:
    """The tables of options hold what --help says; LISTRAK_SYNC_WRITE=1 writes them anew."""
    text = README.read_text("utf-8")
    block = BLOCK.format(name, table(commands()[name]))
    pattern = BLOCK.format(re.escape(name), "(?s:.*?)")
    if os.environ.get("LISTRAK_SYNC_WRITE"):
        README.write_text(re.sub(pattern, lambda _: block, text), "utf-8")
    assert block in README.read_text("utf-8")


def test_every_command_is_named() -> None:
    """The README's table of commands has every command, and no other."""
    section = README.read_text("utf-8").split("## Commands")[1].split("###")[0]
    named = {
        re.split(r" [A-Z]", words)[0]
        for cell in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
        for words in re.findall(r"`([^`]+)`", cell)
    }
    assert named == set(commands())


def test_exit_statuses_are_those_of_the_errors() -> None:
    """Each exception's status is in the README's table."""
    from listrak_sync import errors  # noqa: PLC0415 - only here

    section = README.read_text("utf-8").split("| status | means |")[1].split("\n\n")[0]
    listed = set(re.findall(r"\d+", section))
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    assert {str(each.exit_status) for each in kinds if hasattr(each, "exit_status")} <= listed


def test_every_reason_is_named() -> None:
    """Each reason for a skip, a reject or a refusal is in the README."""
    text = README.read_text("utf-8")
    assert not {reason for reason in Reason if f"`{reason}`" not in text}


def test_the_changelog_has_unreleased_changes() -> None:
    """What has changed since the newest version is told under Unreleased."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    unreleased = text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]
    assert re.search(r"^- \S", unreleased, re.MULTILINE)


def test_runs_as_a_module() -> None:
    """`python -m listrak_sync` is the program."""
    ran = subprocess.run(
        [sys.executable, "-m", "listrak_sync", "--version"], capture_output=True, check=True
    )
    assert ran.stdout.decode() == f"listrak-sync {__version__}\n"


def test_the_changelog_names_the_version() -> None:
    """The changelog's newest entry is this version."""
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_first_steps(tmp_path: Path) -> None:
    """The first commands run as they stand where the repository's files are."""
    for name in ("examples", "mappings.example.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    section = README.read_text("utf-8").partition("<!-- first steps -->")[2].split("```")[1]
    script = "\n".join(re.findall(r"^\$ (.+)$", section, re.MULTILINE))
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    ran = subprocess.run(
        ["bash", "-ec", script],
        cwd=tmp_path,
        env={"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert script.count("\n") == 3
    assert b"contacts" in ran.stdout
    assert (tmp_path / "rejects.ndjson").read_text() == ""
