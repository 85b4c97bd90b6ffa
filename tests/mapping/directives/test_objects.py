"""Directives that make or take apart objects and lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json, KeyPath
from listrak_sync.mapping.directives.compiler import Compiler, DirectiveError, Value
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.yaml.document import Document
from tests.mapping import reference
from tests.mapping.directives.test_texts import compiled
from tests.mapping.reference import Decoded

EVENT: Decoded = {
    "products": [{"sku": "a", "price": 5.0}, {"sku": "b"}, "text", None],
    "one": {"sku": "c", "tags": ["x", "y"]},
    "text": "abc",
    "zero": 0,
    "null": None,
    "nested": {"b": {"c": [1, {"d": None}], "e": {}}, "f": True},
    "indexed": {"b": 1, "10": 2, "9": 3, "01": 4},
    "json": '{"a": [1, 2.50, "ü"]}',
    "no json": "{a}",
}


def outcome(value: Value, event: Decoded) -> object:
    """Return what a value comes to, to be compared exactly."""
    try:
        return reference.exact(value.resolve(event))
    except DirectiveError:
        return "cannot be carried out"


def read_aloud(value: Json, event: Decoded) -> object:
    """Return what the plain reading says that a value comes to."""
    try:
        return reference.exact(reference.resolve(value, event))
    except reference.UnresolvableError:
        return "cannot be carried out"


@given(reference.directive_values, st.lists(reference.events, min_size=1, max_size=5))
def test_like_the_reference(value: Json, events: list[Decoded]) -> None:
    """Directives in one another, compiled once, come to what a plain reading comes to."""
    made = compiled(value)
    for event in events:
        assert outcome(made, event) == read_aloud(value, event)


@given(reference.directive_values, reference.events)
def test_paths_are_all_that_is_read(value: Json, event: Decoded) -> None:
    """A value does not depend on anything outside its key paths."""
    made = compiled(value)
    if () in made.paths:
        return
    first_names = {path[0] for path in made.paths}
    trimmed: Decoded = {name: event[name] for name in event if name in first_names}
    assert outcome(made, trimmed) == outcome(made, event)


@given(reference.directive_values, reference.events)
def test_constants(value: Json, event: Decoded) -> None:
    """A constant is the value that every event resolves to."""
    made = compiled(value)
    if made.is_constant:
        assert reference.exact(made.constant) == read_aloud(value, event)


@pytest.mark.parametrize(
    ("operands", "found"),
    [
        (["$.products"], EVENT["products"]),
        (["$.products", {"id": {"@path": "$.sku"}}],
         [{"id": "a"}, {"id": "b"}, {"id": UNSET}, {"id": None}]),
        (["products", {"id": {"@path": "sku"}, "same": 1}],
         [{"id": "a", "same": 1}, {"id": "b", "same": 1},
          {"id": UNSET, "same": 1}, {"id": None, "same": 1}]),
        (["$.products", {"@path": "$.price"}], [5.0, UNSET, UNSET, None]),
        (["$.products", {"@template": "{{sku}}!"}], ["a!", "b!", "!", "!"]),
        (["$.one", {"id": {"@path": "$.sku"}}], [{"id": "c"}]),
        (["$.one", {"tags": {"@arrayPath": ["$.tags", {"@path": "length"}]}}], [{"tags": [1, 1]}]),
        (["$.text", {"id": {"@path": "$.sku"}}], "abc"),
        (["$.missing", {"id": {"@path": "$.sku"}}], UNSET),
        (["$.null", {"id": {"@path": "$.sku"}}], None),
        (["$.products", {}], EVENT["products"]),
        (["$.products", "shape"], EVENT["products"]),
        ([{"@path": "$.one"}], EVENT["one"]),
        ([{"@template": "x"}, {"a": 1}], "x"),
    ],
)  # fmt: skip
def test_array_path(operands: Json, found: Found) -> None:
    """Each item of a list takes the shape; a lone object counts as a list of one."""
    resolved = compiled({"@arrayPath": operands}).resolve(EVENT)
    assert reference.exact(resolved) == reference.exact(found)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"separator": ".", "value": {"@path": "nested"}},
         {"b.c.0": 1, "b.c.1.d": None, "f": True}),
        ({"separator": "__", "value": {"@path": "nested"}, "omitArrays": True},
         {"b__c": [1, {"d": None}], "f": True}),
        ({"separator": ".", "value": {"@path": "products"}, "omitArrays": False},
         {"0.sku": "a", "0.price": 5.0, "1.sku": "b", "2": "text", "3": None}),
        ({"separator": ".", "value": {"@path": "text"}}, {"": "abc"}),
        ({"separator": ".", "value": {"@path": "missing"}}, {"": UNSET}),
        ({"separator": ".", "value": {"a": {"b": 1}, "c": {"@path": "zero"}}}, {"a.b": 1, "c": 0}),
        ({"separator": ".", "value": {}}, {}),
    ],
)  # fmt: skip
def test_flatten(options: Json, found: Found) -> None:
    """Nested names are joined; lists are taken apart too, unless they are left out of it."""
    resolved = compiled({"@flatten": options}).resolve(EVENT)
    assert reference.exact(resolved) == reference.exact(found)


@pytest.mark.parametrize(
    ("mode", "value", "found"),
    [
        ("encode", {"@path": "one"}, '{"sku":"c","tags":["x","y"]}'),
        ("encode", {"@path": "indexed"}, '{"9":3,"10":2,"b":1,"01":4}'),
        ("encode", {"@path": "zero"}, "0"),
        ("encode", {"@path": "null"}, "null"),
        ("encode", {"@path": "missing"}, UNSET),
        ("encode", {"@path": "text"}, '"abc"'),
        ("encode", {"a": {"@path": "missing"}, "b": [{"@path": "missing"}, 1e21, 5.0]},
         '{"b":[null,1e+21,5]}'),
        ("encode", {"a": 'ü"\n'}, '{"a":"ü\\"\\n"}'),
        ("encode", [], "[]"),
        ("decode", {"@path": "json"}, {"a": [1, 2.5, "ü"]}),
        ("decode", {"@path": "no json"}, "{a}"),
        ("decode", {"@path": "one"}, EVENT["one"]),
        ("decode", {"@path": "zero"}, 0),
        ("decode", {"@path": "missing"}, UNSET),
        ("decode", "null", None),
        ("decode", "[" * 100_000, "[" * 100_000),
        ("decode", {"@json": {"mode": "encode", "value": {"@path": "one"}}}, EVENT["one"]),
    ],
)  # fmt: skip
def test_json(mode: str, value: Json, found: Found) -> None:
    """A value becomes compact JSON, and back; what is not JSON stays as it is."""
    resolved = compiled({"@json": {"mode": mode, "value": value}}).resolve(EVENT)
    assert reference.exact(resolved) == reference.exact(found)


def test_json_of_no_number() -> None:
    """A number that JSON cannot express becomes null."""
    document = Document("m.yaml", '"@json": {mode: encode, value: [.inf, -.inf, .nan, 1e400]}')
    value = Compiler(document, COMPILERS).value(document.root())
    assert value.resolve(EVENT) == "[null,null,null,null]"


@pytest.mark.parametrize(
    ("objects", "right", "left"),
    [
        ([{"a": 1, "b": 1}, {"b": 2, "c": 2}], {"a": 1, "b": 2, "c": 2}, {"a": 1, "b": 1, "c": 2}),
        ([{"@path": "one"}, {"sku": "d"}],
         {"sku": "d", "tags": ["x", "y"]}, {"sku": "c", "tags": ["x", "y"]}),
        ([{"@path": "missing"}, {"@path": "null"}, {"@path": "zero"}, {"a": 1}],
         {"a": 1}, {"a": 1}),
        ([{"a": 1}, {"a": {"@path": "missing"}}], {"a": UNSET}, {"a": 1}),
        ([{"@path": "text"}, {"0": "z"}],
         {"0": "z", "1": "b", "2": "c"}, {"0": "a", "1": "b", "2": "c"}),
        ([{"@path": "one.tags"}], {"0": "x", "1": "y"}, {"0": "x", "1": "y"}),
        ([], {}, {}),
    ],
)  # fmt: skip
def test_merge(objects: Json, right: Found, left: Found) -> None:
    """Of the same names, that of the object furthest in the direction's way wins."""
    for direction, merged in (("right", right), ("left", left)):
        resolved = compiled({"@merge": {"objects": objects, "direction": direction}}).resolve(EVENT)
        assert reference.exact(resolved) == reference.exact(merged)


