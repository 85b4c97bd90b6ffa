"""Tests of a mapping file, run: what they come to is what a dry-run shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from listrak_sync.mapping.expected import Outcome
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.tests import parse_tests
from listrak_sync.mapping_tests import MappingTestResult, run_tests, untouched

MAPPINGS = """\
mappings:
  - name: VIP
    trigger: context.personas.computation_key = "vip"
    list_id: 12345
    profile_field_values: {789: useAudienceKey}
  - name: Total
    trigger: type = "track"
    list_id: {"@path": $.properties.list}
    profile_field_values: {790: {"@path": $.properties.total}}
    enable_batching: false
  - name: Off
    enabled: false
    list_id: 1
    profile_field_values: {7: on}
tests:
"""
ENTERED = (
    "{type: identify, timestamp: 2026-03-02, traits: {email: A@example.com, vip: true},"
    " context: {personas: {computation_key: vip}}}"
)
LEFT = (
    "{type: identify, timestamp: 2026-03-01, traits: {email: a@example.com, vip: false},"
    " context: {personas: {computation_key: vip}}}"
)
TRACK = "{type: track, context: {traits: {email: a@example.com}}, properties: {list: 1, total: 5}}"


def run(*tests: str) -> list[MappingTestResult]:
    """Return what tests of the mappings come to."""
    text = MAPPINGS + "".join(f"  - {{{test}}}\n" for test in tests)
    return list(run_tests(parse("m.yaml", text), parse_tests(Path("m.yaml"), text.encode())))


@pytest.mark.parametrize(
    ("events", "expect"),
    [
        (f"event: {ENTERED}", "{12345: {a@example.com: {789: on}}}"),
        (f"events: [{ENTERED}, {LEFT}]", "{12345: {a@example.com: {789: on}}}"),
        (f"events: [{LEFT}, {ENTERED}, {TRACK}]",
         "{12345: {a@example.com: {789: on}}, 1: {a@example.com: {790: 5}}}"),
        ("event: {type: track, properties: {list: 1}}", "{rejected: missing_email}"),
        ("event: {type: screen}", "{skipped: unsupported_event_type}"),
        ("events: [{type: page}, {type: page}, {type: page, integrations: {All: false}}]",
         "{skipped: [no_mapping_matched, filtered_by_integrations_object]}"),
        (f"events: [{TRACK}, {{type: track}}]",
         "{1: {a@example.com: {790: 5}}, rejected: invalid_list_id}"),
    ],
)  # fmt: skip
def test_passes(events: str, expect: str) -> None:
    """A test passes where its events, as one window, come to all that it expects."""
    (result,) = run(f"{events}, expect: {expect}")
    assert result.found == result.test.expected
    assert result.passed
    assert result.explanations == ()


@pytest.mark.parametrize(
    "expect",
    [
        "{12345: {a@example.com: {789: off}}}",
        "{12345: {a@example.com: {789: on, 790: on}}}",
        "{12345: {b@example.com: {789: on}}}",
        "{1: {a@example.com: {789: on}}}",
        "{12345: {a@example.com: {789: on}}, rejected: missing_email}",
        "{12345: {a@example.com: {789: on}}, skipped: no_mapping_matched}",
        "{rejected: missing_email}",
    ],
)
def test_fails(expect: str) -> None:
    """A test fails where anything is missing, is more, or is another; it is explained then."""
    (result,) = run(f"event: {ENTERED}, expect: {expect}")
    assert not result.passed
    assert result.found == Outcome({(12345, "a@example.com"): {789: "on"}})
    told = [(each.file, each.line, each.mapping, each.outcome) for each in result.explanations]
    assert told == [("event", 1, "VIP", "matched"), ("event", 1, "Total", "unmatched")]


def test_untouched() -> None:
    """Enabled mappings that took no event are named; one that rejected it took it."""
    mappings = parse("m.yaml", MAPPINGS.removesuffix("tests:\n"))
    entered = run(f"event: {ENTERED}, expect: {{rejected: missing_email}}")
    assert [mapping.name for mapping in untouched(mappings, entered)] == ["Total"]
    both = entered + run("event: {type: track}, expect: {rejected: invalid_list_id}")
    assert untouched(mappings, both) == []
