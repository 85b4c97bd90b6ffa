"""Values as YAML: what is written reads back the same, and is nice to read."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listrak_sync.mapping.yaml.document import Document, Node
from listrak_sync.segment_import import yaml_writer

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    (
        "on",
        "No",
        "null",
        "Null",
        "~",
        "TRUE",
        "0456",
        "0o17",
        "1e3",
        ".5",
        ".inf",
        "4:56",
        "2024-01-01",
        "---",
        "...",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "a:",
        "!contains(event, 'x')",
        'it\'s "so" \\ it is',
        " a ",
        "a\n  b\n",
        "a\r\nb",
        "\x00\x07\x1b\x7f\x85\xa0\u2028\ufeff\uffff",
        "😀 \U0001d4b3",
        "@path",
        "{{a}}",
        "a, b",
        "? a",
        "useAudienceKey",
        "=",
        "<<",
    )
)
LONG = st.lists(TEXTS, min_size=10).map(" ".join) | st.integers(900, 1100).map(lambda n: "k" * n)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | LONG
)
VALUES: st.SearchStrategy[Plain] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXTS | LONG, inner, max_size=4)
        | st.dictionaries(st.sampled_from(("@path", "@literal")), inner, max_size=1)
    ),
    max_leaves=12,
)


def plain(node: Node) -> Plain:
    """Return a tree's value without its places."""
    match node.value:
        case tuple(items):
            return [plain(item) for item in items]
        case dict(entries):
            return {name: plain(entry.value) for name, entry in entries.items()}
        case scalar:
            return scalar


def read(text: str) -> Plain:
    """Return what our own loader reads, by the rules of YAML 1.2."""
    document = Document("m.yaml", text)
    value = plain(document.root())
    assert document.faults == []
    return value


@given(TEXTS | LONG, VALUES)
@example("k", "word " * 30 + "end")
@example("k", "two  spaces, " * 20 + "end")
@example("k" * 2000, {"l" * 2000: ["m" * 2000]})
@example("k", [[["a"], []], {"@path": {"b": {}}}, {"c": [{"d": None, "e": "f"}]}])
def test_reads_back(key: str, value: Plain) -> None:
    """Whatever JSON can say is written so that the mapping file's loader reads the same."""
    text = "\n".join(yaml_writer.entry(key, value))
    assert repr(read(text)) == repr({key: value})


@given(st.text() | TEXTS, VALUES)
def test_comment(remark: str, value: Plain) -> None:
    """No remark, whatever it quotes, becomes part of the file."""
    lines = [*yaml_writer.comment(remark), *yaml_writer.entry("k", value)]
    assert repr(read("\n".join(lines))) == repr({"k": value})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("on", "k: on"),
        ("Cart abandoners, entered", "k: Cart abandoners, entered"),
        ('type = "track" and event = "A: b"', 'k: \'type = "track" and event = "A: b"\''),
        ("0456", "k: '0456'"),
        ({"@path": "$.a.b"}, 'k: {"@path": $.a.b}'),
        ({"789": "on"}, "k:\n  789: on"),
        ([1, {"a": True, "b": None}], "k:\n  - 1\n  - a: true\n    b: null"),
        ({"@if": {"exists": {"@path": "$.a"}}}, 'k:\n  "@if":\n    exists: {"@path": $.a}'),
    ],
)
def test_appearance(value: Plain, written: str) -> None:
    """Words stand bare, short directives on one line, everything else below its key."""
    assert "\n".join(yaml_writer.entry("k", value)) == written


@pytest.mark.parametrize("length", range(60, 100))
def test_beside_or_below(length: int) -> None:
    """A trigger stands on the line of its key, or all of it below, but is never cut in two."""
    trigger = ("word " * 20)[: length - 1] + "."
    lines = yaml_writer.entry("trigger", trigger)
    assert len(lines) == 1 or lines[0] == "trigger: >-"


def test_folded() -> None:
    """A long trigger is folded between words, at the first space beyond the width."""
    trigger = " or ".join(f'event = "Number {number}"' for number in range(20))
    lines = yaml_writer.entry("trigger", trigger)
    assert lines[0] == "trigger: >-"
    assert max(map(len, lines)) <= yaml_writer.WIDTH + len("Number")
    assert read("\n".join(lines)) == {"trigger": trigger}