@pytest.mark.parametrize(
    ("apply", "mapping", "found"),
    [
        ({"a": {"@path": "text"}}, {"@path": "a"}, "abc"),
        ({"a": {"@path": "text"}}, {"@path": "text"}, UNSET),
        ({"a": {"@path": "text"}}, {"b": {"@template": "{{a}}!"}}, {"b": "abc!"}),
        ({"@path": "one"}, {"@path": "sku"}, "c"),
        ({"@path": "text"}, {"@path": "length"}, 3),
        ({"@path": "missing"}, {"@path": "a"}, UNSET),
        ({"a": {"@path": "missing"}, "b": 1}, {"@path": ""}, {"b": 1}),
        ({"a": [{"@path": "missing"}]}, {"@path": "a"}, [UNSET]),
    ],
)
def test_transform(apply: Json, mapping: Json, found: Found) -> None:
    """The mapping sees what apply makes, without what is missing in it, and nothing else."""
    resolved = compiled({"@transform": {"apply": apply, "mapping": mapping}}).resolve(EVENT)
    assert reference.exact(resolved) == reference.exact(found)


def test_transform_of_no_object() -> None:
    """Applied to anything but an object, such as an item of a list, it fails."""
    shape: Json = {"@transform": {"apply": {"a": 1}, "mapping": {"@path": "a"}}}
    value = compiled({"@arrayPath": ["$.one.tags", {"b": shape}]})
    with pytest.raises(DirectiveError, match=r"^@transform: it is not applied to an object$"):
        value.resolve(EVENT)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"@path": "null"}, UNSET),
        ({"@path": "missing"}, UNSET),
        ({"@path": "zero"}, 0),
        ({"@path": "nested"}, {"b": {"c": [1, {"d": None}], "e": {}}, "f": True}),
        (
            {"a": {"@path": "null"}, "b": {"c": None, "d": 1}},
            {"a": UNSET, "b": {"c": UNSET, "d": 1}},
        ),
        ([None], [None]),
        ("text", "text"),
    ],
)
def test_exclude_when_null(value: Json, found: Found) -> None:
    """Null is left out of objects at any depth; lists stay as they are."""
    resolved = compiled({"@excludeWhenNull": value}).resolve(EVENT)
    assert reference.exact(resolved) == reference.exact(found)


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"@arrayPath": ["$.a.b", {"c": {"@path": "d"}}]}, {("a", "b")}),
        ({"@arrayPath": [{"@path": "a"}]}, {("a",)}),
        ({"@flatten": {"separator": ".", "value": {"@path": "a"}}}, {("a",)}),
        ({"@json": {"mode": "encode", "value": {"@path": "a.b"}}}, {("a", "b")}),
        ({"@merge": {"objects": [{"@path": "a"}, {"b": {"@path": "c"}}], "direction": "left"}},
         {("a",), ("c",)}),
        ({"@transform": {"apply": {"a": {"@path": "b"}}, "mapping": {"@path": "a"}}}, {("b",)}),
        ({"@excludeWhenNull": {"a": {"@path": "b"}}}, {("b",)}),
    ],
)  # fmt: skip
def test_paths(value: Json, paths: set[KeyPath]) -> None:
    """A value knows what it reads of the event, not what it reads of a part of that."""
    assert compiled(value).paths == paths
