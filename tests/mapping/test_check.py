"""Remarks on mappings: what is said is so, and is said at its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.acceptance import ACCEPTED_TYPES
from listrak_sync.mapping.check import MOST_MAPPINGS, remarks
from listrak_sync.mapping.conditions import All, AnyOf, Condition, Not
from listrak_sync.mapping.contradictions import conjuncts, contradiction, dead_branches
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql import functions
from listrak_sync.mapping.fql.parser import parse as parse_trigger
from listrak_sync.mapping.model import list_id_of
from listrak_sync.mapping.predicates import compile_condition
from tests.mapping import reference
from tests.mapping.reference import Decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sync.events.key_paths import Json


def check(*mappings: Mapping[str, object]) -> list[Finding]:
    """Return the remarks on mappings, of which each may leave out what does not matter."""
    given_ = [{"list_id": 7, "profile_field_values": {"1": "Gold"}, **each} for each in mappings]
    found = remarks(parse("m.yaml", json.dumps({"mappings": given_})))
    return [each for each in found if each.kind != "one_contact"]  # a constant address


def kinds(*mappings: Mapping[str, object]) -> list[str]:
    """Return the kinds of the remarks on mappings."""
    return [found.kind for found in check(*mappings)]


def only(*lines: str) -> Finding:
    """Return the only remark on a mapping whose trigger is written on these lines."""
    trigger = "".join(f"      {line}\n" for line in lines)
    text = f"""\
mappings:
  - name: VIP
    trigger: >-
{trigger}    list_id: 7
    profile_field_values: {{1: Gold}}
