"""The tests in a mapping file, read: what they expect, and files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.expected import REJECT_REASONS, Outcome
from listrak_sync.mapping.faults import MappingFileError, Place
from listrak_sync.mapping.tests import MappingTest, load_tests, parse_tests
from listrak_sync.reasons import SKIP_REASONS, Reason

ONE = "mappings: [{list_id: 1, profile_field_values: {7: on}}]\n"


def read(tests: str) -> tuple[MappingTest, ...]:
    """Return the tests of a mapping file."""
    return parse_tests(Path("m.yaml"), f"{ONE}tests:\n{tests}".encode())


def expected(outcome: str) -> Outcome:
    """Return what a test expects."""
    (test,) = read(f"  - event: {{}}\n    expect: {outcome}\n")
    return test.expected


def test_none() -> None:
    """A file without tests has none."""
    assert parse_tests(Path("m.yaml"), ONE.encode()) == ()


def test_place_and_name() -> None:
    """A test has its name, or is called by its place in the file."""
    first, second = read(
        "  - {name: 5, event: {}, expect: {1: {a@example.com: {7: on}}}}\n"
        "  - {event: {}, expect: {rejected: missing_email}}\n"
    )
    assert (first.name, first.file, first.place) == ("5", "m.yaml", Place(3, 5, "tests[0]"))
    assert second.name == "tests[1]"


def test_events() -> None:
    """Events are JSON, written in YAML by its 1.2 rules; one is a list of one."""
    (test,) = read(
        "  - event: {type: track, n: [1, 2.5, true, null, off, 2026-03-01, 007]}\n"
        "    expect: {skipped: no_mapping_matched}\n"
    )
    assert test.events == (
        {"type": "track", "n": [1, 2.5, True, None, "off", "2026-03-01", "007"]},
    )
    (several,) = read("  - {events: [{a: 1}, {b: 2}], expect: {skipped: no_mapping_matched}}\n")
    assert several.events == ({"a": 1}, {"b": 2})


@pytest.mark.parametrize(
    ("written", "value"),
    [("on", "on"), ("true", "on"), ("false", "off"), ("5.0", "5"), ("0456", "0456"), ('""', "")],
)
def test_values(written: str, value: str) -> None:
    """Expected values are texts as they are sent, like constants of a mapping."""
    outcome = expected(f"{{'012': {{' A@example.com ': {{'07': {written}}}}}}}")
    assert outcome == Outcome({(12, "a@example.com"): {7: value}})


def test_reasons() -> None:
    """A reason stands alone or in a list, and counts once."""
    assert expected("{rejected: missing_email}").rejected == {"missing_email"}
    twice = "{skipped: [no_mapping_matched, no_mapping_matched], rejected: [invalid_email]}"
    outcome = Outcome({}, frozenset({"invalid_email"}), frozenset({"no_mapping_matched"}))
    assert expected(twice) == outcome


@given(st.sampled_from(sorted(Reason)), st.sampled_from(["rejected", "skipped"]))
def test_every_reason(reason: str, kind: str) -> None:
    """Every reason is one to skip or one to reject, and is told to be the other."""
    known = {"rejected": REJECT_REASONS, "skipped": SKIP_REASONS}
    text = f"tests: [{{event: {{}}, expect: {{{kind}: {reason}}}}}]"
    file = Path("t.yaml")
    if reason in known[kind]:
        (test,) = parse_tests(file, text.encode())
        assert getattr(test.expected, kind) == {reason}
    assert (reason in REJECT_REASONS) != (reason in SKIP_REASONS)


def test_own_file(tmp_path: Path) -> None:
    """A file of tests holds tests alone."""
    file = tmp_path / "t.yaml"
    file.write_text("tests:\n  - {event: {}, expect: {rejected: missing_email}}\n")
    (test,) = load_tests(file)
    assert test.file == str(file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: the file holds nothing; begin it with tests:"),
        ("{}", "1:1: the key tests is missing; begin the file with tests:"),
        ("test: []", "1:1: test: a file of tests has no key test; did you mean tests?"),
        ("tests: []", "1:8: tests: the tests are empty; write - name: …, event: …, expect: …"),
    ],
)
def test_faulty_file(tmp_path: Path, text: str, fault: str) -> None:
    """Faults of a file of tests have their place."""
    file = tmp_path / "t.yaml"
    file.write_text(text)
    with pytest.raises(MappingFileError) as caught:
        load_tests(file)
    assert [str(each) for each in caught.value.faults] == [f"{file}:{fault}"]
    assert caught.value.hint == "1 fault in the file of tests; nothing was read or sent."


def test_unreadable_file(tmp_path: Path) -> None:
    """A file of tests that is not there, or is not UTF-8, is named."""
    with pytest.raises(SettingsError, match=r"none\.yaml: No such file"):
        load_tests(tmp_path / "none.yaml")
    file = tmp_path / "t.yaml"
    file.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"t\.yaml: this is not UTF-8"):
        load_tests(file)
