"""A mapping and an event that it takes make an update, or the reason there is none."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.updates import (
    RejectedUpdate,
    UpdateMaker,
    field_values,
    rare_paths,
    trigger_paths,
    update_paths,
)
from listrak_sync.events.key_paths import Event
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from tests.evaluation.reference import AUDIENCE, TRIGGERS, Plain, expected, takes
from tests.evaluation.strategies import EVENTS, MAPPINGS
from tests.lines import lines_of

ANN: Any = {"type": "track", "traits": {"email": "ann@example.com"}}


def _evaluator(*mappings: Plain) -> Evaluator:
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    return Evaluator(parse("m.yaml", json.dumps({"mappings": entries})))


def _outcome(mapping: Plain, event: Event) -> str | tuple[int, str, dict[int, str]]:
    """Return what an event sets by a mapping, or the reason it is rejected."""
    line = msgspec.json.encode(event)
    result = _evaluator(mapping).evaluate(Block("f", 1, lines_of(line)))
    if result.rejects:
        (reject,) = result.rejects
        assert reject.detail
        assert reject.content == line
        return reject.reason
    ((_, address, changes, _),) = result.updates
    return changes[0].list_id, address, dict(field_values(changes))


@given(mapping=MAPPINGS, event=EVENTS)
def test_reference(mapping: Plain, event: Event) -> None:
    """What is compiled and reads only a part of the event does what the rules say of all of it."""
    if not takes(mapping, event):
        mapping.trigger = None
    assert _outcome(mapping, event) == expected(mapping, event)


@given(mappings=st.lists(MAPPINGS, min_size=1, max_size=4), event=EVENTS)
def test_every_mapping(mappings: list[Plain], event: Event) -> None:
    """Every mapping that matches yields its own update, whatever the others read."""
    result = _evaluator(*mappings).evaluate(Block("f", 1, lines_of(msgspec.json.encode(event))))
    found: dict[int, Any] = {
        changes[0].mapping: (changes[0].list_id, address, dict(field_values(changes)))
        for _, address, changes, _ in result.updates
    }
    found |= {int(str(reject.mapping)): reject.reason for reject in result.rejects}
    assert found == {
        index: expected(mapping, event)
        for index, mapping in enumerate(mappings)
        if takes(mapping, event)
    }


@pytest.mark.parametrize(
    ("value", "list_id"),
    [
        (1, 1),
        (5.0, 5),
        ("1", 1),
        ("007", 7),
        (2**31 - 1, 2**31 - 1),
        ("2147483647", 2**31 - 1),
        (2**31, None),
        ("2147483648", None),
        ("9" * 5000, None),
        (10**30, None),
        (0, None),
        ("0", None),
        ("", None),
        (-1, None),
        (1.5, None),
        (True, None),
        (None, None),
        ([1], None),
        (" 1", None),
        ("1\n", None),
        ("+1", None),
        ("1e3", None),
        ("\u0661", None),
    ],
)
def test_list_id(value: Any, list_id: int | None) -> None:
    """A list id is an int32 from 1, or a text of digits."""
    outcome = _outcome(Plain(list_id={"@path": "$.list"}), ANN | {"list": value})
    assert outcome == (
        "invalid_list_id" if list_id is None else (list_id, "ann@example.com", {7: "on"})
    )


CHAIN: list[Any] = [
    lambda address: {"context": {"traits": {"email": address}}},
    lambda address: {"traits": {"email": address}},
    lambda address: {"properties": {"email": address}},
    lambda address: {
        "context": {
            "externalIds": [
                {"type": "phone", "id": "x@example.com"},
                {"type": "email", "id": address},
            ]
        }
    },
]


def _chained(addresses: list[Any]) -> Event:
    event: dict[str, Any] = {"type": "track"}
    for make, address in zip(CHAIN, addresses, strict=True):
        for root, below in make(address).items():
            event[root] = event.get(root, {}) | below
    return event


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("empty", ["", None, 5, [], {"a": 1}, True])
def test_email_chain(first: int, empty: object) -> None:
    """The first of the four places that holds a text that is not empty gives the address."""
    addresses = [empty] * first + [f"{place}@example.com" for place in range(first, 4)]
    assert _outcome(Plain(), _chained(addresses)) == (1, f"{first}@example.com", {7: "on"})
    assert _outcome(Plain(), _chained([empty] * 4)) == "missing_email"
    broken = _chained([*addresses[:first], "broken", *addresses[first + 1 :]])
    assert _outcome(Plain(), broken) == "invalid_email"


@pytest.mark.parametrize(
    "external_ids",
    [None, {}, "email", [], [None, 5, "email"], [{"type": "email"}], [{"id": "a@example.com"}]],
)
def test_no_external_id(external_ids: object) -> None:
    """External ids of another shape or type hold no address."""
    event: Any = {"type": "track", "context": {"externalIds": external_ids}}
    assert _outcome(Plain(), event) == "missing_email"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" \t ann@example.com\r\n", "ann@example.com"),
        ("\u00a0ann@example.com\u3000", "ann@example.com"),
        ("Ann.O'Neil+x@mail.Example.com", "Ann.O'Neil+x@mail.Example.com"),
        ("ann@localhost", None),
        ("ann@example..com", None),
        ("ann@-a.example.com", None),
        ("ann@a-.example.com", None),
        (f"ann@{'a' * 63}.example.com", f"ann@{'a' * 63}.example.com"),
        (f"ann@{'a' * 64}.example.com", None),
        ("ann ann@example.com", None),
        ("a@b@example.com", None),
        ("@example.com", None),
        ("Ann <ann@example.com>", None),
        ("ann@example.com.", None),
        ("änn@example.com", None),
        ("ann@exämple.com", None),
    ],
)
@pytest.mark.parametrize("given_by", [None, {"@path": "$.traits.email"}])
def test_address(given_by: Any, text: str, address: str | None) -> None:
    """White space around an address is cut; the rest is the HTML standard's, with a dot."""
    event: Any = {"type": "track", "traits": {"email": text}}
    outcome = _outcome(Plain(email_address=given_by), event)
    assert outcome == ("invalid_email" if address is None else (1, address, {7: "on"}))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "missing_email"),
        ("", "missing_email"),
        ("  ", "missing_email"),
        (5, "invalid_email"),
        (True, "invalid_email"),
        (["ann@example.com"], "invalid_email"),
        ({"email": "ann@example.com"}, "invalid_email"),
    ],
)
def test_given_address(value: object, reason: str) -> None:
    """Where a mapping says where the address is, no other place is looked at."""
    mapping = Plain(email_address={"@path": "$.address"})
    assert _outcome(mapping, ANN | {"address": value}) == reason
    assert _outcome(mapping, ANN) == "missing_email"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is ", "as it is "),
        ("", ""),
        ("off", "off"),
        (True, "on"),
        (False, "off"),
        (0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (-5, "-5"),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        (1.5e300, "1.5e+300"),
        (1e21, "1e+21"),
        (2**53 + 1, "9007199254740993"),
        (10**30, "1" + "0" * 30),
        (AUDIENCE, AUDIENCE),
        ("true", "true"),
        (None, None),
    ],
)
def test_value(value: object, text: str | None) -> None:
    """A text stays as it is, a number is its shortest form, a boolean on or off; no null."""
    mapping = Plain(fields={7: {"@path": "$.value"}, 8: "x"})
    fields = {8: "x"} if text is None else {7: text, 8: "x"}
    assert _outcome(mapping, ANN | {"value": value}) == (1, "ann@example.com", fields)