"""
    (found,) = remarks(parse("m.yaml", text))
    return found


NEVER: Final = (
    'event = "A" and event = "B"',
    'event = "5" and event = 5',
    "properties.a = true and properties.a = 1",
    'properties.a = null and properties.a = "x"',
    '!(properties.a != null) and contains(properties.a, "x")',
    "properties.a > 5 and properties.a < 3",
    "properties.a >= 5 and 5 > properties.a",
    "3 < properties.a and properties.a < 3.0",
    "properties.a = 5 and properties.a > 5",
    "properties.a in [1, 2] and properties.a >= 3",
    'properties.a > 5 and match(properties.a, "6*")',
    'contains(properties.a, "x") and "x" in properties.a',
    'properties.a = "x" and !contains(properties.a, "x")',
    'properties.a = 5 and !contains(properties.a, "x")',
    "event in []",
    'event in ["A"] and event in ["B", "C"]',
    'event in ["A", "B"] and event != "A" and event != "B"',
    'event = "A" and !(event = "A" or event = "B")',
    'event = "A" and !(event != "B" and event = "A")',
    'event = "A" and (event = "B" or (event = "C" and properties.a))',
    'lowercase(event) = "Order Completed"',
    'uppercase(event) = "a"',
    'snakecase(event) = "a b"',
    'typeof(properties.a) = "boolean"',
    'typeof(properties.a) = "number" and properties.a = "5"',
    'length(event) = "5"',
    "length(event) > 5 and length(event) < 2",
    'event = "A" and lowercase(event) = "b"',
    "properties.a and !properties.a",
    "false",
    '1 > 2 or "a" = "b"',
    'type = "screen"',
    'match(type, "s*")',
    'type = "track" and type = "identify"',
    'type != "track" and !(type in ["page", "group"]) and type != "alias" and type != "identify"',
)
POSSIBLE: Final = (
    'type = "track" and event = "A"',
    "properties.a > 5 and properties.a < 6",
    "properties.a >= 5 and properties.a <= 5",
    "properties.a != 5 and properties.a > 4",
    'event != "A" and event != "B"',
    "properties.a = null and properties.b = 5",
    'lowercase(event) = "a" and event = "A"',
    '"x" in properties.a and properties.a != null',
    "properties.a = properties.b and properties.a = 5 and properties.b > 4",
    'string(properties.a) = "1000000000000000000000" and properties.a = 1e21',
    'string(properties.a) = "1152921504606847000" and properties.a = 1152921504606846976',
    '!(properties.a = 5) and properties.a = "x"',
    'contains(properties.a, 1) and !(contains(properties.a, "true"))',
    'event = "A" or event = "B"',
    '!(event = "A" and type = "track")',
)


@pytest.mark.parametrize("trigger", NEVER)
def test_never(trigger: str) -> None:
    """A trigger that contradicts itself is remarked on, and no second remark follows from it."""
    assert kinds({"trigger": trigger}) == ["never_matches"]


@pytest.mark.parametrize("trigger", POSSIBLE)
def test_possible(trigger: str) -> None:
    """A trigger that some event meets is left alone."""
    assert check({"trigger": trigger}) == []


@pytest.mark.parametrize(
    "conditions",
    [
        [{"properties.a": {"exists": False}}, {"properties.a": "x"}],
        [{"properties.a": {"exists": False, "starts_with": "x"}}],
        [{"properties.a": {">": 5, "<": 3}}],
        [{"type": ["track", "page"]}, {"not": {"any": [{"type": "track"}, {"type": "page"}]}}],
        [{"event": "A"}, {"event": {"is_not": ["A", "B"]}}],
    ],
)
def test_never_in_yaml(conditions: list[object]) -> None:
    """Conditions in YAML are held against each other like those of a trigger."""
    (found,) = check({"conditions": conditions})
    assert (found.kind, found.place.path) == ("never_matches", "mappings[0].conditions")


def test_never_message() -> None:
    """A contradiction is shown with its two parts, at the place of the one that gives way."""
    found = only('type = "track"', 'and type = "identify"')
    assert found.shown("m.yaml") == (
        "m.yaml:5:11: mappings[0].trigger: never matches: "
        'type = "identify" contradicts type = "track"'
    )


def test_type_that_is_not_taken() -> None:
    """A type of event that the destination does not take is named with those it takes."""
    assert only('type = "screen"').message == (
        'never matches: type = "screen"; types taken are alias, group, identify, page, track'
    )


def test_unreachable() -> None:
    """A branch that cannot hold beside the rest is remarked on where it stands."""
    found = only('type = "track" and (event = "A"', 'or (type = "page" and event = "B"))')
    assert (found.kind, found.place.line, found.place.column) == ("unreachable", 5, 10)
    assert found.message == (
        'this part never matches: (type = "page" and event = "B") contradicts type = "track"'
    )


def test_unreachable_by_itself() -> None:
    """A branch that contradicts itself is not blamed on the conditions around it."""
    found = only('type = "track" and (event = "A"', 'or (event = "B" and event = "C"))')
    assert found.message == 'this part never matches: (event = "B" and event = "C")'


def _never_holds(condition: Condition, event: Decoded) -> bool:
    return not compile_condition(condition)(event)


small: Final = st.sampled_from(
    [
        parse_trigger(text)
        for trigger in (*NEVER, *POSSIBLE)
        for text in trigger.split(" and ")
        if text.count("(") == text.count(")") and not text.startswith("(")
    ]
)
mixed: Final[st.SearchStrategy[Condition]] = st.recursive(
    small | reference.leaves,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
values: Final[st.SearchStrategy[Json]] = st.sampled_from(
    (
        None,
        True,
        False,
        0,
        1,
        2,
        3,
        4,
        5,
        5.0,
        6,
        1e21,
        10**21,
        2**60,
        float(2**60),
        "",
        "5",
        "a",
        "A",
        "B",
        "b",
        "x",
        "Order Completed",
        "6x",
        ["x"],
        [],
        {},
    )
)
events: Final = reference.events | st.fixed_dictionaries(
    {"type": st.sampled_from(("track", "identify", "page", "screen"))},
    optional={
        "event": values,
        "properties": st.fixed_dictionaries({}, optional={"a": values, "b": values}),
    },
)


@given(mixed, st.lists(events, max_size=20))
def test_never_is_never(condition: Condition, some: list[Decoded]) -> None:
    """A condition that is said never to match matches no event, as a whole or in part."""
    if contradiction([condition]):
        assert all(_never_holds(condition, event) for event in some)
    for found in dead_branches([condition]):
        assert all(_never_holds(All((condition, found.condition)), event) for event in some)


@given(mixed, mixed, st.lists(events, max_size=20))
def test_narrower(one: Condition, other: Condition, some: list[Decoded]) -> None:
    """A condition of more conjuncts holds for nothing that the one of fewer does not hold for."""
    both = All((one, other))
    assert conjuncts(one) <= conjuncts(both)
    for narrow, wide in ((one, other), (other, one), (both, one)):
        if conjuncts(narrow) >= conjuncts(wide):
            narrow_holds, wide_holds = compile_condition(narrow), compile_condition(wide)
            assert all(wide_holds(event) for event in some if narrow_holds(event))


@given(st.sampled_from(sorted(ACCEPTED_TYPES)), st.lists(st.sampled_from(POSSIBLE), max_size=1))
def test_every_type_is_taken(type_: str, more: list[str]) -> None:
    """No type that the destination takes is remarked on."""
    assert not contradiction([parse_trigger(f'type = "{type_}"')])
    assert kinds({"trigger": f'type = "{type_}"'}) == []


def test_nobody_is_told_nothing() -> None:
    """A mapping without a trigger is nothing to remark on."""
    assert check({}) == []


def test_disabled() -> None:
    """A disabled mapping is remarked on, and contradicts no other."""
    mappings = ({"name": "A"}, {"enabled": False, "profile_field_values": {"1": "Silver"}})
    (found,) = check(*mappings)
    assert (found.kind, found.place.path) == ("disabled", "mappings[1]")


def test_list_from_event() -> None:
    """A list that the event decides cannot be looked up, which is said."""
    assert kinds({"list_id": {"@path": "$.properties.list"}}) == ["list_from_event"]


@pytest.mark.parametrize(("count", "said"), [(MOST_MAPPINGS, 0), (MOST_MAPPINGS + 1, 1)])
def test_many_mappings(count: int, said: int) -> None:
    """More mappings than Segment takes are remarked on, at the first that is too many."""
    found = check(*({"trigger": f'event = "{number}"'} for number in range(count)))
    assert [(one.kind, one.place.path) for one in found] == [
        ("many_mappings", f"mappings[{MOST_MAPPINGS}]")
    ] * said


A: Final = 'type = "track" and event = "A"'
TURNED: Final = 'event = "A" and type = "track"'
NARROWER: Final = f"{A} and properties.total > 5"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"trigger": A}, {"trigger": A}),
        ({"trigger": A}, {"trigger": TURNED}),
        ({"trigger": A}, {"trigger": NARROWER}),
        ({"trigger": NARROWER}, {"trigger": A}),
        ({}, {"trigger": A}),
        ({"trigger": A}, {"conditions": [{"type": "track"}, {"event": "A"}]}),
        ({"list_id": 7}, {"list_id": "7"}),
        ({"email_address": "a@x.io"}, {"email_address": "a@x.io"}),
    ],
)
def test_contradictory_values(first: dict[str, object], second: dict[str, object]) -> None:
    """Two values for one field, where one mapping takes all that the other takes, are remarked on.

    The remark stands at the later field and names the earlier mapping.
    """
    first, second = first | {"name": "One"}, second | {"profile_field_values": {"1": "Silver"}}
    (found,) = check(first, second)
    path = "mappings[1].profile_field_values.1"
    assert (found.kind, found.place.path) == ("contradictory_values", path)
    assert found.message == (
        "field 1 of list 7 is set to 'Silver' here and to 'Gold' by 'One' (line 1) "
        "for the same events; the later one wins"
    )


@pytest.mark.parametrize(
    "second",
    [
        {"profile_field_values": {"1": "Gold"}, "email_address": "a@x.io"},
        {"profile_field_values": {"2": "off"}},
        {"list_id": 8, "profile_field_values": {"1": "off"}},
        {"trigger": 'type = "page"', "profile_field_values": {"1": "off"}},
        {"trigger": 'type = "track" or event = "A"', "profile_field_values": {"1": "Silver"}},
        {"email_address": "a@x.io", "profile_field_values": {"1": "off"}},
        {"profile_field_values": {"1": "useAudienceKey"}, "audience_key": "vip"},
        {"profile_field_values": {"1": {"@path": "$.properties.a"}}},
    ],
)
def test_no_contradictory_values(second: dict[str, object]) -> None:
    """Another field, list, contact or event, and a value not known yet, contradict nothing."""
    assert check({"trigger": A}, {"trigger": A} | second) == []


def test_one_is_not_true() -> None:
    """Triggers that differ in the type of a value take different events."""
    one, other = ({"trigger": f"properties.a = {value}"} for value in ("1", "true"))
    assert check(one, other | {"profile_field_values": {"1": "off"}}) == []


def test_duplicate() -> None:
    """A mapping that does what an earlier one does is remarked on."""
    mapping: dict[str, object] = {"trigger": A, "profile_field_values": {"2": True, "1": "x"}}
    (found,) = check(
        mapping | {"name": "One"},
        mapping | {"trigger": TURNED, "profile_field_values": {"1": "x", "2": "on"}},
    )
    assert (found.kind, found.place.path) == ("duplicate", "mappings[1]")
    assert found.message == (
        "the same trigger, list and fields as 'One' (line 1); keep one of them"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"enabled": False},
        {"list_id": 8},
        {"trigger": NARROWER},
        {"audience_key": "gold"},
        {"email_address": "a@x.io"},
        {"profile_field_values": {"1": "useAudienceKey", "2": "on"}},
        {"profile_field_values": {"1": {"@path": "$.a"}}},
    ],
)
def test_no_duplicate(changed: dict[str, object]) -> None:
    """A mapping that differs in anything that matters is not a duplicate."""
    mapping: dict[str, object] = {
        "trigger": A,
        "profile_field_values": {"1": "useAudienceKey"},
        "audience_key": "vip",
    }
    assert "duplicate" not in kinds(mapping, mapping | changed)


AUDIENCE: Final[dict[str, object]] = {"profile_field_values": {"1": "useAudienceKey"}}
KEY: Final = "context.personas.computation_key"


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"trigger": 'type = "page"'}, ["no_audience"]),
        ({"trigger": 'type in ["page", "group"]', "audience_key": "vip"}, ["no_audience"]),
        ({"trigger": f"{KEY} = null"}, ["no_audience"]),
        ({"conditions": [{KEY: {"exists": False}}]}, ["no_audience"]),
        ({"trigger": f"{KEY} = null", "audience_key": "vip"}, []),
        ({"trigger": 'type = "page"', "profile_field_values": {"1": "on"}}, []),
        ({"trigger": 'type in ["page", "identify"]', "audience_key": "vip"}, []),
        ({"trigger": f'{KEY} = "vip" and type = "track"'}, []),
        ({"audience_key": "vip"}, []),
    ],
)
def test_no_audience(mapping: dict[str, object], said: list[str]) -> None:
    """A field that follows the audience needs events in which Engage sends one."""
    assert kinds(AUDIENCE | mapping) == said


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ('context.personas.computation_id = "aud_1"', []),
        ('context.personas.computation_id != "aud_1"', ["several_audiences"]),
        ('context.personas.space_id = "spa_1"', ["several_audiences"]),
    ],
)
def test_audience_by_its_id(trigger: str, said: list[str]) -> None:
    """The id of an audience names it as its key does; that of a space does not."""
    assert kinds(AUDIENCE | {"trigger": trigger}) == said


def test_order() -> None:
    """Remarks stand in the order of the file."""
    found = check({"trigger": "false"}, {"enabled": False}, {"trigger": 'type = "screen"'})
    places = [one.place for one in found]
    assert [place.path for place in places] == [
        "mappings[0].trigger",
        "mappings[1]",
        "mappings[2].trigger",
    ]


def test_list_id() -> None:
    """A list id in quotes is the same list."""
    (mapping,) = parse(
        "m.yaml", "mappings: [{list_id: '7', profile_field_values: {1: on}, trigger: 'a'}]"
    )
    assert list_id_of(mapping) == 7


def test_long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The values of a list are looked up, not compared one by one with those of another."""
    compared = []
    same = functions.same

    def counted(one: Json, other: Json) -> bool:
        compared.append(1)
        return same(one, other)

    monkeypatch.setattr(functions, "same", counted)
    for values in ([f"v{number}" for number in range(8000)], [*range(8000)]):
        first = json.dumps(values)
        second = json.dumps(values[4000:])
        assert kinds({"trigger": f"event in {first} and event in {second}"}) == []
    assert len(compared) < 1000
