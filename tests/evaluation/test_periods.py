"""When events happened, by whichever of their times says so, and which of them a period takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.event_times import Period
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import parse
from tests.lines import lines_of

MAPPINGS = parse(
    "m.yaml",
    """
mappings:
  - {name: A, trigger: type = "track", list_id: 1, profile_field_values: {7: on}}
""",
)
T1, T2, T3 = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01"


def block(*events: dict[str, Any]) -> Block:
    """Return events as a block."""
    full = ({"type": "track", "traits": {"email": "a@example.com"}} | event for event in events)
    return Block("f", 1, lines_of("".join(f"{json.dumps(each)}\n" for each in full).encode()))


TIMES: list[tuple[dict[str, Any], str | None]] = [
    ({"timestamp": T1, "originalTimestamp": T2, "receivedAt": T3}, T1),
    ({"timestamp": "soon", "originalTimestamp": T2, "receivedAt": T3}, T2),
    ({"originalTimestamp": T2, "receivedAt": T3}, T2),
    ({"originalTimestamp": None, "receivedAt": T3}, T3),
    ({"timestamp": {"a": 1}, "receivedAt": T3}, T3),
    ({"properties": {"receivedAt": T3}}, None),
    ({"timestamp": 1767225600}, T1),
    ({"timestamp": "1767225600000"}, T1),
    ({}, None),
]


@pytest.mark.parametrize(("event", "time"), TIMES)
def test_fall_back(event: dict[str, Any], time: str | None) -> None:
    """The first of timestamp, originalTimestamp and receivedAt that is an instant counts."""
    expected = NEVER if time is None else instant(time)
    for evaluator in (Evaluator(MAPPINGS), Evaluator(MAPPINGS, on_explanation=lambda _: None)):
        result = evaluator.evaluate(block(event, {"timestamp": T2}))
        assert list(result.updates.instants) == [expected, instant(T2)]


EVENTS: tuple[dict[str, Any], ...] = (
    {"timestamp": T1},
    {"timestamp": T2},
    {"timestamp": "2026-02-28T23:59:59.999Z"},
    {"timestamp": T3},
    {"receivedAt": T3},
    {"type": "page", "timestamp": T2},
    {"type": "screen", "timestamp": T1},
    {},
    {"type": "page"},
)


@pytest.mark.parametrize(
    ("period", "taken", "outside", "undated"),
    [
        (Period(since=instant(T2)), [2, 3, 4, 5, 8], 1, 2),
        (Period(until=instant(T3)), [1, 2, 3, 8], 2, 2),
        (Period(instant(T2), instant(T3)), [2, 3, 8], 3, 2),
        (Period(instant(T2), instant(T3), keeps_undated=False), [2, 3], 5, 0),
    ],
)
def test_period(period: Period, taken: list[int], outside: int, undated: int) -> None:
    """Events outside the period are skipped; those without a time are kept and counted, or not."""
    told: list[Explanation] = []
    for by_timestamp in (True, False):
        rules = EvaluationRules(by_timestamp=by_timestamp, period=period)
        evaluators = (
            Evaluator(MAPPINGS, rules),
            Evaluator(MAPPINGS, rules, on_explanation=told.append),
        )
        for evaluator in evaluators:
            result = evaluator.evaluate(block(*EVENTS))
            assert list(result.updates.lines) == taken
            assert result.skipped["outside_time"] == outside  # type: ignore[index]  # its text
            assert result.undated == undated
            assert result.lines == result.matched_lines + sum(result.skipped.values())
    details = [each.detail or "" for each in told if each.reason == "outside_time"]
    assert len(details) == 2 * outside
    assert all(each == "it has no time" or each[:11] == "it is of 20" for each in details)
