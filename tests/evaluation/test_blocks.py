"""Every line ends in exactly one way, and the counts agree."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.evaluation import evaluator as evaluation
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.evaluation.updates import field_values
from listrak_sync.events import decoding
from listrak_sync.events.rejects import encode
from listrak_sync.input.blocks import read
from listrak_sync.input.ranges import CompressedFile
from listrak_sync.input.sources import Source
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.model import Mapping
from listrak_sync.reasons import Reason
from tests.evaluation.reference import AUDIENCE, Plain
from tests.evaluation.strategies import EVENTS, MAPPINGS
from tests.lines import lines_of

A = {"@path": "$.properties.a"}

MAPPING_TEXT = """
mappings:
  - {name: A, trigger: type = "track", list_id: 1, profile_field_values: {7: on}}
  - {name: B, trigger: properties.b, list_id: 1, profile_field_values: {8: on}}
  - {name: off, enabled: false, list_id: 1, profile_field_values: {9: on}}
"""


@cache
def _evaluator(*, ignore_integrations: bool = False) -> Evaluator:
    mappings = parse("m.yaml", MAPPING_TEXT)
    return Evaluator(mappings, EvaluationRules(ignore_integrations=ignore_integrations))


def _evaluate(*lines: bytes) -> EvaluationResult:
    return _evaluator().evaluate(Block("f", 1, lines_of(b"\n".join(lines))))


SKIPS = {
    Reason.BLANK_LINE,
    Reason.UNSUPPORTED_EVENT_TYPE,
    Reason.FILTERED_BY_INTEGRATIONS_OBJECT,
    Reason.NO_MAPPING_MATCHED,
}


def line_by_line(mappings: Sequence[Mapping]) -> Evaluator:
    """Return an evaluator that takes no block as a whole: one that explains."""
    return Evaluator(mappings, on_explanation=lambda _: None)


RESENT_LINE = (
    b'{"reason":"r","detail":"","file":"f","line":1,"update":'
    b'{"list_id":1,"email_address":"a@example.com","fields":{"7":"on"}}}'
)
LINES = st.one_of(
    EVENTS.map(msgspec.json.encode),
    st.binary(max_size=10).map(lambda data: data.replace(b"\n", b"")),
    st.sampled_from(
        [
            b"",
            b"\r",
            b"{}",
            b"[]",
            b"not JSON",
            b'{"x":"\xff"}',
            b'{"type":"screen"}',
            b'{"type":"track","integrations":{"All":false}}',
            b'{"type":"track","integrations":{"all":false}}',
            b'{"type":"track","integrations":{"All":null,"all":false}}',
            b'{"reason":"r","detail":"","file":"f","line":1,"event":{"type":"track"}}',
            RESENT_LINE,
        ]
    ),
)


@given(
    lines=st.lists(LINES, max_size=8),
    mappings=st.lists(MAPPINGS, min_size=1, max_size=3),
    first=st.integers(1, 10**9),
    newline=st.sampled_from([b"\n", b"\r\n"]),
)
def test_sums(lines: list[bytes], mappings: list[Plain], first: int, newline: bytes) -> None:
    """Lines are skipped, unreadable or matched; what matched is an update or a reject."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    evaluator = Evaluator(parse("m.yaml", json.dumps({"mappings": entries})))
    data = b"".join(line + newline for line in lines)
    result = evaluator.evaluate(Block("f", first, lines_of(data), 99))
    unreadable = [reject.line for reject in result.rejects if reject.mapping is None]
    of_mapping = [reject.line for reject in result.rejects if reject.mapping is not None]
    updated = [line for line, *_ in result.updates]
    matched_lines = set(of_mapping) | set(updated)
    assert result.lines == len(lines)
    assert result.lines == sum(result.skipped.values()) + len(unreadable) + len(matched_lines)
    assert result.matched_lines == len(matched_lines)
    assert result.matched.total() == len(updated) + len(of_mapping)
    assert not matched_lines & set(unreadable)
    assert len(set(unreadable)) == len(unreadable)
    assert set(result.skipped) <= SKIPS
    assert (result.file, result.position) == ("f", 99)
    for reject in result.rejects:
        assert first <= reject.line < first + len(lines)
        json.loads(encode(reject))


