"""Command lines are completed, in real shells as well."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli import program
from listrak_sync.cli.completion import answer, candidates
from listrak_sync.cli.completion_scripts import SHELLS
from tests.cli.conftest import COMMAND, TIMEOUT
from tests.cli.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli, Start

TWO = """\
mappings:
  - name: VIP shoppers
    trigger: type = "track"
    list_id: 1
    profile_field_values: {7: on}
  - name: "Big: spenders"
    trigger: type = "track"
    list_id: 1
    profile_field_values: {8: on}
"""


def found(*words: str) -> list[str]:
    """Return what may stand in place of the last word."""
    return [value for value, _ in candidates(program, words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pu",), ["push"]),
        (("mapping", "ch"), ["check"]),
        (("fields", ""), ["create"]),
        (("fields", "create", "--ty"), ["--type"]),
        (("push", "--progress", ""), ["auto", "bar", "text", "none"]),
        (("push", "--progress", "b"), ["bar"]),
        (("push", "--progress=t"), ["text"]),
        (("push", "--only-ch"), ["--only-changes"]),
        (("push", "--only-changes", "--only-ch"), []),
        (("push", "--only", "x", "--only"), ["--only", "--only-changes"]),
        (("push", "--wait", "--no-j"), ["--no-journal"]),
        (("push", "--mapping", ""), []),
        (("push", "--", "--no"), []),
        (("push", "exports/"), []),
        (("nothing", "--x"), []),
        (("--show-completion", ""), ["bash", "zsh", "fish"]),
        (("--ver",), ["--version"]),
    ],
    ids=" ".join,
)
def test_candidates(words: tuple[str, ...], expected: list[str]) -> None:
    """Commands, options and choices are proposed; where a file may stand, nothing is."""
    assert found(*words) == expected


def test_every_command_is_proposed() -> None:
    """At the beginning every command is proposed, with what it does."""
    assert dict(candidates(program, [""])).keys() == program.commands.keys()
    assert all(meaning for _, meaning in candidates(program, [""]))


def test_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--only takes the names in the mapping files of the command line, or of the variable."""
    (tmp_path / "m.yaml").write_text(TWO)
    (tmp_path / "faulty.yaml").write_text("mappings: [")
    monkeypatch.chdir(tmp_path)
    assert found("push", "-m", "m.yaml", "--only", "") == ["VIP shoppers", "Big: spenders"]
    assert found("push", "--mapping=m.yaml", "--only=V") == ["VIP shoppers"]
    assert found("push", "-m", "faulty.yaml", "--only", "") == []
    assert found("push", "-m", "absent.yaml", "--only", "") == []
    monkeypatch.setenv("LISTRAK_SYNC_MAPPING", "m.yaml")
    assert found("dry-run", "--only", "B") == ["Big: spenders"]


def test_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each candidate is a line, with its meaning for zsh and fish; quotes of bash are known."""
    (tmp_path / "m.yaml").write_text(TWO.replace("Big: spenders", r"VIP\nno line"))
    monkeypatch.chdir(tmp_path)
    for shell, arguments, out in (
        ("fish", ["push", "-m", "m.yaml", "--only", "V"], "VIP shoppers\tin m.yaml\n"),
        ("zsh", ["push", "--progress", "b"], "bar\n"),
        ("bash", ["push", "-m", "m.yaml", "--only", '"VIP sh'], "VIP shoppers\n"),
        ("bash", ["push", "-m", "m.yaml", "--only", r"VIP\ sh"], "VIP shoppers\n"),
        ("bash", ["push", "--progress", "=", "b"], "bar\n"),
        ("bash", ["push", "--progress", "="], "auto\nbar\ntext\nnone\n"),
    ):
        answer(program, shell, arguments)
        assert capsys.readouterr().out == out


def test_runs(cli: Cli, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a run is named, those of the journal are proposed, the newest first."""
    start()
    monkeypatch.chdir(cli.folder)
    (cli.folder / "no journal").write_text("x")
    assert found("push", "--journal", "j", "--resume", "") == []
    assert not (cli.folder / "j").exists()
    assert found("push", "--journal", "no journal", "--resume", "") == []
    for _ in range(2):
        assert cli.run("push", "e.ndjson", "-m", "m.yaml", "--journal", "j").status == 0
    listed = [line.split()[0] for line in cli.run("runs", "--journal", "j").out.splitlines()[1:]]
    assert found("push", "--journal", "j", "--resume", "") == listed
    assert found("runs", "--journal=j", "--forget", listed[0]) == [listed[0]]


