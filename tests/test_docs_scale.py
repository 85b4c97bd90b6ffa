"""What docs/scale.md says is so: its links, its options, its recipes."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from listrak_sync.input.sources import expand
from listrak_sync.mapping.file import parse
from tests.spark import nasty
from tests.spark.conftest import IS_WANTED
from tests.test_inputs import Dry
from tests.test_readme import commands

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")
RECIPES = dict(re.findall(r"<!-- recipe: (\w+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))
MODULES = {"ray": "ray", "dask": "distributed"}


def test_links() -> None:
    """Every link within the page leads to a heading, and others lead to it."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), re.MULTILINE
    )
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    assert {*re.findall(r"\]\(#(.+?)\)", PAGE)} <= anchors
    assert "](docs/scale.md" in (ROOT / "README.md").read_text("utf-8")


def test_options() -> None:
    """The page names each option of the command that is not one of the input's."""
    options = {name for each in commands()["spark"].params for name in each.opts}
    elsewhere = {"events", "-q", "-v", "--verbose", "--mapping", "--email-column", "--format-in"}
    assert {name for name in options - elsewhere if f"{name}" not in PAGE} == set()


@pytest.mark.skipif(not IS_WANTED, reason="python -m tests --engines runs it")
@pytest.mark.parametrize("engine", RECIPES)
def test_recipe(engine: str, tmp_path: Path) -> None:
    """The recipe for an engine comes to what dry-run comes to, in forty lines or so."""
    pytest.importorskip(MODULES[engine], reason=f"{engine} is not installed")
    nasty.write(tmp_path / "in", 3000, 65)
    (tmp_path / "m.yaml").write_text(nasty.MAPPINGS)
    (tmp_path / "recipe.py").write_text(RECIPES[engine])
    files = [each.file for each in expand([str(tmp_path / "in")])]
    home = {"HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "recipe.py", "m.yaml", "out", *files],
        cwd=tmp_path,
        env=os.environ | home,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    dry = Dry(expand([str(tmp_path / "in")]), parse("m.yaml", nasty.MAPPINGS))
    for name, expected in (("update", dry.contacts), ("reject", dry.rejects), ("fault", [])):
        written = sorted((tmp_path / "out" / name).iterdir())
        lines = [
            line for each in written for line in gzip.decompress(each.read_bytes()).split(b"\n")
        ]
        assert sorted(filter(None, lines)) == sorted(expected)
    assert len(RECIPES[engine].splitlines()) < 50
