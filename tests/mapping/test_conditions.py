"""Conditions hold for the events that they describe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.conditions import Condition, paths_of
from listrak_sync.mapping.fql.parser import parse
from listrak_sync.mapping.predicates import compile_condition
from tests.mapping import reference
from tests.mapping.reference import Decoded


def takes(trigger: str, event: Decoded) -> bool:
    """Say whether a trigger holds for an event."""
    return compile_condition(parse(trigger))(event)


SAMPLES: dict[str, Json] = {
    "text": "abc",
    "empty": "",
    "five": 5,
    "float": 5.0,
    "zero": 0,
    "digits": "5",
    "yes": True,
    "no": False,
    "yes text": "true",
    "null": None,
    "list": ["a", 5, True, None, [1]],
    "object": {"a": 1},
}
"""A value of every kind; one more, `missing`, is not there."""


@pytest.mark.parametrize(
    ("trigger", "takes_kinds"),
    [
        ('name = "abc"', "text"),
        ('name = ""', "empty"),
        ('name = "5"', "digits"),
        ('name = "true"', "yes_text"),
        ('"abc" = name', "text"),
        (
            'name != "abc"',
            "empty five float zero digits yes no yes_text null list object missing",
        ),
        ("name = 5", "five float"),
        ("5.0 = name", "five float"),
        ("name != 5", "zero"),
        ("0 != name", "five float"),
        ("name < 5", "zero"),
        ("name <= 5", "zero five float"),
        ("name > 0", "five float"),
        ("name >= 0", "zero five float"),
        ("0 < name", "five float"),
        ('name > "0"', "five float"),
        ("name = true", "yes"),
        ("name = false", "no"),
        (
            "name != true",
            "text empty five float zero digits no yes_text null list object missing",
        ),
        ("name = null", "null missing"),
        ("name != null", "text empty five float zero digits yes no yes_text list object"),
        ("name", "yes"),
        (
            "!name",
            "text empty five float zero digits no yes_text null list object missing",
        ),
        ('contains(name, "b")', "text"),
        ('contains(name, "")', "text empty digits yes_text"),
        ('!contains(name, "b")', "empty digits yes_text"),
        (
            '! contains(name, "b")',
            "empty five float zero digits yes no yes_text null list object missing",
        ),
        (
            '!(contains(name, "b"))',
            "empty five float zero digits yes no yes_text null list object missing",
        ),
        ('match(name, "a*")', "text"),
        ('match(name, "*")', "text empty digits yes_text"),
        ('!match(name, "a*")', "empty digits yes_text"),
        (
            '!(match(name, "a*"))',
            "empty five float zero digits yes no yes_text null list object missing",
        ),
        ("contains(name, 5)", "digits"),
        ('contains(lowercase(name), "b")', "text"),
        ('!contains(lowercase(name), "b")', "empty digits yes_text"),
        ('name in ["abc", "x"]', "text"),
        ("name in [5]", "five float"),
        ("name in [true, 'true']", "yes yes_text"),
        ("name in [null]", "null missing"),
        ("name in []", ""),
        ("'a' in name", "list"),
        ("5.0 in name", "list"),
        ("true in name", "list"),
        ("1 in name", ""),
        ("null in name", "list"),
        ("category in name", "list"),
        ("[1.0] in name", "list"),
        ('name.0 = "a"', "text list"),
        ('name.1 = "b"', "text"),
        ("name.1 = 5", "list"),
        ("name.length = 5", "list"),
        ("name.length = 3", "text"),
        ("name.a = 1", "object"),
        ("name.a = 0", "zero"),
        ('name.a = ""', "empty"),
        ("name.a = false", "no"),
        ("name.a = null", "text five float digits yes yes_text null list missing"),
        ("length(name) = 3", "text"),
        ("length(name) = 0", "empty five float zero yes no null object missing"),
        ("typeof(name) = 'null'", "null missing"),
        ("typeof(name) = 'bool'", "yes no"),
        ("lowercase(name) = null", "five float zero yes no null list object missing"),
        ("string(name) = '5'", "five float digits"),
        ("number(name) = 5", "five float digits"),
        ("number(name) = number('5')", "five float digits"),
        ("number(name) > 0", "five float digits yes"),
        ("bool(name)", "five float yes yes_text"),
        ("name = version", "list"),
        ("name = [1]", ""),
        ("name = category", "null missing"),
        ("name != category", "text empty five float zero digits yes no yes_text list object"),
        ("name = channel", "five float"),
        ("name < channel", "zero"),
        ("true", "*"),
        ("false", ""),
        ("!true", ""),
        ("name = 5 or name = 'abc'", "five float text"),
        ("name != null and !(name = 5) and typeof(name) = 'number'", "zero"),
    ],
)
def test_kinds(trigger: str, takes_kinds: str) -> None:
    """A condition takes exactly these kinds of value at `name`, of all there are."""
    others: Decoded = {"version": SAMPLES["list"], "channel": SAMPLES["five"]}
    events: dict[str, Decoded] = {
        name.replace(" ", "_"): {**others, "name": value} for name, value in SAMPLES.items()
    }
    events["missing"] = others
    taken = {name for name, event in events.items() if takes(trigger, event)}
    assert taken == (set(events) if takes_kinds == "*" else set(takes_kinds.split()))


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        (
            'type = "track" and context.personas.computation_key = "vip"',
            {"type": "track", "context": {"personas": {"computation_key": "vip"}}},
        ),
        (r"properties.product\ 1.price > 5", {"properties": {"product 1": {"price": 6}}}),
        (r'properties.a\.b = "x"', {"properties": {"a.b": "x"}}),
        (r"products\[0\].price = 5", {"products": [{"price": 5}]}),
        ("'dark-mode' in properties.features", {"properties": {"features": ["dark-mode"]}}),
        ("properties.arr.1.0 in properties.arr.0", {"properties": {"arr": [[1], [1.0]]}}),
        ("properties.id = 9007199254740993", {"properties": {"id": 9007199254740993}}),
        ("(a or b) and c", {"b": True, "c": True}),
        ("a or (b and c)", {"a": True}),
        ("!(a or b)", {"a": False}),
    ],
)
def test_event(trigger: str, event: Decoded) -> None:
    """A trigger takes the event that it describes, and not an empty one unless it says so."""
    assert takes(trigger, event)
    assert takes(trigger, {}) is trigger.startswith("!")


@given(reference.conditions, reference.events)
def test_agrees_with_the_reference(condition: Condition, event: Decoded) -> None:
    """A trigger, written and compiled, holds exactly where its tree, read plainly, holds."""
    trigger = reference.render(condition)
    assert takes(trigger, event) is reference.holds(condition, event)
    assert compile_condition(condition)(event) is reference.holds(condition, event)


@given(reference.conditions, reference.events)
def test_paths_are_all_that_is_read(condition: Condition, event: Decoded) -> None:
    """A condition does not depend on anything outside its key paths."""
    first_names = {path[0] for path in paths_of(condition)}
    trimmed = {name: value for name, value in event.items() if name in first_names}
    test = compile_condition(condition)
    assert test(trimmed) is test(event)


@pytest.mark.parametrize(
    ("trigger", "value", "held"),
    [
        ("properties.a = 9007199254740993", 9007199254740993, True),
        ("properties.a = 9007199254740993", 9007199254740992, False),
        ('match(properties.a, "?")', "\U0001f600", True),
        ('properties.a.0 = "\U0001f600"', "\U0001f600!", True),
    ],
)
def test_where_it_differs(trigger: str, value: Json, *, held: bool) -> None:
    """Long numbers are exact, and characters are whole."""
    assert takes(trigger, {"properties": {"a": value}}) is held


def test_paths() -> None:
    """The paths of a condition are those of its every part."""
    condition = parse(
        r"a.b and !(\c = 5 or \d in [\e, 'x']) and !contains(lowercase(\f), \g) and \h < \i"
    )
    assert sorted(paths_of(condition)) == [("a", "b"), *((name,) for name in "cdefghi")]


@dataclass(frozen=True)
class Row:
    """A condition as Segment's screen has it: a field, an operator, a value."""

    names: tuple[str, ...]
    operator: str
    value: str | float = ""