@given(
    blocks=st.lists(st.lists(LINES, max_size=30), max_size=3),
    mappings=st.lists(MAPPINGS, min_size=1, max_size=3),
    many=st.sampled_from([0, decoding._MANY]),
)
def test_blocks_as_lines(blocks: list[list[bytes]], mappings: list[Plain], many: int) -> None:
    """A block gives what its lines give one by one, whatever was evaluated before it."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    parsed = parse("m.yaml", json.dumps({"mappings": entries}))
    with patch.object(decoding, "_MANY", many):
        by_block, by_line = Evaluator(parsed), line_by_line(parsed)
    for lines in blocks:
        block = Block("f", 7, [line + b"\n" for line in lines])
        assert _plain(by_block.evaluate(block)) == _plain(by_line.evaluate(block))


def test_unreadable_at_the_second_look() -> None:
    """A line that turns out unreadable on the second look is rejected in its place among others."""
    mappings = parse("m.yaml", MAPPING_TEXT)
    by_block, by_line = Evaluator(mappings), line_by_line(mappings)
    taken = b'{"type":"track","traits":{"email":"a@example.com"}}\n'
    out_of_range = b'{"type":"track","properties":{"b":1e999}}\n'
    not_taken = Block("f", 1, [b'{"type":"page"}\n'] * 10)
    block = Block("f", 11, [taken, out_of_range, b"not JSON\n", taken, b"[]\n", out_of_range])
    by_block.evaluate(not_taken)
    found = by_block.evaluate(block)
    assert _plain(found) == _plain(by_line.evaluate(block))
    assert [reject.line for reject in found.rejects] == [12, 13, 15, 16]


@cache
def _many_audiences() -> tuple[Evaluator, Evaluator]:
    """Return evaluators of so many audiences that an event's are left as text at first."""
    entries = [
        Plain(fields={7: AUDIENCE}, trigger=f'context.personas.computation_key = "a{number}"')
        for number in range(20)
    ]
    named = [each.as_json(f"a{number}") for number, each in enumerate(entries)]
    mappings = parse("m.yaml", json.dumps({"mappings": named}))
    return Evaluator(mappings), line_by_line(mappings)


EMAIL = b'"email":"a@example.com"'
ODD = (b"null", b"[]", b"5", b'"t"', b"false", b"{}", b'{"a7":null}', b'{"x":1e999}')


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        (b'"traits":{%b,"a7":true}' % EMAIL, "on"),
        (b'"traits":{%b,"a7":false,"a8":true}' % EMAIL, "off"),
        (b'"traits":{%b,"a\\u0037":"true"}' % EMAIL, "on"),
        (b'"traits":{%b,"a7":true,"a8":1e999}' % EMAIL, "on"),
        (b'"traits":{%b,"a7":"true","a8":1e999}' % EMAIL, "on"),
        (b'"traits":{%b},"properties":{"a7":true}' % EMAIL, "on"),
        (b'"traits":[1],"properties":{%b,"a7":true}' % EMAIL, "on"),
        *((b'"traits":{%b,"a7":true},"properties":%b' % (EMAIL, odd), "on") for odd in ODD),
        (b'"traits":{%b,"a7":1e999,"a8":true}' % EMAIL, "number_out_of_range"),
        (b'"traits":{"email":1e999,"a7":true}', "number_out_of_range"),
        (b'"traits":{%b,"a7":"yes"}' % EMAIL, "unknown_membership"),
        (b'"traits":{%b,"a8":true}' % EMAIL, "unknown_membership"),
        (b'"traits":{"a7":true}', "missing_email"),
    ],
)
def test_many_audiences(members: bytes, outcome: str) -> None:
    """Of what is left as text no more is read than who is where, and the address."""
    line = b'{"type":"identify","context":{"personas":{"computation_key":"a7"}},%b}\n' % members
    for evaluator in _many_audiences():
        found = evaluator.evaluate(Block("f", 1, [line] * 20))
        ends = [changes[0].value for _, _, changes, _ in found.updates]
        ends += [each.reason for each in found.rejects]
        assert ends == [outcome] * 20
        of = None if outcome == "number_out_of_range" else "a7"
        assert {each.mapping for each in found.rejects} <= {of}


