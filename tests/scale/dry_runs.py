"""What an engine gives, held against a dry-run of the same files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tests.test_inputs import Dry

COUNTED: Final = (
    *("lines", "skipped", "unreadable", "undated", "matched_lines", "matched", "mappings"),
    *("rejected", "updates", "values", "superseded", "ordered_by_line", "values_to_send"),
    *("contacts", "warnings"),
)


def assert_same(
    dry: Dry, updates: Iterable[bytes], rejects: Iterable[bytes], report: dict[str, Any]
) -> None:
    """Demand the lines of a dry-run, in any order, and its counts."""
    assert sorted(updates) == sorted(dry.contacts)
    assert sorted(rejects) == sorted(dry.rejects)
    expected = dry.report.as_json()
    assert {name: report[name] for name in COUNTED} == {name: expected[name] for name in COUNTED}
    assert _lists(report) == _lists(expected)


def _lists(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lists of a report, without the requests, which only one machine knows."""
    lists = sorted(report["lists"], key=lambda each: int(each["list_id"]))
    return [each | {"requests": 0} for each in lists]
