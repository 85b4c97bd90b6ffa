"""Rows in any partitions come to what one machine's dry-run comes to, byte for byte."""

from __future__ import annotations

import gzip
import json
import pickle
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import SettingsError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import NO_RULES
from listrak_sync.evaluation.event_times import Period
from listrak_sync.events.timestamps import instant
from listrak_sync.input.sources import RowOptions, expand
from listrak_sync.mapping.file import parse
from listrak_sync.scale.rows import Kind
from listrak_sync.scale.settings import ScaleSettings
from tests.evaluation.reference import Plain
from tests.evaluation.strategies import EVENTS, MAPPINGS
from tests.scale import engine
from tests.scale.dry_runs import assert_same
from tests.test_inputs import BY_LINE, Dry

TIMES = st.sampled_from([None, "2026-01-01", "2026-01-02T00:00:00Z", "2026-01-02", "nonsense", 5])
GIVEN = st.fixed_dictionaries(
    {
        "list_id": st.sampled_from([1, 2, "x"]),
        "email_address": st.sampled_from(["ann@example.com", "ANN@example.com", "ben@example.com"]),
        "fields": st.dictionaries(st.sampled_from(["1", "2"]), st.sampled_from(["on", "off"])),
    },
    optional={
        "mappings": st.just(["before"]),
        "file": st.sampled_from(["a", "b"]),
        "line": st.integers(1, 3),
    },
)
LINES = st.one_of(
    st.tuples(st.one_of(EVENTS, EVENTS, GIVEN), TIMES).map(
        lambda pair: msgspec.json.encode(
            {**pair[0], **({} if pair[1] is None else {"timestamp": pair[1]})}
        )
    ),
    st.sampled_from([b"", b"{", b"\xff", b"[]", b'{"a":1}']),
)
NAMES = st.sampled_from(["a", "b", "a.json", "d/a", "d.b/a", "d/z", "é"])
RULES = st.sampled_from(
    [
        EvaluationRules(),
        BY_LINE,
        EvaluationRules(ignore_integrations=True),
        EvaluationRules(period=Period(since=instant("2026-01-02"))),
    ]
)
NO_ROWS: Final = RowOptions()


def _settings(mapping: str) -> ScaleSettings:
    return ScaleSettings.of([(Path("m.yaml"), mapping.encode())], parse("m.yaml", mapping))


