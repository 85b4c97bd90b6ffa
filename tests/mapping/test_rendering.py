"""Conditions written out, as a trigger and as YAML, keep their meaning."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    PathOf,
    Refuted,
    Truth,
)
from listrak_sync.mapping.fql.parser import parse
from listrak_sync.mapping.fql.tokens import next_token, path_text
from listrak_sync.mapping.predicates import compile_condition
from listrak_sync.mapping.rendering import (
    NotExpressibleError,
    fql_text,
    yaml_conditions,
)
from listrak_sync.mapping.yaml.conditions import read_conditions
from listrak_sync.mapping.yaml.document import Document
from listrak_sync.segment_import.yaml_writer import entry
from tests.mapping import reference
from tests.mapping.reference import Decoded
from tests.segment_import.test_yaml_writer import Plain

ODD_NAMES = (
    *("any", "all", "not", "and", "or", "in", "true", "null", "contains", "5", "-5", "1e5", "2fa"),
    *("a.b", "a b", "größe", "a-b", "\\", '"', "'", "\n", "😀", "@path", "é"),
)


def read(items: Plain) -> Condition:
    """Read conditions as the mapping file's loader does, without a fault."""
    document = Document("m.yaml", "\n".join(entry("conditions", items)))
    root = document.root()
    assert isinstance(root.value, dict)
    condition = read_conditions(document, root.value["conditions"].value)
    assert [str(fault) for fault in document.faults] == []
    assert condition is not None
    return condition


def verdicts(condition: Condition, events: list[Decoded]) -> list[bool]:
    """Return for which events a condition holds."""
    return [compile_condition(condition)(event) for event in events]


events = st.lists(reference.events, min_size=1, max_size=8)
texts = st.sampled_from((*reference.TEXTS, "a\"b'c", "*", "?", "[x]", "\\", "a\nb"))
literals = st.builds(Literal, texts | st.sampled_from((*reference.NUMBERS, True, False)))
patterns = st.builds(
    lambda text, form: form.format(text),
    st.sampled_from(("a", "ab", "x", "\\*", "\\[")),
    st.sampled_from(("{}*", "*{}", "*")),
)
tests = st.builds(
    Call, st.just("contains"), st.tuples(reference.paths, st.builds(Literal, texts))
) | st.builds(Call, st.just("match"), st.tuples(reference.paths, st.builds(Literal, patterns)))
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(("=", "!=")),
        reference.paths,
        literals | st.just(Literal(None)),
    ),
    st.builds(
        Compare,
        st.sampled_from(("<", "<=", ">", ">=")),
        reference.paths,
        st.builds(Literal, st.sampled_from(reference.NUMBERS)),
    ),
    st.builds(
        In,
        reference.paths,
        st.builds(ListOf, st.lists(literals, min_size=1, max_size=3).map(tuple)),
    ),
    st.builds(Truth, reference.paths | tests),
    st.builds(Refuted, tests),
)
sayable: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)


@given(sayable, events)
def test_yaml_and_back(condition: Condition, some: list[Decoded]) -> None:
    """Trigger to YAML to trigger: at every step the same events are taken."""
    items: Plain = [dict(item) for item in yaml_conditions(condition)]
    conditions = read(items)
    wanted = [reference.holds(condition, event) for event in some]
    assert verdicts(conditions, some) == wanted
    try:
        text = fql_text(conditions)
    except NotExpressibleError:
        return  # a text with both quotes
    assert verdicts(parse(text), some) == wanted


@given(reference.conditions, events)
@example(AnyOf((All((Truth(PathOf(("a",))), Not(Truth(PathOf(("b",)))))),)), [{"a": True}])
@example(Not(Refuted(Call("contains", (PathOf(("a",)), Literal("x"))))), [{}])
@example(Not(Truth(Call("contains", (PathOf(("a",)), Literal("x"))))), [{}])
def test_trigger_and_back(condition: Condition, some: list[Decoded]) -> None:
    """A trigger written out and read again takes the same events."""
    wanted = [reference.holds(condition, event) for event in some]
    assert verdicts(parse(fql_text(condition)), some) == wanted


@given(reference.conditions, events)
def test_what_yaml_cannot_say(condition: Condition, some: list[Decoded]) -> None:
    """Any condition is written as YAML that means the same, or is refused."""
    try:
        written = yaml_conditions(condition)
    except NotExpressibleError:
        return
    items: Plain = [dict(item) for item in written]
    wanted = [reference.holds(condition, event) for event in some]
    assert verdicts(read(items), some) == wanted


