"""Why a trigger does not hold: the part that failed, at its place, with what it found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.conditions import All, Condition
from listrak_sync.mapping.explain import FailedCondition, MappingExplainer
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql.parser import parse as parse_trigger
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.rendering import fql_text
from tests.mapping import reference
from tests.mapping.reference import Decoded


def mapping(*keys: str) -> Mapping:
    """Return a mapping with these keys beside a list and a field."""
    lines = ["mappings:", "  - list_id: 7", "    profile_field_values: {1: on}"]
    (made,) = parse("m.yaml", "\n".join([*lines, *(f"    {line}" for line in keys)]))
    return made


TRIGGER = (
    "trigger: >-",
    '  type = "track" and (event = "A"',
    "  or match(event, 'B*'))",
    "  and properties.total > 5 and properties.a",
    '  and event in ["A", "B"]  and !contains(traits.plan, "free")',
)
GOOD: Decoded = {
    "type": "track",
    "event": "A",
    "properties": {"total": 6, "a": True},
    "traits": {"plan": "pro"},
}


@pytest.mark.parametrize(
    ("changed", "failure"),
    [
        ({}, None),
        (
            {"type": "page"},
            FailedCondition('type = "track"', "m.yaml:5:7", '= "track"', {"type": "page"}),
        ),
        (
            {"type": None},
            FailedCondition('type = "track"', "m.yaml:5:7", '= "track"', {"type": None}),
        ),
        (
            {"event": "C"},
            FailedCondition(
                "(event = \"A\" or match(event, 'B*'))",
                "m.yaml:5:26",
                'event = "A" or match(event, "B*")',
                {"event": "C"},
            ),
        ),
        (
            {"properties": {"total": "6"}},
            FailedCondition(
                "properties.total > 5", "m.yaml:7:11", "> 5", {"properties.total": "6"}
            ),
        ),
        (
            {"event": "Bc"},
            FailedCondition('event in ["A", "B"]', "m.yaml:8:11", 'in ["A", "B"]', {"event": "Bc"}),
        ),
        (
            {"traits": {}},
            FailedCondition(
                '!contains(traits.plan, "free")',
                "m.yaml:8:36",
                '!contains(traits.plan, "free")',
                {"traits.plan": None},
            ),
        ),
    ],
)
def test_trigger(changed: Decoded, failure: FailedCondition | None) -> None:
    """The first part that fails is shown as written, with what it expects and what it found."""
    assert MappingExplainer(mapping(*TRIGGER)).explain(GOOD | changed) == failure


CONDITIONS = (
    "conditions:",
    "  - type: [track, page]",
    '    event: {starts_with: A, is_not: "Ab"}',
    "  - not: {properties.a: true}  # why",
    "  - properties.total: {'>': 5}",
)


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        ({"type": "track", "event": "Ac", "properties": {"total": 6}}, None),
        (
            {"type": "alias"},
            FailedCondition(
                "type: [track, page]", "m.yaml:5:9", 'in ["track", "page"]', {"type": "alias"}
            ),
        ),
        (
            {"type": "page", "event": "B"},
            FailedCondition("starts_with: A", "m.yaml:6:17", 'match(event, "A*")', {"event": "B"}),
        ),
        (
            {"type": "page", "event": "Ab"},
            FailedCondition('is_not: "Ab"', "m.yaml:6:33", '!= "Ab"', {"event": "Ab"}),
        ),
        (
            {"type": "page", "event": "A", "properties": {"a": True}},
            FailedCondition(
                "not: {properties.a: true}", "m.yaml:7:9", "!(properties.a = true)",
                {"properties.a": True},
            ),
        ),
        (
            {"type": "page", "event": "A", "properties": {"total": 5}},
            FailedCondition("'>': 5", "m.yaml:8:28", "> 5", {"properties.total": 5}),
        ),
    ],
)  # fmt: skip
def test_conditions(event: Decoded, failure: FailedCondition | None) -> None:
    """Of conditions in YAML, the very operator that fails is shown, and where it stands."""
    assert MappingExplainer(mapping(*CONDITIONS)).explain(event) == failure


def test_every_event() -> None:
    """A mapping without a trigger takes every event: there is nothing to explain."""
    explainer = MappingExplainer(mapping())
    assert explainer.explain({"type": "track"}) is None
    assert (explainer.steps, explainer.passed, explainer.events) == ((), [], 1)


def test_counts() -> None:
    """Each step counts the events that came past it, and all are counted once."""
    explainer = MappingExplainer(mapping("trigger: a and b and c"))
    for event in ({}, {"a": True}, {"a": True, "b": True}, {"a": True, "b": True, "c": True}):
        explainer.explain(dict[str, Json](event))
    assert [explainer.text(step) for step in explainer.steps] == ["a", "b", "c"]
    assert (explainer.passed, explainer.events) == ([3, 2, 1], 4)


def _parts(condition: Condition) -> list[Condition]:
    """Return what must hold, one after another."""
    if not isinstance(condition, All):
        return [condition]
    return [part for inner in condition.conditions for part in _parts(inner)]


@given(reference.conditions, st.lists(reference.events, max_size=5))
def test_any_trigger(condition: Condition, events: list[Decoded]) -> None:
    """There is a failure exactly where the trigger does not hold: its first part that does not."""
    text = fql_text(condition)
    made = mapping(f"trigger: {json.dumps(text, ensure_ascii=False)}")
    explainer = MappingExplainer(made)
    parts = _parts(parse_trigger(text))
    for event in events:
        failed = next((part for part in parts if not reference.holds(part, event)), None)
        failure = explainer.explain(event)
        assert (failure is None) == (failed is None)
        if failure is not None and failed is not None:
            written = text[failed.span.start : failed.span.end]
            assert failure.condition == " ".join(written.split())
            before = len(json.dumps(text[: failed.span.start], ensure_ascii=False)) - 1
            assert failure.at == f"m.yaml:4:{len('    trigger: ') + before + 1}"
    assert explainer.events == len(events)
    assert explainer.passed == sorted(explainer.passed, reverse=True)
