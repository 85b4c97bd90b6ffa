"""What an engine gives, held against a dry-run of the same files."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from listrak_sync.report.counts import Report
from listrak_sync.report.record import RunRecord
from tests.report.counts_of import counts
from tests.test_inputs import Dry


def assert_same(
    dry: Dry, updates: Iterable[bytes], rejects: Iterable[bytes], report: Report
) -> None:
    """Demand the lines of a dry-run, in any order, and its counts."""
    assert sorted(updates) == sorted(dry.contacts)
    assert sorted(rejects) == sorted(dry.rejects)
    assert _counts(report) == _counts(dry.report)


def _counts(report: Report) -> RunRecord:
    """Return the counts of a report, without requests, and what it says of the run itself."""
    record = counts(report)
    lists = [
        msgspec.structs.replace(each, requests=0)
        for each in sorted(record.lists, key=lambda each: each.list_id)
    ]
    unlike = {"lists": lists, "mapping_files": (), "inputs": (), "remarks": ()}
    return msgspec.structs.replace(record, **unlike)
