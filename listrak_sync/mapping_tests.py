"""Runs the tests of a mapping file, each as a dry-run of its events."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.rejects import ContactUpdate
from listrak_sync.input.sources import Source
from listrak_sync.mapping.expected import Outcome
from listrak_sync.mapping.model import Mapping
from listrak_sync.mapping.tests import MappingTest
from listrak_sync.report.counts import Report
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sync import dry_run

EVENTS_FILE = "event"
"""What the file of a test's events is called, so that explanations begin with `event:1`."""


@dataclass(frozen=True, slots=True)
class MappingTestResult:
    """A test, what its events came to, and the mappings that took one, by their indices.

    Where that is not what the test expects, `explanations` tells why.
    """

    test: MappingTest
    found: Outcome
    touched: frozenset[int]
    field_names: dict[int, str]
    explanations: tuple[Explanation, ...] = ()

    @property
    def passed(self) -> bool:
        """Say whether the events came to what the test expects."""
        return self.found == self.test.expected


def run_tests(
    mappings: Sequence[Mapping], tests: Sequence[MappingTest]
) -> Iterator[MappingTestResult]:
    """Yield what each test comes to."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / EVENTS_FILE
        for test in tests:
            file.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in test.events))
            yield _run(mappings, test, file)


def untouched(mappings: Sequence[Mapping], tested: Sequence[MappingTestResult]) -> list[Mapping]:
    """Return the enabled mappings that took no event of any test."""
    touched = frozenset[int]().union(*(each.touched for each in tested))
    return [
        mapping
        for index, mapping in enumerate(mappings)
        if mapping.enabled and index not in touched
    ]


def _run(mappings: Sequence[Mapping], test: MappingTest, file: Path) -> MappingTestResult:
    """Return what one test comes to; explain it where that is not what it expects."""
    found, report = _outcome(mappings, file)
    tested = MappingTestResult(test, found, frozenset(report.matched), report.field_names)
    if tested.passed:
        return tested
    told: list[Explanation] = []
    _outcome(mappings, file, told.append)
    explanations = (msgspec.structs.replace(each, file=EVENTS_FILE) for each in told)
    return replace(tested, explanations=tuple(explanations))


def _outcome(
    mappings: Sequence[Mapping],
    file: Path,
    on_explanation: Callable[[Explanation], None] | None = None,
) -> tuple[Outcome, Report]:
    """Return what the events of a file come to, and the report."""
    contacts: dict[tuple[int, str], dict[int, str]] = {}

    def take(line: bytes) -> None:
        contact = msgspec.json.decode(line, type=ContactUpdate)
        key = contact.list_id, contact.email_address.lower()
        contacts[key] = {int(field): value for field, value in contact.fields.items()}

    settings = RunSettings([Source(str(file), file.stat().st_size)], mappings)
    result = dry_run(settings, RunCallbacks(on_explanation=on_explanation), on_contact=take)
    if result.error is not None:
        raise result.error
    report = result.report
    return Outcome(contacts, frozenset(report.rejected), frozenset(report.skipped)), report