@pytest.mark.parametrize("root", ["traits", "properties"])
def test_where_a_number_is_out_of_range(root: str) -> None:
    """A number that nothing can hold is told in the order of the lines."""
    line = (
        b'{"type":"identify","context":{"personas":{"computation_key":"a7"}},"%b":{%b,"a7":%b}}\n'
    )
    lines = [line % (root.encode(), EMAIL, value) for value in (b"true", b"1e999")] * 10
    by_block, by_line = (each.evaluate(Block("f", 1, lines)) for each in _many_audiences())
    assert _plain(by_block) == _plain(by_line)
    assert list(by_block.updates.lines) == list(range(1, 21, 2))
    assert [each.line for each in by_block.rejects] == list(range(2, 21, 2))
    assert {(each.reason, each.mapping) for each in by_block.rejects} == {
        ("number_out_of_range", None)
    }


@pytest.mark.parametrize(("limit", "size"), [("RESULT_LINES", 50), ("RESULT_BYTES", 5_000)])
def test_results_of_an_unread_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, size: int
) -> None:
    """An unread unit has several results, which add up to all of its lines."""
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(b"".join(b'{"type":"%d"}\n' % each for each in range(3_000))))
    monkeypatch.setattr(evaluation, limit, size)
    given = CompressedFile("f", str(path), (0, 0))
    blocks = read([Source(str(path))], 1_000)
    monkeypatch.setattr(CompressedFile, "read", lambda _: blocks)
    found = list(_evaluator().evaluate_unread(given))
    assert len(found) > 5
    assert sum(each.lines for each in found) == 3_000
    assert [each.end.line for each in found][-1] == 3_000
    assert all(each.begins[0].line == each.end.line - each.lines + 1 for each in found)


def _plain(result: EvaluationResult) -> tuple[EvaluationResult, list[object]]:
    updates: list[object] = [
        (*row[:2], msgspec.to_builtins(row[2]), row[3]) for row in result.updates
    ]
    return msgspec.structs.replace(result, updates=Updates()), updates


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "blank_line"),
        (b" \t\r", "blank_line"),
        (b"{}", "unsupported_event_type"),
        (b'{"type":"screen"}', "unsupported_event_type"),
        (b'{"type":"Track"}', "unsupported_event_type"),
        (b'{"type":null}', "unsupported_event_type"),
        (b'{"type":["track"]}', "unsupported_event_type"),
        (b'{"type":{"track":1}}', "unsupported_event_type"),
        (b'{"type":"delete","integrations":{"All":false}}', "unsupported_event_type"),
        (b'{"type":"track","integrations":{"All":false}}', "filtered_by_integrations_object"),
        (b'{"type":"page"}', "no_mapping_matched"),
        (b'{"type":"page","properties":{"b":"true"}}', "no_mapping_matched"),
    ],
)
def test_skipped(line: bytes, reason: str) -> None:
    """A line that asks for nothing is skipped, and says why."""
    result = _evaluate(line, b"")
    assert result.skipped == {reason: 1}
    assert not result.updates
    assert not result.rejects


@pytest.mark.parametrize("kind", ["track", "identify", "page", "group", "alias"])
def test_accepted_types(kind: str) -> None:
    """The five types that the destination takes reach the mappings."""
    event = {"type": kind, "traits": {"email": "a@example.com"}, "properties": {"b": True}}
    assert 1 in _evaluate(msgspec.json.encode(event)).matched


def test_ignore_integrations() -> None:
    """The integrations object can be ignored."""
    line = b'{"type":"track","integrations":{"All":false},"traits":{"email":"a@example.com"}}'
    evaluator = _evaluator(ignore_integrations=True)
    assert len(evaluator.evaluate(Block("f", 1, lines_of(line))).updates) == 1


