"""Rejected lines are written so that they can be fixed and fed back."""

from __future__ import annotations

import json
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import RESENT, EvaluationResult
from listrak_sync.evaluation.updates import changes_of, field_values
from listrak_sync.events.key_paths import Event
from listrak_sync.events.rejects import (
    ContactUpdate,
    GivenUpdate,
    RefusedContact,
    Reject,
    WrappedEvent,
    encode,
    unwrap,
)
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from listrak_sync.reasons import Reason
from listrak_sync.text import json_line
from tests.events.strategies import EVENTS
from tests.lines import lines_of

MAPPINGS = """
mappings:
  - name: A
    trigger: type = "track"
    list_id: {'@path': $.list}
    profile_field_values: {7: {'@path': $.value}}
  - name: B
    list_id: 2
    profile_field_values: {8: on}
"""
ONLY_B = MAPPINGS[MAPPINGS.index("  - name: B") :]


@cache
def _evaluator(text: str = MAPPINGS) -> Evaluator:
    return Evaluator(parse("m.yaml", text))


def _evaluate(*lines: bytes, evaluator: Evaluator | None = None) -> EvaluationResult:
    data = b"".join(b"%b\n" % line for line in lines)
    return (evaluator or _evaluator()).evaluate(Block("f", 1, lines_of(data)))


LISTS = st.one_of(st.sampled_from([1, "2", 0, None, [True]]), st.integers())
VALUES = st.one_of(st.none(), st.text(max_size=3), st.just([1]), st.just({"a": "\n"}))
ADDRESSES = st.sampled_from(["ann@example.com", "no address", "", "é@example.com"])


@given(
    event=EVENTS,
    mapping=st.none() | st.text(),
    reason=st.sampled_from(Reason),
    line=st.integers(1, 2**62),
)
def test_round_trip(event: Event, mapping: str | None, reason: Reason, line: int) -> None:
    """A reject of JSON is a line of JSON with the documented keys, and gives the event back."""
    content = msgspec.json.encode(event)
    text = encode(Reject(reason, "why", "file.gz", line, mapping, content + b" \r"))
    assert b"\n" not in text
    assert list(msgspec.json.decode(text).items()) == [
        ("reason", reason),
        ("detail", "why"),
        ("file", "file.gz"),
        ("line", line),
        ("mapping", mapping),
        ("event", msgspec.json.decode(content)),
    ]
    assert unwrap(text) == WrappedEvent(content, mapping)


@given(raw=st.text())
def test_raw(raw: str) -> None:
    """A line that is not JSON is kept as text, without its line ending."""
    content = raw.rstrip("\r\n").encode()
    text = encode(Reject(Reason.NOT_JSON, "", "f", 1, None, content + b"\r\n", is_json=False))
    assert json.loads(text)["raw"] == content.decode()
    assert "event" not in json.loads(text)
    assert unwrap(text) == WrappedEvent(content, None)


def test_no_utf8() -> None:
    """Bytes that are not UTF-8 are escaped, the rest stays as it is."""
    text = encode(
        Reject(Reason.NOT_UTF8, "", "f", 1, None, b'{"a":"\xffg\xc3\xa9"}', is_json=False)
    )
    assert json.loads(text)["raw"] == '{"a":"\\xffgé"}'


def test_several_lines() -> None:
    """An event that was fixed and spread over several lines is one line again."""
    text = encode(Reject(Reason.MISSING_EMAIL, "", "f", 1, "A", b'{\n "type":\n "track"}\n'))
    assert b"\n" not in text
    assert json.loads(text)["event"] == {"type": "track"}


def test_refused_contact() -> None:
    """A contact that Listrak refused keeps its values, and is one of them again."""
    update = ContactUpdate(12, "ann@example.com", {"7": "on"})
    text = encode(RefusedContact(Reason.REFUSED_BY_LISTRAK, "no such field", "f", 3, "A", update))
    assert json.loads(text) == {
        "reason": "refused_by_listrak",
        "detail": "no such field",
        "file": "f",
        "line": 3,
        "mapping": "A",
        "update": {"list_id": 12, "email_address": "ann@example.com", "fields": {"7": "on"}},
    }
    assert unwrap(text) == GivenUpdate(12, "ann@example.com", {"7": "on"}, mappings=["A"])


PLACE = '"reason":"r","detail":"d","file":"f","line":1'


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no JSON",
        b"{}",
        b"[]",
        b"\xff",
        b'{"type":"track"}',
        b'{"event":{"type":"track"}}',
        f"{{{PLACE}}}".encode(),
        f'{{{PLACE},"raw":5}}'.encode(),
        f'{{{PLACE},"raw":"\\ud800"}}'.encode(),
        f'{{{PLACE},"update":5}}'.encode(),
        f'{{{PLACE},"event":{"[" * 100_000}'.encode(),
        PLACE.replace("1", '"1"').join("{}").encode(),
    ],
)
def test_no_rejects_line(line: bytes) -> None:
    """A line that lacks a key of a rejects line, or has another type there, is not one."""
    assert unwrap(line) is None


@given(
    kind=st.sampled_from(["track", "identify", "screen"]),
    list_id=LISTS,
    value=VALUES,
    email=ADDRESSES,
    spaces=st.sampled_from([b"", b" ", b"\r"]),
)
def test_fed_back(kind: str, list_id: object, value: object, email: str, spaces: bytes) -> None:
    """Fed back as it is, a reject is rejected again, by the same mapping for the same reason."""
    event = {"type": kind, "list": list_id, "value": value, "traits": {"email": email}}
    first = _evaluate(spaces + msgspec.json.encode(event) + spaces)
    for reject in first.rejects:
        again = _evaluate(encode(reject))
        assert again.rejects == [
            msgspec.structs.replace(reject, line=1, content=_only_content(again))
        ]
        assert msgspec.json.decode(again.rejects[0].content) == event
        assert not again.updates
        assert again.matched == {0 if reject.mapping == "A" else 1: 1}
        assert encode(again.rejects[0]) == encode(reject)


