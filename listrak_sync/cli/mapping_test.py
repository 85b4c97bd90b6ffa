"""`listrak-sync mapping test`: runs the tests of mapping files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from listrak_sync.cli.answers import answering
from listrak_sync.cli.dry_run import readable
from listrak_sync.cli.junit import write_junit
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.output import Quiet
from listrak_sync.cli.output import print_text
from listrak_sync.errors import DONE, SOME_REJECTED, UsageError
from listrak_sync.input.sources import shown
from listrak_sync.mapping.expected import REJECTED, SKIPPED, Outcome
from listrak_sync.mapping.file import parse_bytes, read
from listrak_sync.mapping.tests import MappingTest, load_tests, parse_tests
from listrak_sync.mapping_tests import MappingTestResult, run_tests, untouched
from listrak_sync.text import counted, json_line, one_line

FILES = typer.Argument(
    metavar="FILE",
    envvar="LISTRAK_SYNC_MAPPING",
    readable=False,
    help="Mapping files, YAML, with their tests under tests:.",
    show_default=False,
)
TESTS = typer.Option(
    "--tests",
    metavar="FILE",
    readable=False,
    help="A file of further tests for the one mapping file, YAML, under tests:. May be repeated.",
    show_default=False,
)
JUNIT = typer.Option(
    "--junit",
    metavar="FILE",
    readable=False,
    help="Also write the results here, as JUnit XML for CI.",
    show_default=False,
)


def run(
    files: Annotated[list[Path], FILES],
    tests: Annotated[list[Path] | None, TESTS] = None,
    junit: Annotated[Path | None, JUNIT] = None,
    quiet: Quiet = False,
) -> None:
    """Run the tests of mapping files: events, and what they must come to.

    Each test is a dry-run of its events; nothing is sent. A failing test is shown with what was
    expected, what was found, and why. Exit status: 0 all pass, 6 some fail, 3 a faulty file.

    Example: listrak-sync mapping test mappings.yaml
    """
    messages = Messages(quiet=quiet)
    with answering("mapping test", messages, as_json=False):
        _check_names(files, tests or [], junit)
        results: dict[str, list[MappingTestResult]] = {}
        for file in files:
            results[shown(file)] = _tested(file, tests or [], messages)
        if junit is not None:
            write_junit(junit, results, _details)
        failed = any(not each.passed for tested in results.values() for each in tested)
    raise typer.Exit(SOME_REJECTED if failed else DONE)


def _check_names(files: Sequence[Path], tests: Sequence[Path], junit: Path | None) -> None:
    """Refuse files that cannot go together. Raises UsageError."""
    if tests and len(files) > 1:
        hint = "Run it once for each mapping file, or write the tests into the mapping files."
        raise UsageError("--tests goes with one mapping file", hint)
    for each in (*files, *tests):
        if junit is not None and _is_same(junit, each):
            raise UsageError(f"--junit {junit}: this file is read", "Name another file.")


def _is_same(one: Path, other: Path) -> bool:
    """Say whether two names stand for one file that is there."""
    try:
        return one.samefile(other)
    except OSError:
        return False  # whoever opens it says why


def _tested(file: Path, more: Sequence[Path], messages: Messages) -> list[MappingTestResult]:
    """Run the tests of one mapping file, and show what they come to."""
    data = read(file)
    mappings = parse_bytes(file, data)
    tests: list[MappingTest] = [*parse_tests(file, data)]
    for each in more:
        tests += load_tests(each)
    if not tests:
        hint = "Write them under tests:, or name a file of tests with --tests FILE."
        raise UsageError(f"{file}: there are no tests", hint)
    tested: list[MappingTestResult] = []
    for each_tested in run_tests(mappings, tests):
        tested.append(each_tested)
        if not (each_tested.passed and messages.quiet):
            print_text(map(one_line, _lines(each_tested)))
    for mapping in untouched(mappings, tested):
        at = f"{shown(file)}:{mapping.place.line}:{mapping.place.column}"
        messages.info(f"{at}: no test touches the mapping {mapping.name!r}")
    failed = sum(not each.passed for each in tested)
    passed = f"{len(tested) - failed:,} passed, {failed:,} failed"
    messages.info(f"{shown(file)}: {counted(len(tested), 'test')}, {passed}")
    return tested


def _lines(tested: MappingTestResult) -> Iterator[str]:
    """Yield the lines that show how a test went."""
    test = tested.test
    place = f"{test.file}:{test.place.line}:{test.place.column}"
    yield f"{place}: {test.name}: {'passed' if tested.passed else 'FAILED'}"
    if not tested.passed:
        yield from (f"    {line}" for line in _details(tested))


def _details(tested: MappingTestResult) -> Iterator[str]:
    """Yield what a failing test expected, what was found, and why."""
    for label, outcome in (("expected", tested.test.expected), ("found", tested.found)):
        first, *more = _outcome_lines(outcome)
        yield f"{label:<9} {first}"
        yield from (f"{'':<9} {line}" for line in more)
    for explanation in tested.explanations:
        yield from readable(explanation, tested.field_names).splitlines()


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Yield what events come to: a line for each contact, and the reasons."""
    for (list_id, address), fields in sorted(outcome.contacts.items()):
        pairs = sorted(fields.items())
        values = ", ".join(f"{field} = {json_line(value).decode()}" for field, value in pairs)
        yield f"list {list_id}, {address}: {values}"
    for name, reasons in ((REJECTED, outcome.rejected), (SKIPPED, outcome.skipped)):
        if reasons:
            yield f"{name}: {', '.join(sorted(reasons))}"
    if outcome == Outcome({}):
        yield "nothing"