@pytest.mark.parametrize(
    ("unit", "reason", "detail"),
    [
        (UnreadableLine("f", 9, b'{"a', Reason.LINE_TOO_LONG, "why", 5), "line_too_long", "why"),
        (
            UnreadableLine("f", 9, b'{"a', Reason.UNREADABLE_FILE, "why", 5),
            "unreadable_file",
            "why",
        ),
    ],
)
def test_no_block(unit: ReadUnit, reason: str, detail: str) -> None:
    """A line that was not read to its end counts as one line, unreadable."""
    result = _evaluator().evaluate(unit)
    (reject,) = result.rejects
    assert (reject.reason, reject.line, reject.mapping) == (reason, 9, None)
    assert detail in reject.detail
    assert (reject.content, reject.is_json) == (b'{"a', False)
    assert (result.lines, result.position, result.matched) == (1, 5, {})


def test_results_in_order() -> None:
    """Updates come in the order of lines, and on a line in that of the mappings."""
    event: Any = {"type": "track", "traits": {"email": "a@example.com"}, "properties": {"b": True}}
    line = msgspec.json.encode(event)
    result = _evaluate(line, b"", line)
    found = [(number, change.mapping) for number, _, (change,), _ in result.updates]
    assert found == [(1, 0), (1, 1), (3, 0), (3, 1)]
    assert result.matched == {0: 2, 1: 2}
    assert (result.lines, result.skipped) == (3, {"blank_line": 1})


def test_disabled() -> None:
    """A mapping that is switched off takes nothing, nor an event it once rejected: it is told."""
    line = (
        b'{"reason":"missing_email","detail":"","file":"f","line":1,"mapping":"off",'
        b'"event":{"type":"track","traits":{"email":"a@example.com"}}}'
    )
    (reject,) = _evaluate(line).rejects
    assert (reject.reason, reject.mapping, reject.content) == ("unknown_mapping", None, line)
    assert "the mapping off is disabled" in reject.detail


DEEP = 500 if sys.version_info < (3, 12) else 1_200
"""How deep a value nests that is read, but not compared: newer Pythons go deeper."""

NESTED = b"[" * DEEP + b"]" * DEEP


@pytest.mark.parametrize("value", [NESTED, b'{"a":' * DEEP + b"1" + b"}" * DEEP])
@pytest.mark.parametrize(
    "trigger", ["properties.a = properties.b", "properties.a in [properties.b]"]
)
def test_deep_comparison(value: bytes, trigger: str) -> None:
    """What nests too deep to be compared is not the same, and never ends the run."""
    result = _evaluated_with({"trigger": trigger}, value)
    assert (result.lines, len(result.updates), result.skipped[Reason.NO_MAPPING_MATCHED]) == (
        1,
        0,
        1,
    )


@pytest.mark.parametrize(
    "field", [{"@template": "{{properties.a}}"}, {"@json": {"mode": "encode", "value": A}}]
)
def test_deep_value(field: Any) -> None:
    """What nests too deep for a directive is rejected, and never ends the run."""
    result = _evaluated_with({"profile_field_values": {"7": field}}, NESTED)
    assert [reject.reason for reject in result.rejects] == ["directive_failed"]


def _evaluated_with(part: dict[str, Any], value: bytes) -> EvaluationResult:
    """Return what becomes of an event by a mapping with this part."""
    entry = {"name": "m", "list_id": 1, "email_address": "a@example.com"}
    entry |= {"profile_field_values": {"7": "on"}} | part
    line = b'{"type":"track","properties":{"a":%b,"b":%b}}' % (value, value)
    return Evaluator(parse("m.yaml", json.dumps({"mappings": [entry]}))).evaluate(
        Block("f", 1, lines_of(line))
    )


def test_huge_number() -> None:
    """A whole number beyond a double's range is written as it stands."""
    field = {"@json": {"mode": "encode", "value": A}}
    result = _evaluated_with({"profile_field_values": {"7": field}}, b"9" * 401)
    assert [field_values(changes) for _, _, changes, _ in result.updates] == [((7, "9" * 401),)]
