"""What docs/inputs.md says of inputs is so: its files, its outputs, its tables."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from listrak_sync.input.blocks import read
from listrak_sync.input.row_events import row_events
from listrak_sync.input.sources import RowOptions, Source
from tests.cli.conftest import COMMAND, Cli, Start, cli, event, start

__all__ = ["cli", "start"]

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "inputs.md").read_text("utf-8")
FILES = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
OUTPUTS = re.findall(
    r"<!-- output -->\n```console\n\$ listrak-sync (.*?)\n(.*?)```", PAGE, re.DOTALL
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a folder with the files of the page."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES:
        Path(name).write_text(text)


@pytest.mark.parametrize(("command", "output"), OUTPUTS)
def test_outputs(cli: Cli, command: str, output: str) -> None:
    """The commands of the page print what stands below them."""
    for name, text in FILES:
        (cli.folder / name).write_text(text)
    ran = cli.run(*shlex.split(command))
    assert (ran.status, ran.out) == (0, output), ran.err


def test_event() -> None:
    """The event of a row is the one on the page."""
    text = re.search(r"<!-- event of row 2 -->\n```json\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    (block,) = read([Source("vip.csv", rows=RowOptions(audience="vip_shoppers"))])
    columns = getattr(block, "columns", None)
    assert columns is not None
    found = row_events(block, columns)  # type: ignore[arg-type]  # it has columns
    assert json.loads(found.lines[0]) == json.loads(text[1])


def test_links() -> None:
    """Every link within the page and to it leads to a heading."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), re.MULTILINE
    )
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    others = [ROOT / "README.md", ROOT / "docs" / "delivery.md", ROOT / "docs" / "mapping.md"]
    linked = {*re.findall(r"\]\(#(.+?)\)", PAGE)}
    for page in others:
        linked |= {*re.findall(r"inputs\.md#(.+?)\)", page.read_text("utf-8"))}
    assert linked <= anchors
    assert "](docs/inputs.md" in (ROOT / "README.md").read_text("utf-8")


def test_folder_that_grows(cli: Cli, start: Start) -> None:
    """The recipe for a folder that grows sends each file once, whatever the bucket gets."""
    sandbox = start()
    page = (ROOT / "docs" / "delivery.md").read_text("utf-8")
    recipe = re.search(r"<!-- recipe: a folder that grows -->\n```sh\n(.*?)```", page, re.DOTALL)
    assert recipe is not None
    programs, bucket = cli.folder / "bin", cli.folder / "bucket"
    programs.mkdir()
    bucket.mkdir()
    aws = programs / "aws"
    aws.write_text('#!/bin/sh\ntest "$1 $2" = "s3 sync"\nmkdir -p "$4"\ncp -pR bucket/. "$4"\n')
    aws.chmod(0o755)
    (programs / "listrak-sync").symlink_to(COMMAND)
    (cli.folder / "mappings.yaml").write_text((cli.folder / "m.yaml").read_text())
    environment = {**cli.environment, "PATH": f"{programs}{os.pathsep}{cli.environment['PATH']}"}
    sent: list[int] = []
    for name in ("a.json", "b.json"):
        (bucket / name).write_text(event(f"{name}@example.com"))
        for _ in range(2):
            ran = subprocess.run(
                ["bash", "-c", recipe[1]],
                cwd=cli.folder,
                env=environment,
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            assert (ran.returncode, ran.stderr) == (0, b"")
            sent.append(sum(each.path.endswith("SegmentationField") for each in sandbox.requests))
    assert sent == [1, 1, 2, 2]
