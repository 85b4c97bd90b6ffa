"""The tests of a mapping file: events, and what they must come to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listrak_sync.errors import SettingsError
from listrak_sync.events.key_paths import Json
from listrak_sync.input.sources import shown
from listrak_sync.mapping.expected import Outcome, read_outcome
from listrak_sync.mapping.faults import MappingFileError, Place
from listrak_sync.mapping.yaml.document import Document, Entry, Node

KEY: Final = "tests"
"""The key at the top of a mapping file, or of a file of its own, that holds the tests."""

TEST_KEYS: Final = ("name", "event", "events", "expect")


@dataclass(frozen=True, slots=True)
class MappingTest:
    """Events that make up one window, and what they must come to."""

    name: str
    file: str
    place: Place
    events: tuple[Json, ...]
    expected: Outcome


def parse_tests(file: Path, data: bytes) -> tuple[MappingTest, ...]:
    """Return the tests in what a mapping file that was read without faults holds."""
    document = Document(shown(file), data.decode("utf-8-sig"))
    root = document.root().value
    entry = root.get(KEY) if isinstance(root, dict) else None
    return () if entry is None else read_tests(document, entry.value)


def load_tests(file: Path) -> tuple[MappingTest, ...]:
    """Read and check a file that holds nothing but tests.

    Raises SettingsError where the file cannot be read, and MappingFileError with all of its faults.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"{file}: {error.strerror or error}", "Name a file of tests."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: this is not UTF-8", "Save the file as UTF-8.") from error
    document = Document(shown(file), text)
    root = document.root()
    tests: tuple[MappingTest, ...] = ()
    if not isinstance(root.value, dict):
        document.fault(root, f"the file holds {root.kind}", "begin it with tests:")
    else:
        document.known(root.value, (KEY,), "a file of tests has no key {}")
        if KEY in root.value:
            tests = read_tests(document, root.value[KEY].value)
        elif not document.faults:
            document.fault(root, "the key tests is missing", "begin the file with tests:")
    if document.faults:
        faults = sorted(document.faults, key=lambda at: (at.line, at.column))
        raise MappingFileError(faults, "file of tests")
    return tests


def read_tests(document: Document, node: Node) -> tuple[MappingTest, ...]:
    """Return the tests in a list, and note faults in the document."""
    if not isinstance(node.value, tuple) or not node.value:
        given = "are empty" if node.value == () else f"are {node.kind}, not a list"
        document.fault(node, f"the tests {given}", "write - name: …, event: …, expect: …")
        return ()
    reader = _TestReader(document)
    found = [reader.test(each) for each in node.value]
    return tuple(test for test in found if test is not None)


class _TestReader:
    """Reads tests, and notes faults in the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fault = document.fault
        self.names: dict[str, str] = {}

    def test(self, node: Node) -> MappingTest | None:
        if not isinstance(node.value, dict):
            instead = "write name: …, event: …, expect: …"
            self.fault(node, f"a test is expected, not {node.kind}", instead)
            return None
        entries = node.value
        meant = self.document.known(entries, TEST_KEYS, "a test has no key {}")
        event, events = entries.get("event"), entries.get("events")
        if event is not None and events is not None:
            self.fault(events.key, "event and events are both given", "keep one of them")
        if event is None and events is None and not meant & {"event", "events"}:
            self.document.lacking(node, "the test has no event", "write event: {type: track, …}")
        if "expect" not in entries and "expect" not in meant:
            instead = "write expect: with a list's id, or with rejected: or skipped:"
            self.document.lacking(node, "the test expects nothing", instead)
        found = self.events(event, events)
        expected = (
            read_outcome(self.document, entries["expect"].value)
            if "expect" in entries
            else Outcome({})
        )
        place = Place(*self.document.position(node.start), node.path)
        name = self.name(entries.get("name"), node.path)
        return MappingTest(name, self.document.file, place, found, expected)

    def name(self, entry: Entry | None, path: str) -> str:
        """Return the name of a test, its path where it has none."""
        if entry is None:
            return path
        value = entry.value.value
        if isinstance(value, tuple | dict) or value is None or not str(value).strip():
            self.fault(entry.value, "the name is not a text", "write a text, or leave the key out")
            return path
        name = value if isinstance(value, str) else self.document.source(entry.value)
        other = self.names.setdefault(name, path)
        if other != path:
            instead = "give each test its own name"
            self.fault(entry.value, f"{name!r} is already the name of {other}", instead)
        return name

    def events(self, event: Entry | None, events: Entry | None) -> tuple[Json, ...]:
        """Return the one event, or all of several."""
        if event is not None:
            return (self.event(event.value),)
        if events is None:
            return ()
        if not isinstance(events.value.value, tuple) or not events.value.value:
            instead = "write a list of events, or event: for one"
            given = "empty" if events.value.value == () else events.value.kind
            self.fault(events.value, f"the events are {given}", instead)
            return ()
        return tuple(map(self.event, events.value.value))

    def event(self, node: Node) -> Json:
        """Return an event as JSON."""
        if not isinstance(node.value, dict):
            instead = "write it in YAML, type: track, or as JSON without quotes around it"
            if isinstance(node.value, tuple):
                instead = "write events: for several"
            self.fault(node, f"an event is expected, not {node.kind}", instead)
        return self.json(node)

    def json(self, node: Node) -> Json:
        match node.value:
            case tuple(items):
                return [self.json(each) for each in items]
            case dict(entries):
                return {name: self.json(entry.value) for name, entry in entries.items()}
            case float() as number if not math.isfinite(number):
                self.fault(node, "JSON has no such number", "write another number, or quote it")
                return None
            case scalar:
                return scalar
