"""Files of any content: mappings that work, or faults, and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Final, TypeAlias

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.check import remarks
from listrak_sync.mapping.directives.compiler import DirectiveError
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.explain import MappingExplainer
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import load, parse
from listrak_sync.mapping.keys import KEYS
from listrak_sync.mapping.yaml.conditions import OPERATORS
from listrak_sync.mapping.yaml.document import Document
from listrak_sync.segment_import.yaml_writer import entry
from tests.mapping import reference
from tests.mapping.reference import Decoded
from tests.segment_import.test_yaml_writer import Plain, plain

HERE: Final = Path(__file__).parent
Steps: TypeAlias = "list[str | int]"


def _tree(file: Path) -> Plain:
    document = Document(file.name, file.read_text("utf-8"))
    return plain(document.root())


RICH: Final = """\
mappings:
  - name: VIP
    enabled: true
    trigger: type = "track" and !contains(event, "x") and (properties.total > 5 or event in ["A"])
    list_id: {"@if": {exists: {"@path": $.a}, then: 12345, else: "7"}}
    email_address: {"@case": {operator: lower, value: {"@template": "{{traits.a}}@example.com"}}}
    profile_field_values:
      789: useAudienceKey
      790: {"@replace": {pattern: a, replacement: b, ignorecase: true, value: {"@path": type}}}
      791:
        "@json":
          mode: encode
          value: {"@merge": {objects: [{a: {"@path": $.a}}], direction: left}}
      792: {"@json": {mode: decode, value: {"@liquid": "{{ properties.a | upcase }}"}}}
    audience_key: vip
    enable_batching: false
  - conditions:
      - type: [track, page]
        any: [{event: {starts_with: A}}, {not: {properties.a: {exists: true}}}]
      - properties.b: {"<": 5, is_not: x}
    list_id: 5
    profile_field_values:
      1: {"@arrayPath": [$.properties.a, {b: {"@path": $.b}}]}
      2: {"@if": {blank: {"@flatten": {separator: ".", value: {"@path": $.a}}}, then: on}}
      3: {"@transform": {apply: {a: {"@path": $.b}}, mapping: {"@path": $.a}}}
      4: {"@excludeWhenNull": {"@literal": on}}
"""
TREES: Final = [
    plain(Document("rich.yaml", RICH).root()),
    *(_tree(file) for file in sorted(HERE.glob("valid/*.yaml"))),
    _tree(HERE.parents[1] / "mappings.example.yaml"),
]

ACTIONS: Final = ("replace", "replace", "replace", "remove", "rename", "again")
texts: Final = (
    st.sampled_from((*KEYS, *COMPILERS, *OPERATORS, "any", "all", "not", "mappings", "mappings[1]"))
    | st.sampled_from(("on", "useAudienceKey", "", " ", "VIP", "5", "$.a", "{{a}}", "{{", "{% if"))
    | st.sampled_from(
        ('type = "track"', "a and", "(a", "match(a, '[')", "a > 1e999", "\ud83d\ude00")
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
nodes: Final[st.SearchStrategy[Plain]] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 20)
    | st.sampled_from((2**31, 10**400, 0.5, 1e300, float("inf"), float("nan")))
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def _paths(tree: Plain, before: Steps) -> list[Steps]:
    """Return how to come to everything in a tree."""
    found = [before]
    match tree:
        case list():
            for index, item in enumerate(tree):
                found += _paths(item, [*before, index])
        case dict():
            for name, value in tree.items():
                found += _paths(value, [*before, name])
    return found


@st.composite
def changed(draw: st.DrawFn) -> Plain:
    """Draw a good mapping file of which some nodes are replaced, renamed, doubled or gone."""
    tree = deepcopy(draw(st.sampled_from(TREES)))
    deep = draw(st.integers(0, 6))
    for _ in range(draw(st.integers(0, 4))):
        paths = [path for path in _paths(tree, []) if len(path) > deep]
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        above: Plain = tree
        for step in way:
            above = above[step]  # type: ignore[index]  # as the path was found
        match above, draw(st.sampled_from(ACTIONS)):
            case ((dict() | list()), "remove"):
                del above[last]  # type: ignore[arg-type]  # as the path was found
            case dict(), "rename":
                above[draw(texts)] = above.pop(str(last))
            case list(), "again":
                above.append(deepcopy(above[int(last)]))
            case ((dict() | list()), _):
                above[last] = draw(nodes)  # type: ignore[index]  # as above
    return tree


@st.composite
def written(draw: st.DrawFn) -> str:
    """Draw a changed file as text: in flow style, in blocks, or with anchors and aliases."""
    tree = draw(changed())
    match tree, draw(st.sampled_from(("flow", "blocks", "blocks", "aliases"))):
        case dict(), "blocks":
            return "\n".join(line for name, value in tree.items() for line in entry(name, value))
        case {"mappings": list(shared)}, "aliases":
            return str(yaml.dump({"mappings": shared * 2}, allow_unicode=True))
        case _:
            return json.dumps(tree)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Draw the text of a file in which some places are overwritten."""
    text = draw(written())
    scraps = st.sampled_from(
        (*"-:?{}[]&*!|>'\"#%@`,\\\n\t ", "!foo ", "&a ", "*a", "? ", "\\x41", "\\\n  ", "---\n")
    )
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 2))
        text = text[:at] + draw(scraps | st.text(max_size=2)) + text[at + cut :]
    return text


def check(text: str, event: Decoded) -> None:
    """Read a text; what it holds works, or its faults lie in it, one at a place, in order."""
    try:
        mappings = parse("m.yaml", text)
    except MappingFileError as error:
        places = [(fault.line, fault.column) for fault in error.faults]
        assert places == sorted(set(places))
        assert places
        lines = text.split("\n")
        for fault in error.faults:
            assert 1 <= fault.line <= len(lines)
            assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
            assert fault.shown().startswith(f"m.yaml:{fault.line}:{fault.column}: ")
            assert fault.message
            assert fault.instead
        return
    assert remarks(mappings) is not None
    assert len({mapping.name for mapping in mappings}) == len(mappings)
    for mapping in mappings:
        MappingExplainer(mapping).explain(event)
        given_ = (mapping.list_id, mapping.email_address, mapping.audience_key)
        for value in (*given_, *(field.value for field in mapping.fields)):
            if value is not None:
                try:
                    value.resolve(event)
                except DirectiveError as error:
                    assert str(error).startswith("@")  # noqa: PT017 - any other kind is a failure


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(written(), reference.events)
def test_changed_file(text: str, event: Decoded) -> None:
    """A file with nodes of another kind loads and works, or has one fault at a place."""
    check(text, event)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(spoilt(), reference.events)
def test_spoilt_file(text: str, event: Decoded) -> None:
    """A file with places overwritten loads and works, or has one fault at a place."""
    check(text, event)


@given(st.binary(max_size=60) | spoilt().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xef\xbb\xbfmappings: []")
@example(b"\xff\xfem\x00")
@example(b"")
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """A file of any bytes raises nothing but SettingsError."""
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    try:
        assert load(file)
    except SettingsError as error:
        assert error.message  # noqa: PT017 - any other kind is a failure
