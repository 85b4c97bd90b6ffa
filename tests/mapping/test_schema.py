"""The JSON Schema agrees with what the program takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.keys import KEYS
from listrak_sync.mapping.schema import mapping_file_schema
from listrak_sync.mapping.values import MAX_ID, parse_id
from listrak_sync.mapping.yaml.conditions import OPERATORS
from listrak_sync.mapping.yaml.document import Document
from tests.segment_import.test_yaml_writer import Plain, plain

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "mappings.example.yaml"
VALID = [SHIPPED, *sorted(HERE.glob("valid/*.yaml"))]
INVALID = sorted(HERE.glob("invalid/*.yaml"))
SCHEMA: Any = mapping_file_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

BEYOND = {
    "consent_twice",
    "variable_not_set",
    "audience_key_branch",
    "condition_infinite",
    "email_address_branch",
    "field_an_object",
    "field_branch_a_list",
    "field_branch_a_mapping",
    "field_branch_infinite",
    "field_infinite",
    "field_literal_a_list",
    "field_not_a_number",
    "field_too_large",
    "field_transform_an_object",
    "field_twice",
    "if_tests_null",
    "liquid_template_faults",
    "list_id_branch",
    "name_of_earlier_unnamed",
    "name_of_unnamed",
    "name_twice",
    "profile_fields_constants",
    "tests_twice",
    "trigger_cut_off",
    "trigger_escaped",
    "trigger_escaped_end",
    "trigger_folded",
    "trigger_folded_escaped",
    "trigger_literal",
    "trigger_number_too_large",
    "trigger_plain",
    "trigger_quoted",
    "trigger_single_quoted",
}
"""Faults that no schema sees.

The syntax of texts, numbers that JSON lacks, what a directive comes to, and what two keys
have to do with each other.
"""


def accepts(text: str) -> bool:
    """Say whether the schema takes what our own loader reads."""
    return bool(VALIDATOR.is_valid(tree(text)))


def tree(text: str) -> Plain:
    """Return the value of a file. Raises MappingFileError where it is not valid YAML."""
    document = Document("m.yaml", text)
    value = plain(document.root())
    if document.faults:
        raise MappingFileError(document.faults)
    return value


def loads(text: str) -> bool:
    """Say whether the program takes a file."""
    try:
        parse("m.yaml", text)
    except MappingFileError:
        return False
    return True


def mapping(keys: str) -> str:
    """Return a file with one mapping, which has these keys beside a list and a field."""
    lines = ["list_id: 1", "profile_field_values: {7: on}", *keys.splitlines()]
    return "mappings:\n  -\n" + "".join(f"    {line}\n" for line in lines)


def test_is_a_schema() -> None:
    """The schema is one itself, by the dialect that it names."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_valid(file: Path) -> None:
    """Every file that the program takes is valid."""
    assert [error.message for error in VALIDATOR.iter_errors(tree(file.read_text("utf-8")))] == []


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_invalid(file: Path) -> None:
    """Every file that the program refuses is invalid, but for what no schema sees."""
    try:
        value = tree(file.read_text("utf-8"))
    except MappingFileError:
        return  # the editor's YAML parser says so
    assert VALIDATOR.is_valid(value) == (file.stem in BEYOND)


def test_complete() -> None:
    """Every key, directive and operator of the program is described."""
    definitions = SCHEMA["$defs"]
    described = definitions["mapping"]["properties"]
    assert set(described) == set(KEYS)
    assert all(each["description"] for each in described.values())
    directives = definitions["directive"]["properties"]
    assert set(directives) == {*COMPILERS, "_metadata"}
    assert all(directives[name]["description"] for name in COMPILERS)
    assert set(definitions["operators"]["properties"]) == set(OPERATORS)


@pytest.mark.parametrize(
    "text",
    [
        *("0", "1", "9", "10", "007", "999999999", "1999999999", "2147483639", "2147483647"),
        *("2147483648", "2147483650", "2147490000", "2200000000", "3000000000", "9999999999"),
        *("10000000000", "-1", "1.5", "1e3", "x", "", "7 ", "\u0667"),
    ],
)
def test_ids(text: str) -> None:
    """An id in digits is valid exactly if the program takes it."""
    value: Any = {"list_id": text, "profile_field_values": {"7": "on"}}
    fields: Any = {"list_id": 1, "profile_field_values": {text: "on"}}
    is_id = parse_id(text) is not None
    assert VALIDATOR.is_valid({"mappings": [value]}) == is_id
    assert VALIDATOR.is_valid({"mappings": [fields]}) == is_id


@pytest.mark.parametrize(("number", "good"), [(0, False), (1, True), (MAX_ID, True)])
def test_number_ids(number: int, *, good: bool) -> None:
    """A list's id as a number is an int32 from 1."""
    assert accepts(f"mappings: [{{list_id: {number}, profile_field_values: {{7: on}}}}]") == good