def with_shell(shell: str) -> str:
    """Return the path of a shell, or skip the test where it is missing."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"there is no {shell} on this machine")
    return path


COMMANDS = {
    "bash": "bash --noprofile -i",
    "zsh": "zsh -i",
    "fish": "fish -i",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_shell(cli: Cli, shell: str) -> None:
    """Installed, it completes commands, options, choices and names with blanks, and runs them."""
    with_shell(shell)
    (cli.folder / "m.yaml").write_text(TWO.replace("list_id: 1", "list_id: 12345"))
    # so that fish does not read all manual pages first
    (cli.folder / ".local/share/fish/generated_completions").mkdir(parents=True)
    home = {"PATH": f"{COMMAND.rpartition('/')[0]}:/usr/bin:/bin", "HOME": str(cli.folder)}
    with Screen(cli, COMMANDS[shell], 120, changed={**home, "SHELL": shell}) as screen:
        screen.until(prompts)
        screen.type("listrak-sync --install-completion\r")
        screen.until(lambda frame: f"A new {shell} completes listrak-sync." in frame)
        screen.type("exit\r")
        screen.end()
    with Screen(cli, COMMANDS[shell], 120, changed=home) as screen:
        screen.until(prompts)
        for typed, shown in (
            ("listrak-sync dry\t", "listrak-sync dry-run"),
            ("e.nd\t", "dry-run e.ndjson"),
            ("-m m.yaml --progr\t", "m.yaml --progress"),
            ("no\t", "--progress none"),
            ("--only VI\t", r"--only VIP\ shoppers"),
            ("--qui\t", r"shoppers --quiet"),
        ):
            screen.type(typed)
            screen.until(lambda frame, wanted=shown: any(wanted in line for line in frame))  # type: ignore[misc]  # bound now
        screen.type("\r")
        screen.until(lambda frame: any("VIP shoppers" in line and "3 on" in line for line in frame))
        screen.type("exit\r")
        status, _ = screen.end()
    assert status == 0


def prompts(frame: list[str]) -> bool:
    """Say whether a shell is ready to read a line."""
    return bool(frame) and frame[-1].endswith(("#", "$", "%", ">"))


def test_installed_once(cli: Cli) -> None:
    """Installing twice changes nothing the second time."""
    (cli.folder / ".zshrc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert cli.run("--install-completion", "zsh", changed={"HOME": str(cli.folder)}).status == 0
    first, *lines = (cli.folder / ".zshrc").read_text().splitlines()
    assert first == "alias ll='ls -l'"
    assert len(lines) == len(set(lines)) == 2


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_no_shell(cli: Cli, option: str) -> None:
    """A shell that is not known is refused, with those that are."""
    ran = cli.run(option, changed={"SHELL": "/bin/tcsh"})
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "error: 'tcsh' is not a shell that can complete\nName one: bash, zsh, fish.\n"
    assert cli.run(option, "ksh").status == 2


def test_where_it_cannot_be_written(cli: Cli) -> None:
    """Where a file cannot be written, the error says how to do it by hand."""
    (cli.folder / ".config").write_text("")
    ran = cli.run("--install-completion", "fish")
    assert ran.status == 3
    assert "--show-completion fish" in ran.err


@pytest.mark.parametrize("shell", SHELLS)
def test_script(cli: Cli, shell: str) -> None:
    """The script that is printed has no fault that its shell would find."""
    path = with_shell(shell)
    script = cli.run("--show-completion", shell).out
    checked = subprocess.run(
        [path, "-n"], input=script.encode(), capture_output=True, timeout=TIMEOUT, check=True
    )
    assert checked.stderr == b""