@dataclass(frozen=True)
class Group:
    """Rows and groups joined by `and` or `or`."""

    joiner: str
    parts: tuple[Group | Row, ...]


OF_TEXT: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "contains": ('contains({}, "{}")', lambda text, value: value in text),
    "not_contains": ('!contains({}, "{}")', lambda text, value: value not in text),
    "starts_with": ('match({}, "{}*")', lambda text, value: text[: len(value)] == value),
    "not_starts_with": ('!match({}, "{}*")', lambda text, value: text[: len(value)] != value),
    "ends_with": (
        'match({}, "*{}")',
        lambda text, value: text[max(0, len(text) - len(value)) :] == value,
    ),
    "not_ends_with": (
        '!match({}, "*{}")',
        lambda text, value: text[max(0, len(text) - len(value)) :] != value,
    ),
}
OF_NUMBER: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "<": ("{} < {}", lambda number, value: number < value),
    "<=": ("{} <= {}", lambda number, value: not number > value),
    ">": ("{} > {}", lambda number, value: number > value),
    ">=": ("{} >= {}", lambda number, value: not number < value),
    "number_equals": ("{} = {}", lambda number, value: number == value),
    "number_not_equals": ("{} != {}", lambda number, value: number != value),
}
OF_ANY: dict[str, tuple[str, Callable[[Json, str], bool]]] = {
    "=": ('{} = "{}"', lambda found, value: isinstance(found, str) and found == value),
    "!=": ('{} != "{}"', lambda found, value: not isinstance(found, str) or found != value),
    "exists": ("{} != null", lambda found, _: found is not None),
    "not_exists": ("{} = null", lambda found, _: found is None),
    "is_true": ("{} = true", lambda found, _: found is True),
    "is_false": ("{} = false", lambda found, _: found is False),
}
FIELDS = st.one_of(
    st.sampled_from([("type",), ("event",), ("name",), ("userId",)]),
    st.tuples(
        st.sampled_from(["properties", "traits", "context"]),
        st.sampled_from(["plan", "first name", "größe", "$total", "it's", "a/b"]),
    ),
    st.tuples(st.just("properties"), st.just("page"), st.sampled_from(["url", "0", "length"])),
)
WORDS = st.sampled_from(["", "pro", "Pro", "o", "pr o", "true", "5", "null", "it's", "日本", ")"])
AMOUNTS = st.sampled_from([0, 5, -1, 3.14, 99.5, 5.0])
ROWS = st.one_of(
    st.builds(Row, FIELDS, st.sampled_from([*OF_TEXT, *OF_ANY]), WORDS),
    st.builds(Row, FIELDS, st.sampled_from([*OF_NUMBER]), AMOUNTS),
)
SCREENS: st.SearchStrategy[Group | Row] = st.recursive(
    ROWS,
    lambda inner: st.builds(
        Group, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=5,
)
LEAVES = st.one_of(
    WORDS, AMOUNTS, st.booleans(), st.none(), st.lists(WORDS, max_size=2), st.just({"url": "pro"})
)
MEMBERS = st.dictionaries(
    st.sampled_from(["plan", "first name", "größe", "$total", "it's", "a/b", "page"]), LEAVES
)
EVENTS: st.SearchStrategy[Decoded] = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page"]) | WORDS,
        "event": LEAVES,
        "name": LEAVES,
        "userId": LEAVES,
        "properties": MEMBERS | LEAVES,
        "traits": MEMBERS | LEAVES,
        "context": MEMBERS | LEAVES,
    },
)


