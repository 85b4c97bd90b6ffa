"""Templates with placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json, KeyPath
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.texts import compile_template, placeholders
from tests.mapping import reference
from tests.mapping.reference import Decoded

EVENT: Decoded = {
    "a": {"b": "x", "first name": "Ann", "null": None},
    "n": 5.0,
    "yes": True,
    "list": [1, None, [2, "x"], {"a": 1}],
    "template": "{{n}}",
    "zero": 0,
    "$": "dollar",
    "money": "$& $1 \\1",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{a.b}}", "x"),
        ("{{{a.b}}}", "x"),
        ("{{ a.b }}", "x"),
        ("{{\n\ufeff\xa0a.b\u2029}}", "x"),
        ("{{a['first name']}}!", "Ann!"),
        ("{{list[0]}}{{list[2][1]}}", "1x"),
        ("{{n}} {{yes}} {{zero}}", "5 true 0"),
        ("-{{missing}}-", "--"),
        ("-{{a.null}}-", "--"),
        ("{{a}}", "[object Object]"),
        ("{{list}}", "1,,2,x,[object Object]"),
        ("{{list.length}}", "4"),
        ("{{zero.more}}", "0"),
        ("{{money}}", "$& $1 \\1"),
        ("{{}}", "{{}}"),
        ("{{{}}}", "}"),
        ("{a.b} {{a.b}", "{a.b} {{a.b}"),
        ("{{$.n}}", ""),
        ("{{.}}", "[object Object]"),
        ("{{ }}", "[object Object]"),
        ("{{{a.b}}", ""),
        ("{{a.b}}}", "x}"),
        ("{{template}}", "{{n}}"),
        ("{{a.b}}{{a.b}}", "xx"),
        ("a\n{{a.b}}\nb", "a\nx\nb"),
    ],
)
def test_template(template: str, text: str) -> None:
    """A placeholder becomes the text at its path, empty where there is none."""
    assert compile_template(template)(EVENT) == text


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("", ()),
        ("{{}}", ()),
        ("{{ a.b }} {{{c}}}", (("a", "b"), ("c",))),
        ("{{a['b c'][0]}}", (("a", "b c", "0"),)),
        ("{{.}}", ((),)),
    ],
)
def test_placeholders(template: str, paths: tuple[KeyPath, ...]) -> None:
    """The paths that a template reads are those of its placeholders, in order."""
    assert placeholders(template) == paths


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (1e-7, "1e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        ([], ""),
        ([[]], ""),
        ([None], ""),
        ([1, [2, [3]], None, "x"], "1,2,3,,x"),
        ({}, "[object Object]"),
    ],
)
def test_javascript_text(value: Json, text: str) -> None:
    """Values are written as JavaScript's String() writes them."""
    assert javascript.text(value) == text


@given(st.text(), reference.events)
def test_text_without_placeholders_stays(text: str, event: Decoded) -> None:
    """Text that holds no opening braces is its own result."""
    assert compile_template(text.replace("{{", "{"))(event) == text.replace("{{", "{")


@given(st.text("{}a. \n'[0]", max_size=20), reference.events)
def test_any_text_is_a_template(template: str, event: Decoded) -> None:
    """No text fails to be a template, and what it reads is all it needs."""
    first_names = {path[:1] for path in placeholders(template)}
    everything = () in first_names
    trimmed = {name: value for name, value in event.items() if everything or (name,) in first_names}
    resolve = compile_template(template)
    assert resolve(trimmed) == resolve(event)