def same_as_dry_run(
    folder: str,
    files: dict[str, bytes],
    mapping: str,
    seed: int,
    rules: EvaluationRules = NO_RULES,
    rows: RowOptions = NO_ROWS,
) -> engine.Output:
    """Return what an engine gives, which is what dry-run gives for the same files."""
    contents: dict[str, bytes] = {}
    for name, content in files.items():
        file = Path(folder, "in", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        contents[str(file)] = content
    parsed = parse("m.yaml", mapping)
    dry = Dry(expand([str(Path(folder, "in"))], rows), parsed, rules=rules)
    settings = ScaleSettings.of([(Path("m.yaml"), mapping.encode())], parsed, rules, rows)
    found = engine.run(pickle.loads(pickle.dumps(settings)), contents, seed)  # noqa: S301 - ours
    report = replace(found.sums.report, warnings=dry.report.warnings)
    assert_same(dry, found.lines[Kind.UPDATE], found.lines[Kind.REJECT], report)
    assert not found.lines[Kind.FAULT]
    assert [json.loads(line)["file"] for line in sorted(found.lines[Kind.COUNTS])] == sorted(
        contents
    )
    return found


@given(
    files=st.dictionaries(NAMES, st.lists(LINES, max_size=8), min_size=1, max_size=4),
    mappings=st.lists(st.tuples(MAPPINGS, st.booleans()), min_size=1, max_size=3),
    rules=RULES,
    seed=st.integers(0, 2**32),
)
def test_any_partitions(
    files: dict[str, list[bytes]],
    mappings: list[tuple[Plain, bool]],
    rules: EvaluationRules,
    seed: int,
) -> None:
    """Rows that are shuffled, cut and spread over partitions come to the lines of dry-run."""
    entries = [
        {**mapping.as_json(str(index)), "enable_batching": batched}
        for index, (mapping, batched) in enumerate(mappings)
    ]
    contents = {name: b"\n".join(lines) for name, lines in files.items()}
    with TemporaryDirectory() as folder:
        text = json.dumps({"mappings": entries})
        same_as_dry_run(folder, contents, text, seed, rules)


MAPPING = """
mappings:
  - name: VIP
    list_id: {'@path': $.traits.list}
    profile_field_values: {789: {'@path': $.traits.value}, 790: {'@path': $.properties.value}}
"""


def _event(number: int) -> bytes:
    """Return an event, one of many contacts', which a mapping now and then rejects."""
    traits = {"email": f"c{number % 50}@example.com", "list": number % 7, "value": number}
    return msgspec.json.encode({"type": "identify", "traits": traits, "n": "x" * (number % 90)})


WHOLE = b"\n".join(map(_event, range(9000)))
PACKED = gzip.compress(WHOLE)
STORED = {
    "plain": WHOLE,
    "with a byte-order mark": b"\xef\xbb\xbf" + WHOLE,
    "packed": PACKED,
    "cut": PACKED[:-5000],
    "cut in its last line": PACKED[:-4],
    "damaged": PACKED[:3000] + b"damage" + PACKED[3006:],
    "two members": gzip.compress(WHOLE[:1000]) + PACKED,
    "nothing": b"",
    "nothing, packed": gzip.compress(b""),
    "with a long line": b'{"type": "' + b"x" * (16 << 20) + b'"}\n' + _event(1),
}


@pytest.mark.parametrize("stored", STORED)
def test_stored(stored: str, tmp_path: Path) -> None:
    """However a file is stored, and wherever it breaks off, it comes to what dry-run reads."""
    files = {"a": _event(0), "b": STORED[stored], "c": _event(2)}
    same_as_dry_run(str(tmp_path), files, MAPPING, 1)


def test_rows_of_csv(tmp_path: Path) -> None:
    """The rows of an exported audience come to what dry-run makes of them."""
    content = b"email,plan\r\n" + b"".join(b"c%d@example.com,gold\r\n" % n for n in range(6000))
    mapping = MAPPING.replace("{'@path': $.traits.list}", "12").replace(
        "traits.value", "traits.plan"
    )
    files = {"a": content, "b": gzip.compress(content + b"bad\r\n"), "c": _event(1)}
    rows = RowOptions(audience="vip")
    found = same_as_dry_run(str(tmp_path), files, mapping, 2, rows=rows)
    assert found.sums.has_rows
    assert found.sums.report.rejected["bad_row"] == 1


def test_one_contact(tmp_path: Path) -> None:
    """A contact may have any number of updates: its window goes over many batches."""
    line = b'{"type":"identify","traits":{"email":"a@example.com","list":%d,"value":%d}}\n'
    files = {name: b"".join(line % (1 + n % 2, n) for n in range(5000)) for name in ("a", "b")}
    found = same_as_dry_run(str(tmp_path), files, MAPPING, 3, EvaluationRules(), RowOptions())
    assert len(found.lines[Kind.UPDATE]) == 2


def test_not_usable(tmp_path: Path) -> None:
    """A file that is something else says so in a row; the others are counted all the same."""
    settings = _settings(MAPPING)
    files = {"/a.zip": b"PK\x03\x04", "/b": _event(1), "/c": b"a,b\nc,d\n"}
    found = engine.run(settings, files, 4)
    faults = sorted(line.decode() for line in found.lines[Kind.FAULT])
    assert [fault.partition("\n")[0] for fault in faults] == [
        "/a.zip: this is a ZIP file or a spreadsheet, not lines of JSON",
        "/c: this is CSV: give --audience KEY",
    ]
    assert found.sums.report.lines == 1
    without = ScaleSettings.of([], ())
    (fault,) = engine.run(without, {"/b": _event(1)}, 5).lines[Kind.FAULT]
    assert fault.startswith(b"/b:1: this is not an update, and there is no mapping file\n")


def test_first_of_what_are_no_events() -> None:
    """Of objects that are no events, the first in the input is told of, wherever it was seen."""
    settings = _settings(MAPPING)
    files = {"/b/z": b'{"a":1}', "/b.c": b'\n{"a":1}', "/b/a": b'\n\n{"a":1}'}
    found = engine.run(settings, files, 6)
    ((place, line),) = found.sums.not_events.values()
    assert (place, line) == ("\0b\0a", 3)


def test_another_version() -> None:
    """Machines with different versions of us do not work together."""
    settings = replace(ScaleSettings.of([], ()), version="0.0.1")
    with pytest.raises(SettingsError, match=r"is .+ here, and 0\.0\.1 where the run began"):
        engine.run(settings, {"/a": b""}, 7)


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables in a mapping file have the values of the machine where the run began."""
    monkeypatch.setenv("OUR_LIST", "12")
    mapping = "mappings: [{list_id: '${OUR_LIST}', profile_field_values: {1: on}}]"
    settings = _settings(mapping)
    monkeypatch.delenv("OUR_LIST")
    found = engine.run(settings, {"/a": _event(1)}, 8)
    (line,) = found.lines[Kind.UPDATE]
    assert json.loads(line)["list_id"] == 12
