"""The benchmarks run, and say what they were run on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import start
from benchmarks.__main__ import _cases, main

README = Path(__file__).parent.parent / "README.md"


def test_benchmarks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every case is measured beside its baseline, and the machine is named; times may vary."""
    pytest.importorskip("orjson")
    path = tmp_path / "results.json"
    main(["--lines", "3000", "--contacts", "2000", "--runs", "1", "--json", str(path)])
    found = json.loads(path.read_text())
    names = [each["name"] for each in found["results"]]
    assert {"orjson.loads", "one mapping", "fifty mappings", "gzip", "pipe"} <= set(names)
    for each in found["results"]:
        assert each["seconds"] > 0
        assert each["peak_bytes"] > 1_000_000
        assert (each["times_as_fast"] is None) is (each["baseline"] is None)
        assert each["baseline"] in {None, *names}
    assert {"processor", "cores", "python", "versions", "lines"} <= set(found)
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)


def test_readme_shows_every_case(tmp_path: Path) -> None:
    """The README's table has each case on a line, in order; jq may be missing here."""
    table = README.read_text("utf-8").partition("compared with\n")[2].partition("```")[0]
    shown = [line[:24].rstrip() for line in table.splitlines()]
    names = [case.name for case in _cases(tmp_path, lines=20, contacts=20, port=0)]
    assert [name for name in shown if name in names] == names
    assert {*shown} - {*names} <= {"jq select", "one mapping, once more"}


def test_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Each start is told beside the import of typer; times may vary."""
    start.main(["--runs", "1"])
    shown = capsys.readouterr().out.splitlines()[1:]
    assert [line[:12].rstrip() for line in shown] == list(start.CASES)
