"""Directives that make a text, or choose one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json, KeyPath
from listrak_sync.mapping.directives.compiler import Compiler, DirectiveError, Value
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.yaml.document import Document
from tests.mapping import reference
from tests.mapping.reference import Decoded

EVENT: Decoded = {
    "a": {"b": [{"c d": "deep"}], "first.last": "flat", "it's": 1},
    "text": "Straße",
    "empty": "",
    "zero": 0,
    "five": 5.0,
    "yes": True,
    "no": False,
    "null": None,
    "list": ["x", None],
    "blank lists": [[], [None], [""], [[]], [[""]], [0], ["", ""]],
    "object": {},
    "path": "$.text",
    "its": "quotes fall",
    "$x": "dollar",
    "a[b]": "brackets",
    " a": "space",
}


def compiled(value: Json) -> Value:
    """Compile a value of the mapping file, written as JSON, without a fault."""
    document = Document("m.yaml", json.dumps(value))
    made = Compiler(document, COMPILERS).value(document.root())
    assert [str(fault) for fault in document.faults] == []
    return made


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a.b[0]['c d']", "deep"),
        ("a.b.0.c d", "deep"),
        ('a["b"][0]["c d"]', "deep"),
        ("text", "Straße"),
        ("$.text", "Straße"),
        ("te$.xt", "Straße"),
        ("a..b[0]", {"c d": "deep"}),
        ("", EVENT),
        ("$.", EVENT),
        (".", EVENT),
        ("$", UNSET),
        ("$['text']", UNSET),
        ("$x", "dollar"),
        ("['first.last']", UNSET),
        ("it's", "quotes fall"),
        ("a[b]", "brackets"),
        (" a", "space"),
        ("missing", UNSET),
        ("missing.more", UNSET),
        ("null", None),
        ("null.more", None),
        ("zero.more", 0),
        ("empty.more", ""),
        ("no.more", False),
        ("five.more", UNSET),
        ("yes.more", UNSET),
        ("text[0]", "S"),
        ("text[6]", UNSET),
        ("text.length", 6),
        ("list.length", 2),
        ("list[1]", None),
        ("list[2]", UNSET),
        ("list[-1]", UNSET),
        ("list[*]", UNSET),
        ("list.01", UNSET),
    ],
)
def test_path(path: str, found: Found) -> None:
    """A path leads through names, indexes and quotes; what counts as false ends it."""
    value = compiled({"@path": path})
    assert value.resolve(EVENT) == found
    assert type(value.resolve(EVENT)) is type(found)
    assert not value.is_constant


def test_path_from_the_event() -> None:
    """A path may itself be a directive; then all of the event is read."""
    value = compiled({"@path": {"@path": "path"}})
    assert value.resolve(EVENT) == "Straße"
    assert value.paths == {()}


@pytest.mark.parametrize("name", ["@path", "@template"])
def test_operand_without_text(name: str) -> None:
    """An operand that does not resolve to a text fails for that event."""
    value = compiled({name: {"@path": "five"}})
    with pytest.raises(DirectiveError, match=name):
        value.resolve(EVENT)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{text}}!", "Straße!"),
        ("{{a.b}}", "[object Object]"),
        ("{{missing}}", ""),
        ("{{null}}{{five}}{{yes}}", "5true"),
        ("", ""),
        ({"@template": "{{text}}"}, "Straße"),
        ({"@path": "path"}, "$.text"),
    ],
)
def test_template(template: Json, text: str) -> None:
    """A template resolves to a text always."""
    assert compiled({"@template": template}).resolve(EVENT) == text


@pytest.mark.parametrize(
    ("path", "exists"),
    [
        ("text", True),
        ("empty", True),
        ("zero", True),
        ("no", True),
        ("list", True),
        ("object", True),
        ("null", False),
        ("missing", False),
    ],
)
def test_if_exists(path: str, *, exists: bool) -> None:
    """`exists` is the case for what is neither missing nor null."""
    value = compiled({"@if": {"exists": {"@path": path}, "then": "on", "else": "off"}})
    assert value.resolve(EVENT) == ("on" if exists else "off")


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("text", "then"),
        ("yes", "then"),
        ("five", "then"),
        ("object", "then"),
        ("list", "then"),
        ("blank lists[5]", "then"),
        ("blank lists[6]", "then"),
        ("empty", "else"),
        ("zero", "else"),
        ("no", "else"),
        ("null", "else"),
        ("missing", "else"),
        ("blank lists[0]", "else"),
        ("blank lists[1]", "else"),
        ("blank lists[2]", "else"),
        ("blank lists[3]", "else"),
        ("blank lists[4]", "else"),
    ],
)
def test_if_blank(path: str, chosen: str) -> None:
    """`blank` chooses `then` for what is not blank, whatever its name says."""
    value = compiled({"@if": {"blank": {"@path": path}, "then": "then", "else": "else"}})
    assert value.resolve(EVENT) == chosen


@pytest.mark.parametrize(
    ("options", "result"),
    [
        ({"exists": {"@path": "text"}}, UNSET),
        ({"exists": {"@path": "missing"}}, UNSET),
        ({"exists": {"@path": "missing"}, "then": "on"}, UNSET),
        ({"exists": {"@path": "text"}, "then": ""}, ""),
        ({"exists": {"@path": "text"}, "then": None}, None),
        ({"exists": {"@path": "text"}, "then": 0}, 0),
        ({"exists": {"@path": "missing"}, "else": ""}, UNSET),
        ({"exists": {"@path": "missing"}, "else": None}, UNSET),
        ({"exists": {"@path": "missing"}, "else": 0}, UNSET),
        ({"exists": {"@path": "missing"}, "else": False}, UNSET),
        ({"exists": {"@path": "missing"}, "else": []}, []),
        ({"exists": {"@path": "missing"}, "else": {}}, {}),
        ({"exists": {"@path": "missing"}, "else": {"@path": "zero"}}, 0),
        ({"exists": {"@path": "missing"}, "blank": {"@path": "text"}, "then": "on"}, UNSET),
        ({"exists": {"@path": "text"}, "then": {"@path": "five"}}, 5.0),
        ({"exists": "constant", "then": "on"}, "on"),
    ],
)
def test_if_branches(options: Json, result: Found) -> None:
    """A branch left out gives nothing, as does an `else` written as false; exists comes first."""
    found = compiled({"@if": options}).resolve(EVENT)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("operator", "value", "result"),
    [
        ("lower", "ABC", "abc"),
        ("upper", {"@path": "text"}, "STRASSE"),
        ("lower", {"@path": "text"}, "straße"),
        ("upper", {"@path": "five"}, 5.0),
        ("upper", {"@path": "yes"}, True),
        ("upper", {"@path": "list"}, ["x", None]),
        ("lower", {"@path": "null"}, None),
        ("lower", {"@path": "missing"}, UNSET),
        ("lower", {"@path": "empty"}, ""),
        ("lower", "", UNSET),
        ("lower", {"@literal": ""}, ""),
    ],
)
def test_case(operator: str, value: Json, result: Found) -> None:
    """A text changes its case; anything else passes as it is, and nothing stays nothing."""
    assert compiled({"@case": {"operator": operator, "value": value}}).resolve(EVENT) == result


def test_case_without_a_value() -> None:
    """Without a value there is nothing to change."""
    assert compiled({"@case": {"operator": "lower"}}).resolve(EVENT) is UNSET


@pytest.mark.parametrize("value", ["on", 5, 1.5, True, None, ["a", {"b": 1}], {"a": [None]}])
def test_constant(value: Json) -> None:
    """A value without a directive is the same for every event."""
    made = compiled(value)
    assert made.is_constant
    assert made.constant == made.resolve(EVENT) == value
    assert made.paths == set()


def test_inside_lists_and_mappings() -> None:
    """Directives resolve inside lists and mappings; what is missing there stays missing."""
    made = compiled({"a": [{"@path": "five"}, {"@path": "missing"}], "b": {"@path": "text"}})
    assert made.resolve(EVENT) == {"a": [5.0, UNSET], "b": "Straße"}
    assert made.paths == {("five",), ("missing",), ("text",)}


def test_metadata_is_ignored() -> None:
    """A sibling `_metadata` is not part of a directive."""
    assert compiled({"_metadata": {"label": "x"}, "@path": "five"}).resolve(EVENT) == 5.0


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"@path": "$.a.b[0]"}, {("a", "b", "0")}),
        ({"@template": "{{a.b}} {{c}}"}, {("a", "b"), ("c",)}),
        (
            {"@if": {"exists": {"@path": "a"}, "then": {"@path": "b"}, "else": {"@path": "c"}}},
            {("a",), ("b",), ("c",)},
        ),
        ({"@case": {"operator": "lower", "value": {"@path": "a"}}}, {("a",)}),
    ],
)
def test_paths(value: Json, paths: set[KeyPath]) -> None:
    """A value knows every path that it reads."""
    assert compiled(value).paths == paths


operands = st.recursive(
    st.sampled_from(reference.NAMES).map(lambda name: {"@path": name})
    | st.sampled_from(["{{a.b}}", "{{type}} {{a}}", "x"]).map(lambda text: {"@template": text}),
    lambda inner: (
        st.tuples(st.sampled_from(["exists", "blank"]), inner, inner, inner).map(
            lambda parts: {"@if": {parts[0]: parts[1], "then": parts[2], "else": parts[3]}}
        )
        | st.tuples(st.sampled_from(["lower", "upper"]), inner).map(
            lambda parts: {"@case": {"operator": parts[0], "value": parts[1]}}
        )
    ),
    max_leaves=6,
)


@given(operands, reference.events)
def test_paths_are_all_that_is_read(value: Json, event: Decoded) -> None:
    """A value does not depend on anything outside its key paths."""
    made = compiled(value)
    first_names = {path[0] for path in made.paths}
    trimmed = {name: member for name, member in event.items() if name in first_names}
    assert made.resolve(trimmed) == made.resolve(event)
