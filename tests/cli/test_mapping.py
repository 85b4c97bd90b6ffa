"""`listrak-sync mapping`: what goes in, what comes out, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from listrak_sync.cli.mapping import app
from listrak_sync.errors import UsageError
from listrak_sync.mapping.file import load
from listrak_sync.mapping.schema import mapping_file_schema

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

ANSWER = json.dumps(
    {
        "data": {
            "subscriptions": [
                {
                    "name": "Größe L",
                    "trigger": 'type = "track"',
                    "settings": {"listId": 12345, "profileFieldValues": {"789": "on"}},
                },
                {"name": "Slack", "trigger": 'type = "track"', "settings": {"text": "hi"}},
            ]
        }
    }
)


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Run a command of the group."""
    return CliRunner().invoke(app, arguments, input=stdin)


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    """Return a file with an answer of the Public API."""
    file = tmp_path / "answer.json"
    file.write_text(ANSWER)
    return file


def test_schema() -> None:
    """The schema is printed as JSON, and nothing else is."""
    ran = run("schema")
    assert json.loads(ran.stdout) == mapping_file_schema()
    assert ran.stderr == ""


def test_import(answer: Path, tmp_path: Path) -> None:
    """The mapping file is printed, and on the other stream what was left out."""
    ran = run("import", str(answer))
    assert ran.exit_code == 0
    printed = tmp_path / "m.yaml"
    printed.write_text(ran.stdout, encoding="utf-8")
    (mapping,) = load(printed)
    assert mapping.name == "Größe L"
    assert ran.stderr == "left out: Slack: it has no settings of Listrak\n"
    assert run("import", str(answer), "--quiet").stderr == ""


def test_several(answer: Path, tmp_path: Path) -> None:
    """Several files and folders of .tf files make one mapping file."""
    folder = tmp_path / "sync" / "listrak"
    folder.mkdir(parents=True)
    (folder / "vip.tf").write_text(
        'resource "segment_destination_subscription" "vip" {\n  name = "VIP"\n'
        '  settings = jsonencode({listId = 1, profileFieldValues = {"7" = "on"}})\n'
        '  trigger = "type = \\"track\\""\n}\n'
    )
    ran = run("import", str(answer), str(tmp_path / "sync"))
    assert ran.exit_code == 0
    assert [line for line in ran.stdout.splitlines() if "name:" in line] == [
        "  - name: Größe L",
        "  - name: VIP",
    ]
    hidden = tmp_path / "sync" / ".terraform"
    hidden.mkdir()
    (hidden / "copy.tf").write_text((folder / "vip.tf").read_text())
    assert run("import", str(tmp_path / "sync")).stdout.count("name:") == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    error = run("import", str(empty)).exception
    assert isinstance(error, UsageError)
    assert error.message == f"{empty}: there is no .tf file in this folder"


def test_many_others(tmp_path: Path) -> None:
    """Many subscriptions of other destinations are told by their number."""
    (listrak, other) = json.loads(ANSWER)["data"]["subscriptions"]
    file = tmp_path / "s.json"
    file.write_text(json.dumps([listrak, *[other] * 11]))
    assert run("import", str(file)).stderr == "left out: 11 subscriptions of other destinations\n"


def test_standard_input(answer: Path) -> None:
    """`-` reads standard input."""
    ran = run("import", "-", stdin=ANSWER)
    named = run("import", str(answer)).stdout
    assert "import from standard input." in ran.stdout
    assert ran.stdout.splitlines()[-5:] == named.splitlines()[-5:]


def test_output(answer: Path, tmp_path: Path) -> None:
    """With --output nothing is printed, and the file is what would have been."""
    file = tmp_path / "m.yaml"
    ran = run("import", str(answer), "-o", str(file))
    assert ran.stdout == ""
    assert file.read_text(encoding="utf-8") == run("import", str(answer)).stdout
    assert f"{file}: 1 mapping written" in ran.stderr
    assert f"listrak-sync mapping check -m {file}" in ran.stderr


def test_output_exists(answer: Path, tmp_path: Path) -> None:
    """A file is not replaced, unless with --force."""
    file = tmp_path / "m.yaml"
    file.write_text("mine")
    error = run("import", str(answer), "-o", str(file)).exception
    assert isinstance(error, UsageError)
    assert (error.message, error.hint) == (
        f"{file}: this file exists already",
        "Name another file, or replace it with --force.",
    )
    assert file.read_text() == "mine"
    assert run("import", str(answer), "-o", str(file), "--force").exit_code == 0
    assert [mapping.name for mapping in load(file)] == ["Größe L"]


def test_unusable(answer: Path, tmp_path: Path) -> None:
    """A file that cannot be read or written, or holds something else, is a matter of usage."""
    for arguments in (
        (str(tmp_path / "missing.json"),),
        (str(tmp_path),),
        (str(answer), "-o", str(tmp_path / "missing" / "m.yaml")),
        ("-",),
    ):
        error = run("import", *arguments, stdin="{}").exception
        assert isinstance(error, UsageError)
        assert error.hint


def test_bad_input_leaves_no_file(tmp_path: Path) -> None:
    """Where nothing can be imported, no file is made or replaced."""
    file = tmp_path / "m.yaml"
    assert isinstance(run("import", "-", "-o", str(file), stdin="{}").exception, UsageError)
    assert not file.exists()


def test_new() -> None:
    """The mapping of an audience is printed, in one or in two."""
    once = run("new", "vip", "--list", "5", "--field", "9")
    assert (once.exit_code, once.stderr) == (0, "")
    assert once.stdout.count("- name:") == 1
    assert run("new", "vip", "--list", "5", "--field", "9", "--separate").stdout.count(": o") == 2


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--field", "9", "--create", "A", "--group", "B"),
        ("--create", "A"),
        ("--field", "9", "--group", "B"),
        ("--create", " ", "--group", "B"),
    ],
)
def test_new_refused(options: tuple[str, ...]) -> None:
    """A field is given in exactly one way."""
    assert isinstance(run("new", "vip", "--list", "5", *options).exception, UsageError)
    assert isinstance(run("new", " ", "--list", "5", "--field", "9").exception, UsageError)


def test_import_as_conditions(cli: Cli) -> None:
    """--conditions writes a trigger as the conditions that say the same."""
    settings = {"list_id": "7", "profile_field_values": {"1": "on"}}
    subscription = {
        "id": "a",
        "name": "VIP",
        "enabled": True,
        "actionSlug": "updateEmailContactProfileFields",
        "trigger": 'type = "track" and event = "Entered"',
        "settings": settings,
    }
    path = cli.folder / "s.json"
    path.write_text(json.dumps({"data": {"subscriptions": [subscription]}}))
    assert "    trigger: type" in cli.run("mapping", "import", "s.json").out
    written = cli.run("mapping", "import", "s.json", "--conditions")
    assert (written.status, "trigger:" in written.out) == (0, False)
    assert "conditions:\n      - type: track\n      - event: Entered\n" in written.out
