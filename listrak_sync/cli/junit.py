"""Writes the results of tests as JUnit XML, which CI systems show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from listrak_sync.errors import OutputError
from listrak_sync.text import printable

if TYPE_CHECKING:
    from listrak_sync.mapping_tests import MappingTestResult


def write_junit(
    file: Path,
    results: Mapping[str, Sequence[MappingTestResult]],
    details: Callable[[MappingTestResult], Iterator[str]],
) -> None:
    """Write the tests of each mapping file as a suite; `details` explains one that failed.

    Raises OutputError where the file cannot be written.
    """
    root = ET.Element(
        "testsuites", _counts([each for tested in results.values() for each in tested])
    )
    for name, tested in results.items():
        suite = ET.SubElement(root, "testsuite", {"name": name, **_counts(tested)})
        for each in tested:
            test = each.test
            case = ET.SubElement(
                suite,
                "testcase",
                {
                    "classname": name,
                    "name": printable(test.name),
                    "file": test.file,
                    "line": str(test.place.line),
                },
            )
            if not each.passed:
                lines = [printable(line) for line in details(each)]
                failure = ET.SubElement(case, "failure", {"message": "; ".join(lines[:2])})
                failure.text = "\n".join(lines)
    ET.indent(root)
    try:
        ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        hint = "Name a file that can be written with --junit."
        raise OutputError(f"{file}: {error.strerror or error}", hint) from error


def _counts(tested: Sequence[MappingTestResult]) -> dict[str, str]:
    failures = sum(not each.passed for each in tested)
    return {"tests": str(len(tested)), "failures": str(failures), "errors": "0"}
