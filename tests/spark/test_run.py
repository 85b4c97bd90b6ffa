"""What Spark writes is what dry-run shows, and what push delivers."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from listrak_sync.cli import program
from listrak_sync.errors import ListrakSyncError, StoppedError, UsageError
from listrak_sync.input.sources import expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import parse
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Account, Sandbox
from listrak_sync.spark import files, final_values, run
from listrak_sync.sync import push
from tests.scale.dry_runs import assert_same
from tests.spark import nasty
from tests.test_inputs import Dry

LINES = 240_000 if os.environ.get("LISTRAK_SYNC_TESTS") == "long" else 6000
FILES = 65


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coalesce small inputs in several parts as well."""
    monkeypatch.setattr(run, "SMALL_PART_BYTES", 1000)


def lines_of(folder: Path) -> list[bytes]:
    """Return the lines of all files that Spark has written to a folder."""
    files = sorted(folder.rglob("part-*.gz"))
    return [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


def left_by(source: Path, mappings: Any) -> Any:
    """Return what a sandbox holds after a push."""
    fields = dict.fromkeys([*range(700, 705), 790, 791, 792, 793, 795])
    with (
        Sandbox(Account.of_fields(dict.fromkeys(nasty.LISTS, fields))) as sandbox,
        Api(
            Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", "sandbox")
        ) as listrak,
    ):
        result = push(RunSettings(expand([str(source)]), mappings), RunCallbacks(), listrak)
        assert result.error is None
        return sandbox.values()


def test_nasty_input(spark: Any, tmp_path: Path) -> None:
    """Whatever is in the input, Spark comes to what dry-run comes to, and push to the same end."""
    source, to = tmp_path / "in", tmp_path / "out"
    nasty.write(source, LINES, FILES)
    (tmp_path / "m.yaml").write_text(nasty.MAPPINGS)
    mappings = parse("m.yaml", nasty.MAPPINGS)
    notes: list[str] = []
    report = final_values(spark, str(source), tmp_path / "m.yaml", to=str(to), on_note=notes.append)
    dry = Dry(expand([str(source)]), mappings)
    assert_same(dry, lines_of(to / "updates"), lines_of(to / "rejects"), report)
    assert set(report.rejected) == nasty.REASONS
    assert notes == [
        f"1 file left out: {source}/README.md",
        "enable_batching: false of alone: only the final values are kept",
    ]
    counts = [json.loads(line) for line in lines_of(to / "counts")]
    stored = {each.file for each in expand([str(source)]) if each.size}
    assert sorted(each["file"] for each in counts) == sorted(stored)
    assert sum(each["lines"] for each in counts) == dry.report.lines
    assert left_by(to / "updates", ()) == left_by(source, mappings)
    again = tmp_path / "again"
    fed_back = final_values(spark, str(to / "rejects"), tmp_path / "m.yaml", to=str(again))
    dry = Dry(expand([str(to / "rejects")]), mappings)
    assert_same(dry, lines_of(again / "updates"), lines_of(again / "rejects"), fed_back)


MAPPING = """\
mappings:
  - name: VIP
    trigger: context.personas.computation_key = "vip"
    list_id: 12
    profile_field_values: {789: useAudienceKey}
"""


def _event(email: str, *, is_member: bool, timestamp: str | None = None) -> bytes:
    event: dict[str, Any] = {
        "type": "identify",
        "context": {"personas": {"computation_key": "vip"}},
        "traits": {"email": email, "vip": is_member},
    }
    return json.dumps(event | ({"timestamp": timestamp} if timestamp else {})).encode()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder with a mapping file and events."""
    monkeypatch.chdir(tmp_path)
    Path("m.yaml").write_text(MAPPING)
    Path("in").mkdir()
    late = _event("a@example.com", is_member=False, timestamp="2026-01-01T00:00:00Z")
    early = _event("a@example.com", is_member=True, timestamp="2026-01-02T00:00:00Z")
    Path("in/1.json").write_bytes(early)
    Path("in/2.json").write_bytes(late + b"\n" + _event("bad", is_member=True))
    return tmp_path


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ran]


@pytest.fixture
def ran(spark: Any, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which has a session; that is in another folder."""

    def run_command(command: str, *arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            program(args=[command, *map(str, arguments), "-m", "m.yaml"])
        status = ended.value.code
        assert isinstance(status, int)
        return Ran(status, *capsys.readouterr())

    return run_command


def test_command(ran: Run, place: Path) -> None:
    """The command ends as dry-run does, with its report."""
    ended = ran("spark", place / "in", "--to", place / "out", "--json")
    dry = ran("dry-run", place / "in", "--json")
    assert (ended.status, dry.status) == (6, 6)
    report, expected = json.loads(ended.out), json.loads(dry.out)
    for each in (report, expected):
        for name in ("command", "inputs", "started", "seconds", "lines_per_second"):
            del each[name]
        del each["lists"][0]["requests"]
    assert report == expected
    (line,) = lines_of(place / "out/updates/list_id=12")
    file = str(place / "in" / "1.json")
    assert line == (
        b'{"list_id": 12, "email_address": "a@example.com", "fields": {"789": "on"}, '
        b'"mappings": ["VIP"], "line": 1, "file": "%b"}' % file.encode()
    )
    (reject,) = map(json.loads, lines_of(place / "out/rejects"))
    assert (reject["reason"], reject["line"]) == ("invalid_email", 2)
    again = ran("spark", place / "in", "--to", place / "out")
    assert (again.status, "exists already" in again.err) == (2, True)


def test_options(ran: Run, place: Path) -> None:
    """Order, time and choice of mappings are those of dry-run."""

    def values(to: str, *options: str) -> list[dict[str, str]]:
        files = place / "in/1.json", place / "in/2.json"
        ended = ran("spark", *files, "--to", place / to, *options)
        assert ended.status == 6, ended.err
        assert "in the order of their paths" in ended.err
        return [json.loads(line)["fields"] for line in lines_of(place / to / "updates")]

    assert values("a", "--order", "input") == [{"789": "off"}]
    assert values("b", "--until", "2026-01-02", "--only", "VIP") == [{"789": "off"}]


def test_guards(ran: Run, place: Path) -> None:
    """A guard keeps the final values from being written; rejects and counts are there."""
    ended = ran("spark", place / "in", "--to", place / "out", "--max-rejects", "0")
    assert ended.status == 7
    assert "rejects: 1, more than --max-rejects 0" in ended.err
    assert sorted(each.name for each in (place / "out").iterdir()) == ["counts", "rejects"]
    ratio = ran("spark", place / "in", "--to", place / "b", "--order=input", "--max-off-ratio=.5")
    assert (ratio.status, "1 of 1 values are off" in ratio.err) == (7, True)


def test_what_cannot_be_read(ran: Run, place: Path) -> None:
    """What names nothing, is named twice or is not input is told before anything is written."""
    (place / "in" / "_x.json").write_bytes(b"")
    (place / "z.zip").write_bytes(b"PK\x03\x04")
    there, nowhere, hidden = place / "in", place / "nowhere", place / "in/_x.json"
    for arguments, message in (
        ((nowhere, hidden), f"{nowhere}: no such file or folder\n{hidden}: nothing to read"),
        ((there, there / "1.json"), f"{there}/1.json: named twice"),
        ((there, "--to", there / "out"), f"{there}/out: lies in the input"),
        (("-",), "-: Spark reads files and folders"),
        ((place / "z.zip", there), "z.zip: this is a ZIP file or a spreadsheet, not lines of JSON"),
        ((there, "--audience", "vip"), "--audience is for CSV, and no input is CSV"),
    ):
        ended = ran("spark", "--to", place / "out", *arguments)
        assert (ended.status, message in ended.err) == (2, True), ended.err
    assert not (place / "out").exists()


def test_too_long(spark: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that Spark cannot hand on as one value is told by its name and length."""
    size = (place / "in/1.json").stat().st_size
    monkeypatch.setitem(files.MOST_BYTES, "false", size)
    with pytest.raises(UsageError, match=rf"in/2\.json: \d+ bytes: more than {size}$") as caught:
        final_values(spark, f"{place}/in", "m.yaml", to=f"{place}/out")
    assert "1.json" not in caught.value.message


def test_names_that_look_like_patterns(spark: Any, place: Path) -> None:
    """A file here is taken by its name; a pattern names several."""
    (place / "in").rename(place / "[2026] {a}*")
    one = final_values(spark, f"{place}/[2026] {{a}}*/1.json", "m.yaml", to=f"{place}/one")
    several = final_values(spark, f"{place}/*/?.json", "m.yaml", to=f"{place}/several")
    assert (one.lines, several.lines) == (1, 3)


def test_updates_and_rows(ran: Run, spark: Any, place: Path) -> None:
    """Updates need no mapping file, and the rows of an exported audience are input as well."""
    (place / "vip.csv").write_text("email\na@example.com\nb@example.com\n")
    ended = ran("spark", place / "vip.csv", "--to", place / "rows", "--audience", "vip")
    assert ended.status == 0, ended.err
    report = final_values(spark, f"{place}/rows/updates", to=f"{place}/again")
    assert report.contacts == 2
    names = {json.loads(line)["file"] for line in lines_of(place / "again" / "updates")}
    assert names == {f"{place}/vip.csv"}


def test_guards_raise(spark: Any, place: Path) -> None:
    """Called from Python, a guard raises."""
    with pytest.raises(StoppedError, match="--max-rejects 0"):
        final_values(spark, [f"{place}/in"], ["m.yaml"], to=f"{place}/out", max_rejects=0)
    for options in ({"since": "soon"}, {"order": "soon"}):
        with pytest.raises(UsageError, match="'soon' is not"):
            final_values(spark, ["in"], ["m.yaml"], to="out", **options)  # type: ignore[arg-type]  # wrong on purpose


def test_changed_input(spark: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other files are read than those that were found, the run fails."""

    def with_another(*arguments: Any) -> Any:
        found = find_input(*arguments)
        return replace(found, files=[*found.files, found.files[0]])

    find_input = files.find_input
    monkeypatch.setattr(run, "find_input", with_another)
    with pytest.raises(ListrakSyncError, match="2 files were read, and 3 were there before"):
        final_values(spark, f"{place}/in", "m.yaml", to=f"{place}/out")
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("mebibytes", "usual", "parts"),
    [(0, 200, 1), (1, 200, 1), (100, 200, 7), (10_000, 200, 200), (100_000, 200, 782), (99, 3, 3)],
)
def test_parts(mebibytes: int, usual: int, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small inputs are coalesced in few parts, large ones in more than Spark's setting says."""
    monkeypatch.undo()
    assert run.parts_for(mebibytes << 20, usual) == parts


def test_no_java(place: Path) -> None:
    """Without Java, one line says what is missing."""
    environment = {"PATH": str(place), "JAVA_HOME": "", "HOME": str(place)}
    command = (sys.executable, "-m", "listrak_sync", "spark", "in", "-m", "m.yaml", "--to", "out")
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 3
    assert "error: Spark does not start: " in ended.stderr
    assert ended.stderr.endswith("apt-get install default-jre-headless\n")