def _only_content(evaluated: EvaluationResult) -> bytes:
    """Return the content of the one reject there is."""
    (reject,) = evaluated.rejects
    return reject.content


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON",
        b"12:30 INFO started",
        b"[1, 2",
        b'{"type":"track","list":1e999} oops',
        b'{"type":"track","list":1e999}',
        b"[1, 2]",
        b"5",
        b'{"x":"\xff"}',
        b'{"type":"track","traits":{"email":"a@example.com"},"list":1,"value":"\\\xff"}',
        b'{"list":%b}' % (b"[" * 5000),
        b'{"type":"track","list":%b}' % (b"9" * 5000),
        f'{{{PLACE},"update":{{"list_id":0,"email_address":"a","fields":{{}}}}}}'.encode(),
        f'{{{PLACE},"event":{{{PLACE},"event":7}}}}'.encode(),
    ],
)
def test_unreadable_fed_back(line: bytes) -> None:
    """What is unreadable stays so when it is fed back; its rejects line is JSON always."""
    (reject,) = _evaluate(line).rejects
    text = encode(reject)
    keys = {"reason", "detail", "file", "line", "mapping", "event" if reject.is_json else "raw"}
    assert set(json.loads(text, parse_int=str)) == keys
    (again,) = _evaluate(text).rejects
    assert (again.mapping, again.line) == (None, 1)
    assert again.reason == reject.reason
    if reject.reason != "not_utf8":
        assert encode(again) == text


def test_fixed() -> None:
    """A fixed event makes the update of the mapping that had rejected it, and no other."""
    event = '{"type":"track","traits":{"email":"A@example.com"},"list":1,"value":2}'
    text = f'{{{PLACE},"mapping":"B","event":{event}}}'
    result = _evaluate(text.encode())
    assert [(line, change.mapping) for line, _, (change,), _ in result.updates] == [(1, 1)]
    both = _evaluate(f'{{{PLACE},"raw":{json.dumps(event)}}}'.encode())
    assert [changes_of(each)[0].mapping for each in both.updates] == [0, 1]


def test_mapping_gone() -> None:
    """Where no mapping goes by that name any more, no other looks at the event: it is told."""
    event = b'{"type":"track","traits":{"email":"no address"}}'
    rejects = _evaluate(event).rejects
    assert [reject.mapping for reject in rejects] == ["A", "B"]
    others = _evaluator("mappings:\n" + ONLY_B)
    again = _evaluate(*map(encode, rejects), evaluator=others).rejects
    assert [(each.reason, each.line, each.mapping) for each in again] == [
        ("unknown_mapping", 1, None),
        ("invalid_email", 2, "B"),
    ]
    assert "the mapping A is not in the mapping file any more" in again[0].detail
    (third,) = _evaluate(encode(again[0]), evaluator=others).rejects
    assert encode(third) == encode(again[0])
    renamed = encode(third).replace(b'"mapping": "A"', b'"mapping": "B"')
    assert [each.mapping for each in _evaluate(renamed, evaluator=others).rejects] == ["B"]


def test_event_with_these_keys() -> None:
    """An event with a type is an event, though it has the keys of a rejects line."""
    event = '"type":"track","event":"x","list":3,"value":"v","traits":{"email":"a@example.com"}'
    line = f"{{{PLACE},{event}}}"
    assert [changes_of(each)[0].mapping for each in _evaluate(line.encode()).updates] == [0, 1]


def test_resent() -> None:
    """Values that Listrak had not taken are sent as they are, without a mapping."""
    update = ContactUpdate(12, "Ann@example.com", {"7": "on", "08": ""})
    text = encode(RefusedContact(Reason.REFUSED_BY_LISTRAK, "", "f", 3, "A", update))
    result = _evaluate(text)
    ((line, address, changes, _),) = result.updates
    assert {(line, change.mapping, change.list_id) for change in changes} == {(1, RESENT, 12)}
    assert (address, field_values(changes)) == ("Ann@example.com", ((7, "on"), (8, "")))
    assert result.matched == {RESENT: 1}


@pytest.mark.parametrize(
    "update",
    [
        ContactUpdate(0, "ann@example.com", {"7": "on"}),
        ContactUpdate(2**31, "ann@example.com", {"7": "on"}),
        ContactUpdate(1, "ann", {"7": "on"}),
        ContactUpdate(1, "ann@example.com", {}),
        ContactUpdate(1, "ann@example.com", {"7": "on", "x": "on"}),
    ],
)
def test_resent_invalid(update: ContactUpdate) -> None:
    """Values that were changed to something that cannot be sent are rejected, not sent."""
    text = encode(RefusedContact(Reason.REFUSED_BY_LISTRAK, "", "f", 3, "A", update))
    result = _evaluate(text)
    (reject,) = result.rejects
    assert (reject.reason, reject.mapping) == ("invalid_update", None)
    (again,) = _evaluate(encode(reject)).rejects
    assert again == reject
    valid = ContactUpdate(1, "ann@example.com", {"7": "on"})
    fixed = encode(reject).replace(json_line(update), json_line(valid))
    assert len(_evaluate(fixed).updates) == 1