@pytest.mark.parametrize(
    "conditions",
    [
        "[type: track]",
        "[{type: track, event: [A, B, 5, true]}]",
        "[a.b\\ c.0: {contains: x, does_not_contain: [y, z]}]",
        '[a: {">=": 1.5, "<": 3}, b: {exists: false}]',
        "[any: [a: 1, all: [b: 2]], not: {c: 3}]",
        "[not: [c: {starts_with: d}, e: {is_not: [f]}]]",
        "[]",
        "[a: null]",
        "[a: []]",
        "[a: {}]",
        "[a: [null]]",
        "[a: {exists: 1}]",
        "[a: {exists: [true]}]",
        "[a: {contains: 5}]",
        "[a: {contains: []}]",
        '[a: {"<": x}]',
        '[a: {"<": true}]',
        '[a: {"<": [1]}]',
        "[a: {resembles: x}]",
        "[a: {b: {c: d}}]",
        "[any: {a: 1}]",
        "[any: []]",
        "[not: []]",
        "[a b: c]",
        "[a..b: c]",
        "[{}]",
        "[track]",
        "{type: track}",
        "type",
    ],
)
def test_conditions(conditions: str) -> None:
    """Conditions are valid exactly if the program takes them."""
    text = mapping(f"conditions: {conditions}")
    assert accepts(text) == loads(text)


@pytest.mark.parametrize(
    "value",
    [
        "{'@path': $.a}",
        "{'@path': $.a, _metadata: {label: x}}",
        "{_metadata: {}, '@path': $.a}",
        "{'@path': {'@template': x}}",
        "{'@template': '{{a}}'}",
        "{'@if': {exists: {'@path': $.a}, then: x, else: null}}",
        "{'@if': {blank: {'@path': $.a}}}",
        "{'@case': {operator: lower, value: {'@path': $.a}}}",
        "{'@replace': {pattern: a, pattern2: b, ignorecase: true, value: {'@path': $.a}}}",
        "{'@json': {mode: encode, value: {'@literal': {'@literal': [1, {a: null}]}}}}",
        "{'@liquid': '{{ a | upcase }}'}",
        "{'@arrayPath': [$.a, {b: {'@path': $.c}}]}",
        "{'@if': {exists: {'@flatten': {separator: '.', value: {'@path': $.a}, omitArrays: 1}}}}",
        "{'@json': {mode: encode, value: {'@path': $.a}}}",
        "{'@if': {exists: {'@merge': {objects: [{a: 1}, {'@path': $.b}], direction: left}}}}",
        "{'@transform': {apply: {a: {'@path': $.b}}, mapping: {'@path': $.a}}}",
        "{'@json': {mode: encode, value: {'@excludeWhenNull': {a: {'@path': $.b}}}}}",
        "{'@path': 5}",
        "{'@path': [a]}",
        "{'@path': $.a, '@template': b}",
        "{'@path': $.a, other: b}",
        "{'@path': $.a, _metadata: {}, other: b}",
        "{_metadata: {}}",
        "{'@nope': 1}",
        "{'@if': {then: x}}",
        "{'@if': {exist: x}}",
        "{'@case': {value: {'@path': $.a}}}",
        "{'@replace': {pattern: '', value: {'@path': $.a}}}",
        "{'@replace': {pattern: 12345678901, value: {'@path': $.a}}}",
        "{'@replace': {pattern: a}}",
        "{'@arrayPath': []}",
        "{'@flatten': {value: {'@path': $.a}}}",
        "{'@json': {mode: both, value: {'@path': $.a}}}",
        "{'@merge': {objects: [a], direction: left}}",
        "{'@merge': {objects: {'@path': $.a}, direction: left}}",
        "{'@transform': {apply: {}, mapping: {a: 1}}}",
        "{'@literal': {'@nope': 1}}",
        "{'@excludeWhenNull': {a: {'@path': 5}}}",
        "{a: 1}",
        "[on]",
        "null",
    ],
)
def test_directives(value: str) -> None:
    """A field's value is valid exactly if the program takes it."""
    text = f"mappings: [{{list_id: 1, profile_field_values: {{7: {value}}}}}]"
    assert accepts(text) == loads(text)


@pytest.mark.parametrize(
    "test",
    [
        "{event: {}, expect: {1: {a@example.com: {7: on}}}}",
        "{name: 5, events: [{a: [null]}], expect: {rejected: missing_email}}",
        "{event: {}, expect: {skipped: [no_mapping_matched], 1: {a@example.com: {7: 5}}}}",
        "{event: {}, expect: {}}",
        "{event: {}}",
        "{expect: {rejected: missing_email}}",
        "{event: {}, events: [{}], expect: {rejected: missing_email}}",
        "{event: [], expect: {rejected: missing_email}}",
        "{events: [], expect: {rejected: missing_email}}",
        "{event: {}, expect: {rejected: no_mapping_matched}}",
        "{event: {}, expect: {rejected: []}}",
        "{event: {}, expect: {1: {}}}",
        "{event: {}, expect: {1: {a: {7: on}}}}",
        "{event: {}, expect: {1: {a@example.com: {}}}}",
        "{event: {}, expect: {1: {a@example.com: {7: null}}}}",
        "{event: {}, expect: {1: {a@example.com: {7: useAudienceKey}}}}",
        "{event: {}, expect: {VIP: {a@example.com: {7: on}}}}",
        "{event: {}, expect: {1: {a@example.com: {VIP: on}}}}",
        "{event: {}, expect: {rejected: missing_email}, other: 1}",
        "{name: '', event: {}, expect: {rejected: missing_email}}",
    ],
)
def test_tests(test: str) -> None:
    """A test is valid exactly if the program takes it; a file may hold tests alone."""
    text = f"{mapping('')}tests: [{test}]\n"
    assert accepts(text) == loads(text)
    assert accepts(f"tests: [{test}]") == loads(text)
