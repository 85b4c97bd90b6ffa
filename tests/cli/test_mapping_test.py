"""`mapping test`: what is shown, written and answered."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from listrak_sync.cli.mapping import app
from listrak_sync.errors import OutputError, UsageError

PASSING = """\
  - name: entered
    event: {type: track, context: {traits: {email: a@example.com}}}
    expect: {12345: {a@example.com: {789: on}}}
"""
FAILING = """\
  - name: "left\\nbehind <&>"
    event: {type: track}
    expect: {12345: {a@example.com: {789: on}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the name of a mapping file."""
    return tmp_path / "m.yaml"


def write(file: Path, *tests: str) -> None:
    """Write a mapping file with tests."""
    file.write_text(
        'mappings:\n  - name: VIP\n    trigger: type = "track"\n    list_id: 12345\n'
        "    profile_field_values: {789: on}\n" + ("tests:\n" if tests else "") + "".join(tests)
    )


def run(*arguments: str | Path, mapping: str | None = None) -> Result:
    """Run the command."""
    environment = {"LISTRAK_SYNC_MAPPING": mapping}
    return CliRunner().invoke(app, ["test", *map(str, arguments)], env=environment)


def test_passing(file: Path) -> None:
    """Where all tests pass, each is named with its place, and the status is 0."""
    write(file, PASSING)
    ran = run(file)
    assert ran.exit_code == 0
    assert ran.stdout == f"{file}:7:5: entered: passed\n"
    assert ran.stderr == f"{file}: 1 test, 1 passed, 0 failed\n"
    assert run(mapping=str(file)).stdout == ran.stdout


def test_failing(file: Path) -> None:
    """A failing test shows what was expected, what was found and why; the status is 6."""
    write(file, PASSING, FAILING)
    ran = run(file, "--quiet")
    assert ran.exit_code == 6
    assert ran.stdout == (
        f"{file}:10:5: left\\nbehind <&>: FAILED\n"
        '    expected  list 12345, a@example.com: 789 = "on"\n'
        "    found     rejected: missing_email\n"
        "    event:1: VIP: rejected: missing_email\n"
        "        there is no e-mail address where the mapping looks for one\n"
    )
    assert ran.stderr == ""


def test_own_files(file: Path, tmp_path: Path) -> None:
    """Tests stand beside the mapping file as well; those of it are run with them."""
    write(file, PASSING)
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text(f"tests:\n{FAILING}")
    second.write_text("tests:\n  - {event: {type: x}, expect: {skipped: unsupported_event_type}}\n")
    ran = run(file, "--tests", first, "--tests", second)
    assert ran.exit_code == 6
    shown = [line for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert shown == [
        f"{file}:7:5: entered: passed",
        f"{first}:2:5: left\\nbehind <&>: FAILED",
        f"{second}:2:5: tests[0]: passed",
    ]


def test_several_mapping_files(file: Path, tmp_path: Path) -> None:
    """Several mapping files are run one after the other; one failing test fails the command."""
    write(file, PASSING)
    other = tmp_path / "o.yaml"
    write(other, FAILING)
    assert run(file, file).exit_code == 0
    assert run(file, other).exit_code == 6


def test_untouched(file: Path) -> None:
    """Mappings that no test touches are named with their place."""
    write(file, "  - {event: {type: page}, expect: {skipped: no_mapping_matched}}\n")
    ran = run(file)
    assert ran.exit_code == 0
    assert f"{file}:2:5: no test touches the mapping 'VIP'\n" in ran.stderr


def test_junit(file: Path, tmp_path: Path) -> None:
    """The results are written as JUnit XML, whatever a name holds, and written anew each time."""
    write(file, PASSING, FAILING)
    xml = tmp_path / "j.xml"
    xml.write_text("old")
    assert run(file, "--junit", xml).exit_code == 6
    root = ET.parse(xml).getroot()  # noqa: S314 - our own
    (suite,) = root
    assert (root.attrib, suite.attrib) == (
        {"tests": "2", "failures": "1", "errors": "0"},
        {"name": str(file), "tests": "2", "failures": "1", "errors": "0"},
    )
    passed, failed = suite
    assert (passed.attrib["name"], passed.attrib["line"], len(passed)) == ("entered", "7", 0)
    assert failed.attrib["name"] == "left\nbehind <&>"
    (failure,) = failed
    assert failure.text is not None
    assert "found     rejected: missing_email" in failure.text


def test_usage(file: Path, tmp_path: Path) -> None:
    """No file, no tests, tests for several files, a file that would be lost: status 2."""
    write(file)
    other = tmp_path / "o.yaml"
    write(other, PASSING)
    assert isinstance(run().exception, UsageError)
    ran = run(file)
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (2, f"error: {file}: there are no tests")
    for arguments in ((other, other, "--tests", other), (other, "--junit", other)):
        assert run(*arguments).exit_code == 2
    assert "tests:" in other.read_text()


def test_faulty(file: Path, tmp_path: Path) -> None:
    """A fault of the mappings or of the tests ends with status 3, with its place."""
    write(file, "  - {event: 5, expect: {skipped: no_mapping_matched}}\n")
    ran = run(file)
    assert ran.exit_code == 3
    assert ran.stderr.startswith(f"{file}:7:13: tests[0].event: an event is expected, not a number")
    assert run(tmp_path / "none.yaml").exit_code == 3
    write(file, PASSING)
    assert run(file, "--tests", tmp_path / "none.yaml").exit_code == 3
    ran = run(file, "--junit", tmp_path / "none" / "j.xml")
    assert ran.exit_code == OutputError.exit_status


def test_junit_of_no_use(file: Path) -> None:
    """A name that no file can have is told."""
    write(file, PASSING)
    ran = run(file, "--junit", Path("x" * 300))
    assert ran.exit_code == 3
    assert "File name too long" in ran.stderr
