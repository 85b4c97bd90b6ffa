"""To look mappings up by a text finds exactly those that trying each would find."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.evaluation.compiled import Candidate, Dispatch
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.line_evaluator import LineOutcome, MatchedLine
from listrak_sync.evaluation.result import EvaluationResult
from listrak_sync.evaluation.updates import RejectedUpdate, Update, UpdateMaker, made_by
from listrak_sync.events import decoding
from listrak_sync.events.decoding import Decoder
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql.parser import parse as parse_trigger
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.pins import pins
from listrak_sync.mapping.predicates import compile_condition
from tests.evaluation.strategies import EVENTS, MAPPINGS
from tests.lines import lines_of

PATHS = ("event", "type", "context.personas.computation_key", "properties.audience_key", "a.b.c.d")
TEXTS = ("a", "b", "track", "1", "")
LITERALS = st.one_of(
    st.sampled_from([f'"{text}"' for text in TEXTS]),
    st.sampled_from(["1", "1.0", "true", "null"]),
)
COMPARISONS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(PATHS), st.sampled_from(["=", "!="]), LITERALS),
    st.builds(
        "{} in [{}]".format,
        st.sampled_from(PATHS),
        st.lists(LITERALS, min_size=1, max_size=3).map(",".join),
    ),
    st.builds('contains({}, "a")'.format, st.sampled_from(PATHS)),
)
TRIGGERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("({} and {} and {})".format, inner, inner, inner),
    ),
    max_leaves=6,
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [*TEXTS, True, False, None, 1, 1.0, 0, [], ["a"], {}, {"a": "a"}, "ab"]
)
ODD_EVENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify"])},
    optional={
        "event": VALUES,
        "properties": st.one_of(
            VALUES, st.fixed_dictionaries({}, optional={"audience_key": VALUES})
        ),
        "context": st.one_of(
            VALUES,
            st.fixed_dictionaries(
                {},
                optional={
                    "personas": st.one_of(
                        VALUES,
                        st.lists(st.fixed_dictionaries({"computation_key": VALUES}), max_size=2),
                        st.fixed_dictionaries({}, optional={"computation_key": VALUES}),
                    )
                },
            ),
        ),
        "a": st.recursive(
            VALUES, lambda inner: st.fixed_dictionaries({}, optional={"b": inner, "c": inner})
        ),
        "traits": st.fixed_dictionaries({}, optional={"email": st.just("a@example.com")}),
    },
)


def _mappings(triggers: list[str | None]) -> tuple[Mapping, ...]:
    entries = [
        {"name": str(index), "list_id": 1, "profile_field_values": {"7": "on"}}
        | ({} if trigger is None else {"trigger": trigger})
        for index, trigger in enumerate(triggers)
    ]
    return parse("m.yaml", json.dumps({"mappings": entries}))


plain = msgspec.to_builtins


def made_of(outcome: LineOutcome) -> tuple[Update | RejectedUpdate, ...]:
    """Return what mappings made of a line, nothing where none took its event."""
    return outcome.made if isinstance(outcome, MatchedLine) else ()


@given(triggers=st.lists(st.none() | TRIGGERS, min_size=1, max_size=8), event=ODD_EVENTS)
def test_as_if_each_were_tried(triggers: list[str | None], event: dict[str, Any]) -> None:
    """The mappings that take an event are found, in their order, whatever stands in it."""
    mappings = _mappings(triggers)
    tried = [
        UpdateMaker.of(index, mapping).make(event, 1, NEVER)
        for index, mapping in enumerate(mappings)
        if mapping.trigger is None or compile_condition(mapping.trigger)(event)
    ]
    outcome = Evaluator(mappings)._lines.outcome(1, msgspec.json.encode(event))
    assert plain(made_of(outcome)) == plain(tuple(tried))


def _dispatch(triggers: list[str | None]) -> Dispatch:
    return Dispatch(
        [
            Candidate(mapping.trigger, UpdateMaker.of(index, mapping))
            for index, mapping in enumerate(_mappings(triggers))
        ]
    )


def test_order() -> None:
    """What takes a text comes in the order of the mappings, with no test of the text again."""
    dispatch = _dispatch([None, 'event = "a"', 'type = "track"', 'event in ["b", "a"]'])
    found = {
        text: [(maker.mapping, test is None) for test, maker in takers]
        for text, takers in dispatch.by_text.items()
    }
    a, b = [(0, True), (1, True), (2, False), (3, True)], [(0, True), (2, False), (3, True)]
    assert found == {"a": a, "b": b}
    assert [maker.mapping for _, maker in dispatch.others] == [0, 2]
    assert not dispatch.decides


def test_the_path_that_decides() -> None:
    """Mappings are looked up where the fewest are left: each by its own text, or all by one."""
    pinned = [f'type = "track" and event = "{number}"' for number in range(3)]
    dispatch = _dispatch([*pinned, 'event = "3"'])
    assert dispatch.path == ("event",)
    assert not dispatch.decides  # the type is left to test
    assert _dispatch(['type = "track"', 'type = "page"', 'event = "a"']).path == ("type",)
    assert _dispatch(['event = "a"', 'event = "b"']).decides


@given(trigger=TRIGGERS, event=ODD_EVENTS)
def test_pins(trigger: str, event: dict[str, Any]) -> None:
    """A condition does not hold where none of the texts that it pins stands."""
    condition = parse_trigger(trigger)
    if compile_condition(condition)(event):
        for path, texts in pins(condition).items():
            found: Any = event
            for name in path:
                found = found[name]
            assert found in texts


@pytest.mark.parametrize("odd", [True, 1, 1.0, ["a"], {"a": 1}, None])
def test_value_that_is_no_text(odd: Any) -> None:
    """Only a text finds a mapping that demands one."""
    mappings = _mappings(['event = "1"', 'event = "true"', 'event = "a"', None])
    event = msgspec.json.encode({"type": "track", "event": odd})
    outcome = Evaluator(mappings)._lines.outcome(1, event)
    assert [made_by(made) for made in made_of(outcome)] == [3]


def _evaluated(mappings: tuple[Mapping, ...], data: bytes, *, whole: bool) -> EvaluationResult:
    evaluator = Evaluator(mappings)
    if whole:
        compiled = evaluator._lines._compiled
        for name in ("first_look", "whole_look"):
            setattr(compiled, name, Decoder([()]))
    return evaluator.evaluate(Block("f", 1, lines_of(data)))


BROKEN = st.tuples(EVENTS.map(msgspec.json.encode), st.integers(0), st.binary(max_size=2)).map(
    lambda parts: (
        parts[0][: parts[1] % len(parts[0])]
        + parts[2].replace(b"\n", b"")
        + parts[0][parts[1] % len(parts[0]) + 1 :]
    )
)


@given(
    mappings=st.lists(MAPPINGS, min_size=1, max_size=3),
    lines=st.lists(st.one_of(EVENTS.map(msgspec.json.encode), BROKEN), max_size=5),
    many=st.sampled_from([0, decoding._MANY]),
)
def test_projection(mappings: list[Any], lines: list[bytes], many: int) -> None:
    """To decode only what the mappings read gives what the whole event gives, malformed or not."""
    entries = [mapping.as_json(str(index)) for index, mapping in enumerate(mappings)]
    parsed = parse("m.yaml", json.dumps({"mappings": entries}))
    data = b"\n".join(lines)
    with patch.object(decoding, "_MANY", many):
        projected, whole = (_evaluated(parsed, data, whole=whole) for whole in (False, True))
    assert projected.skipped == whole.skipped
    assert plain(list(projected.updates)) == plain(list(whole.updates))
    assert [(each.line, each.mapping) for each in projected.rejects] == [
        (each.line, each.mapping) for each in whole.rejects
    ]