@given(st.lists(st.sampled_from((*ODD_NAMES, *reference.NAMES)) | st.text(min_size=1), min_size=1))
@example(["any"])
@example(["5", "a"])
@example(["true", "a"])
@example(["-", "any"])
def test_path(names: list[str]) -> None:
    """A path of any names is read as those names, in a trigger and as a key."""
    assume(not any(sign in name for name in names for sign in "[]"))
    path = tuple(names)
    text = path_text(path)
    assert next_token(text, 0).names == path
    condition = Compare("=", PathOf(path), Literal("x"))
    assert parse(f'{text} = "x"') == condition
    assert parse(text) == Truth(PathOf(path))
    items: Plain = [dict(item) for item in yaml_conditions(condition)]
    assert read(items) == condition


A, B, C = (PathOf((name,)) for name in ("event", "name", "version"))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Compare("=", A, Literal("x")), 'event = "x"'),
        (Compare("=", A, Literal('"')), "event = '\"'"),
        (Compare("!=", PathOf(("a b", "0")), Literal(None)), "a\\ b.0 != null"),
        (Compare(">=", A, Literal(5.0)), "event >= 5"),
        (Compare("<", Literal(1e21), A), "1e+21 < event"),
        (In(A, ListOf((Literal(True), Literal(5), Literal("x")))), 'event in [true, 5, "x"]'),
        (In(Literal("x"), A), '"x" in event'),
        (Truth(A), "event"),
        (Truth(PathOf(("null",))), "\\null"),
        (Truth(Literal(False)), "false"),
        (Not(Truth(A)), "!(event)"),
        (Refuted(Call("contains", (A, Literal("x")))), '!contains(event, "x")'),
        (Not(Truth(Call("contains", (A, Literal("x"))))), '!(contains(event, "x"))'),
        (All((Truth(A), AnyOf((Truth(B), Truth(C))))), "event and (name or version)"),
        (AnyOf((Truth(A), All((Truth(B), Truth(C))))), "event or (name and version)"),
        (Not(All((Truth(A), Truth(B)))), "!(event and name)"),
        (Compare("=", Call("length", (A,)), Literal(5)), "length(event) = 5"),
    ],
)
def test_trigger(condition: Condition, text: str) -> None:
    """A trigger is written as one would write it, and read back to the same tree."""
    assert fql_text(condition) == text
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("trigger", "items"),
    [
        ('event = "x"', [{"event": "x"}]),
        ("event = null", [{"event": {"exists": False}}]),
        ("event != null", [{"event": {"exists": True}}]),
        ('event != "x"', [{"event": {"is_not": "x"}}]),
        ("event", [{"event": True}]),
        ("event >= 5", [{"event": {">=": 5}}]),
        ('event in ["x", 5]', [{"event": ["x", 5]}]),
        (
            'a.b\\ version and !contains(channel, "x")',
            [{"a.b\\ version": True}, {"channel": {"does_not_contain": "x"}}],
        ),
        ('match(event, "x*")', [{"event": {"starts_with": "x"}}]),
        ('match(event, "*x")', [{"event": {"ends_with": "x"}}]),
        ('match(event, "*")', [{"event": {"starts_with": ""}}]),
        ('!match(event, "\\**")', [{"event": {"does_not_start_with": "*"}}]),
        ('!match(event, "*x")', [{"event": {"does_not_end_with": "x"}}]),
        ("event or name", [{"any": [{"event": True}, {"name": True}]}]),
        ("!(event and name)", [{"not": [{"all": [{"event": True}, {"name": True}]}]}]),
        ("any and \\5", [{"\\any": True}, {"\\5": True}]),
    ],
)
def test_yaml(trigger: str, items: Json) -> None:
    """Conditions are written in the words of Segment's screen."""
    assert yaml_conditions(parse(trigger)) == items


@pytest.mark.parametrize(
    "trigger",
    [
        'match(event, "x")',
        'match(event, "a*b")',
        'match(event, "*a*")',
        'match(event, "a?")',
        'match(event, "[ab]*")',
        'match(event, "")',
        "match(event, name)",
        "contains(event, name)",
        'contains(lowercase(event), "x")',
        'lowercase(event) = "x"',
        "event = name",
        "5 < event",
        '"x" in event',
        "event in name",
        "event in []",
        "event in [null]",
        "event in [name]",
        "true",
        "length(event) > 5",
        "bool(event)",
        "event and (name or length(event) > 5)",
    ],
)
def test_only_a_trigger(trigger: str) -> None:
    """A condition that only event trigger can state is refused, with the part at fault."""
    with pytest.raises(NotExpressibleError) as caught:
        yaml_conditions(parse(trigger))
    assert str(caught.value) in trigger


def test_both_quotes() -> None:
    """A text with both quotes can be said in YAML alone."""
    condition = Compare("=", A, Literal("\"'"))
    with pytest.raises(NotExpressibleError):
        fql_text(condition)
    assert yaml_conditions(condition) == [{"event": "\"'"}]
