"""Names of files and mappings, whatever is in them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import event, events

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

PUSH = ("push", "e.ndjson", "-m", "m.yaml")
DRY = ("dry-run", "e.ndjson", "-m", "m.yaml")


NO_TEXT = os.fsdecode(b"e\xff.ndjson")


@pytest.mark.parametrize("options", [(), ("--explain",), ("--format", "updates"), ("--json",)])
def test_file_name_that_is_no_text(cli: Cli, options: tuple[str, ...]) -> None:
    """A file whose name is not UTF-8 is read like any other, and shown with its bytes escaped."""
    (cli.folder / NO_TEXT).write_text(events(2) + "x\n")
    ran = cli.run("dry-run", NO_TEXT, "-m", "m.yaml", "--rejects", "r.ndjson", *options)
    assert "Traceback" not in ran.err
    assert ran.status == 6
    assert [one["file"] for one in cli.rejects()] == [r"e\xff.ndjson"]
    if "updates" in options or "--explain" in options:
        assert {json.loads(line)["file"] for line in ran.out.splitlines()} == {r"e\xff.ndjson"}


def test_names_that_are_no_text(cli: Cli, start: Start) -> None:
    """Mapping, events, rejects and journal may have such names, also where a run is resumed."""
    sandbox = start()
    names = [os.fsdecode(name) for name in (b"m\xff.yaml", b"\xff.ndjson", b"r\xff", b"j\xff")]
    mapping, file, rejects, journal = names
    (cli.folder / "m.yaml").rename(cli.folder / mapping)
    (cli.folder / file).write_text(events(2) + "x\n" + event("nobody"))
    options = ("--rejects", rejects, "--journal", journal)
    first = cli.run("push", file, "-m", mapping, "--max-rejects", "0", *options)
    again = cli.run("push", "--resume", *options, "--max-rejects", "9")
    assert (first.status, again.status) == (7, 6)
    assert "Traceback" not in first.err + again.err
    assert len(sandbox.values()[12345]) == 2
    (line,) = cli.run("runs", "--json", "--journal", journal).out.splitlines()
    assert json.loads(line)["state"] == "finished"
    missing = cli.run("push", os.fsdecode(b"\xfe"), "-m", mapping, "--json")
    assert (missing.status, missing.json()["error"]) == (2, r"\udcfe: No such file or directory")
    told = cli.run("dry-run", "e.ndjson", "-m", mapping, "--explain")
    assert told.status == 0
    assert cli.run("mapping", "check", "-m", mapping, "--json").json()["file"] == r"m\xff.yaml"


def test_names_like_markup(cli: Cli) -> None:
    """A mapping's name is shown as it is: not as markup, and on its line."""
    text = (cli.folder / "m.yaml").read_text()
    names = ["[red]x", "[/]", ":smile:", r"a\nb", r"\e[31mc"]
    entries = "".join(text.partition("\n")[2].replace("VIP", f'"{name}"') for name in names)
    (cli.folder / "m.yaml").write_text(f"mappings:\n{entries}")
    ran = cli.run(*DRY)
    assert ran.status == 0
    for name in ("[red]x", "[/]", ":smile:", r"a\nb", r"\x1b[31mc"):
        assert any(line.split()[:2] == [name, "3"] for line in ran.out.splitlines())


def test_output_that_is_no_utf8(cli: Cli) -> None:
    """What standard output cannot encode is escaped."""
    text = (cli.folder / "m.yaml").read_text()
    (cli.folder / "m.yaml").write_text(text.replace("VIP", "Jürgen ✓"), "utf-8")
    ran = cli.run_fresh(*DRY, changed={"PYTHONIOENCODING": "ascii"})
    assert (ran.status, ran.err) == (0, "")
    assert r"J\xfcrgen \u2713" in ran.out