@pytest.mark.parametrize("value", [[], [1], {}, {"a": 1}, ["x" * 200], [10**30]])
def test_invalid_value(value: object) -> None:
    """A list or object cannot be a field's value: the whole update is rejected."""
    mapping = Plain(fields={7: {"@path": "$.value"}, 8: "x"})
    assert _outcome(mapping, ANN | {"value": value}) == "invalid_field_value"


def test_invalid_written_value() -> None:
    """A list that a mapping itself makes, with something missing in it, is told as well."""
    mapping = Plain(fields={7: {"@arrayPath": ["$.items", {"a": {"@path": "$.x"}}]}})
    assert _outcome(mapping, ANN | {"items": [{}]}) == "invalid_field_value"


def test_no_fields() -> None:
    """An event that sets no field at all is rejected."""
    mapping = Plain(fields={7: {"@path": "$.a"}, 8: {"@path": "$.b.c"}})
    assert _outcome(mapping, ANN | {"a": None}) == "no_profile_fields"


def test_directive_failed() -> None:
    """A directive that cannot be carried out for an event is that event's reject."""
    mapping = Plain(fields={7: {"@path": {"@path": "$.which"}}})
    assert _outcome(mapping, ANN | {"which": 5}) == "directive_failed"
    assert _outcome(mapping, ANN | {"which": "$.type"}) == (1, "ann@example.com", {7: "track"})