def shown(screen: Group | Row) -> str:
    """Write what the screen has as the trigger that it shows."""
    if isinstance(screen, Group):
        inner = (
            f"({shown(part)})" if isinstance(part, Group) else shown(part) for part in screen.parts
        )
        return f" {screen.joiner} ".join(inner)
    path = ".".join(re.sub(r"([^A-Za-z0-9_-])", r"\\\1", name) for name in screen.names)
    forms = {name: form for of in (OF_TEXT, OF_NUMBER, OF_ANY) for name, (form, _) in of.items()}
    return forms[screen.operator].format(path, screen.value)


def judged(screen: Group | Row, event: Decoded) -> bool:
    """Say what the screen promises: a value that counts as false ends a path, as its result."""
    if isinstance(screen, Group):
        verdicts = [judged(part, event) for part in screen.parts]
        return all(verdicts) if screen.joiner == "and" else any(verdicts)
    found: Json = event
    for name in screen.names:
        if found is None or (isinstance(found, bool | int | float | str) and not found):
            break
        found = member(found, name)
    operator, value = screen.operator, screen.value
    if operator in OF_TEXT:
        return isinstance(found, str) and OF_TEXT[operator][1](found, str(value))
    if operator in OF_NUMBER:
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return is_number and OF_NUMBER[operator][1](float(str(found)), float(value))
    return OF_ANY[operator][1](found, str(value))


def member(value: Json, name: str) -> Json:
    """Return a member of a value, null where it has none."""
    if isinstance(value, dict):
        return value.get(name)
    if not isinstance(value, list | str):
        return None
    if name == "length":
        return len(value)
    return value[int(name)] if name.isdigit() and int(name) < len(value) else None


@given(SCREENS, EVENTS)
def test_agrees_with_the_screen(screen: Group | Row, event: Decoded) -> None:
    """A trigger copied from Segment's screen means what the screen's fields mean."""
    assert takes(shown(screen), event) is judged(screen, event)