SHAPES: list[Any] = [
    pytest.param(lambda value: {"traits": {"vip": value}}, id="identify"),
    pytest.param(lambda value: {"properties": {"audience_key": "vip", "vip": value}}, id="track"),
]
PERSONAS: Any = {"context": {"personas": {"computation_key": "vip"}, "traits": ANN["traits"]}}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "on"),
        (False, "off"),
        ("true", "on"),
        ("false", "off"),
        ("TRUE", None),
        ("on", None),
        ("", None),
        (1, None),
        (0, None),
        (None, None),
        ([True], None),
        ({}, None),
    ],
)
def test_membership(shape: Any, value: object, text: str | None) -> None:
    """In either shape true and false, as booleans or texts, say in or out; nothing else does."""
    outcome = _outcome(Plain(fields={7: AUDIENCE}), {"type": "track"} | PERSONAS | shape(value))
    assert outcome == ("unknown_membership" if text is None else (1, "ann@example.com", {7: text}))


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"properties": {"vip": True}, "traits": {"vip": False}}, "on"),
        ({"properties": {"vip": None}, "traits": {"vip": False}}, "off"),
        ({"properties": {"audience_key": "x", "x": False, "vip": True}}, "on"),
        ({"properties": {"x": 1}, "traits": {"vip": True}}, "on"),
        ({"properties": "text", "traits": {"vip": True}}, "on"),
        ({"properties": {"vip": "maybe"}, "traits": {"vip": True}}, None),
        ({"properties": {}, "traits": {}}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("trigger", [None, *TRIGGERS])
def test_where_membership_stands(trigger: str | None, event: Any, text: str | None) -> None:
    """The value is looked up in properties, then traits, whatever the trigger pins."""
    mapping = Plain(fields={7: AUDIENCE}, trigger=trigger)
    outcome = _outcome(mapping, {"type": "track"} | PERSONAS | event)
    assert outcome == ("unknown_membership" if text is None else (1, "ann@example.com", {7: text}))


@pytest.mark.parametrize(
    ("audience_key", "text"),
    [
        (None, "on"),
        ("other", "off"),
        ("a.b", "on"),
        ({"@path": "$.which"}, "off"),
        ({"@template": "{{which}}"}, "off"),
        ({"@path": "$.nowhere"}, None),
        ({"@path": "$.number"}, None),
        ("missing", None),
    ],
)
def test_audience_key(audience_key: Any, text: str | None) -> None:
    """A mapping's own audience key counts alone; without one it is the event's."""
    properties = {"vip": True, "other": False, "a.b": "true", "audience_key": "other"}
    event = {"type": "track", "which": "other", "number": 5, "properties": properties} | PERSONAS
    outcome = _outcome(Plain(fields={7: AUDIENCE}, audience_key=audience_key), event)
    assert outcome == ("unknown_membership" if text is None else (1, "ann@example.com", {7: text}))


def test_audience_in_a_branch() -> None:
    """The word useAudienceKey in a directive's branch stands for the membership there."""
    choice = {"@if": {"exists": {"@path": "$.known"}, "then": AUDIENCE, "else": "off"}}
    event = {"type": "track", "traits": {"vip": True}} | PERSONAS
    mapping = Plain(fields={7: choice})
    assert _outcome(mapping, event | {"known": 1}) == (1, "ann@example.com", {7: "on"})
    assert _outcome(mapping, event) == (1, "ann@example.com", {7: "off"})


def test_the_word_in_an_event() -> None:
    """An event's own text useAudienceKey is a text: only the mapping's word asks for membership."""
    choice = {"@if": {"exists": {"@path": "$.own"}, "then": {"@path": "$.own"}, "else": AUDIENCE}}
    event = {"type": "track", "traits": {"vip": True}} | PERSONAS
    mapping = Plain(fields={7: choice})
    assert _outcome(mapping, event) == (1, "ann@example.com", {7: "on"})
    assert _outcome(mapping, event | {"own": AUDIENCE}) == (1, "ann@example.com", {7: AUDIENCE})


@pytest.mark.parametrize(
    ("timestamp", "instant"),
    [("1970-01-01T00:00:01Z", 10**9), ("now", NEVER), (None, NEVER), (5, NEVER)],
)
def test_instant(timestamp: object, instant: int) -> None:
    """An update carries its event's instant, or none where input order is to decide."""
    (mapping,) = parse("m.yaml", json.dumps({"mappings": [Plain().as_json("A")]}))
    event: Any = ANN | {"timestamp": timestamp}
    line = msgspec.json.encode(event | {"type": "track"})
    (update,) = Evaluator((mapping,)).evaluate(Block("f", 5, lines_of(line))).updates
    change = {"mapping": 0, "list_id": 1, "field": 7, "value": "on"}
    assert msgspec.to_builtins(update) == (5, "ann@example.com", (change,), instant)
    late = Evaluator((mapping,), EvaluationRules(by_timestamp=False)).evaluate(
        Block("f", 5, lines_of(line))
    )
    assert list(late.updates) == [(*update[:2], late.updates.changes[0], NEVER)]


def test_rejected() -> None:
    """A rejected event names the mapping by its index, and shows what was found, shortened."""
    (mapping,) = parse("m.yaml", json.dumps({"mappings": [Plain().as_json("A")]}))
    made = UpdateMaker.of(3, mapping).make({"traits": {"email": "x" * 100}}, 1, NEVER)
    assert isinstance(made, RejectedUpdate)
    assert (made.mapping, made.reason) == (3, "invalid_email")
    assert made.detail == f'"{"x" * 78}… is not a valid e-mail address'


def test_pinned_audience() -> None:
    """Where the trigger pins the audience, the event's other members are not read."""
    pinned = 'type = "track" and context.personas.computation_key = "vip"'
    text = json.dumps({"mappings": [Plain(fields={7: AUDIENCE}, trigger=pinned).as_json("A")]})
    (mapping,) = parse("m.yaml", text)
    paths = {*trigger_paths(mapping), *update_paths(mapping), *rare_paths(mapping)}
    assert {("properties", "vip"), ("traits", "vip")} < paths
    assert not {("properties",), ("traits",)} & paths
