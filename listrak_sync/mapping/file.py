"""Reads a YAML mapping file into checked mappings, or reports every fault in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from listrak_sync.errors import SettingsError
from listrak_sync.events.acceptance import EVENT_FIELDS
from listrak_sync.input.sources import shown
from listrak_sync.mapping import value_checks
from listrak_sync.mapping.conditions import Condition, Span
from listrak_sync.mapping.consent import read_consent
from listrak_sync.mapping.constants import comment_after, is_hardly_comment, remark_on_text
from listrak_sync.mapping.defaults import read_defaults
from listrak_sync.mapping.directives.compiler import NOTHING, Compiler, Value, nodes_below
from listrak_sync.mapping.directives.texts import COMPILERS
from listrak_sync.mapping.environment import filled
from listrak_sync.mapping.faults import MappingFileError, Place
from listrak_sync.mapping.field_types import TEXT, DescribedField
from listrak_sync.mapping.fql.parser import parse as parse_trigger
from listrak_sync.mapping.fql.tokens import FqlError
from listrak_sync.mapping.keys import KEYS, REQUIRED, TOP
from listrak_sync.mapping.model import (
    ConditionSource,
    MappedField,
    Mapping,
)
from listrak_sync.mapping.profile_fields import check_constants, read_profile_fields
from listrak_sync.mapping.tests import read_tests
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, parse_id
from listrak_sync.mapping.yaml.conditions import read_conditions
from listrak_sync.mapping.yaml.document import Document, Entry, Node


def load(file: Path) -> tuple[Mapping, ...]:
    """Read and check a mapping file.

    Raises SettingsError where the file cannot be read, and MappingFileError with all faults of a
    file that is not a valid mapping file.
    """
    return parse_bytes(file, read(file))


def read(file: Path) -> bytes:
    """Return what is in a mapping file. Raises SettingsError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        hint = "Name a mapping file with -m FILE, or in LISTRAK_SYNC_MAPPING."
        raise SettingsError(f"{file}: {error.strerror or error}", hint) from error


def parse_bytes(file: Path, data: bytes) -> tuple[Mapping, ...]:
    """Return the mappings in what a mapping file holds. Raises as `load` does."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "Save the file as UTF-8."
        raise SettingsError(f"{file}:{line}: this is not UTF-8", hint) from error
    return parse(shown(file), text)


def parse(file: str, text: str) -> tuple[Mapping, ...]:
    """Return the mappings in the text of a mapping file.

    `file` names it in messages. Raises MappingFileError with all of its faults.
    """
    document = Document(file, text)
    mappings = _MappingReader(document).mappings(document.root())
    if document.faults:
        raise MappingFileError(sorted(document.faults, key=lambda at: (at.line, at.column)))
    return mappings


class _MappingReader:
    """Reads the tree of a document into mappings, and notes faults in the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fault = document.fault
        self.compiler = Compiler(document, COMPILERS)
        self.names: dict[str, str] = {}
        """The path of the mapping that has each name; one without a name is called by its path."""
        self.defaults: dict[str, Entry] = {}
        """What mappings have that do not say it themselves."""
        self.described: dict[int, DescribedField] = {}

    def mappings(self, root: Node) -> tuple[Mapping, ...]:
        if not isinstance(root.value, dict) or not self.is_mapping_file(root, root.value):
            if not self.document.faults:
                self.fault(root, f"the file holds {root.kind}", "begin it with mappings:")
            return ()
        self.document.known(root.value, TOP, "the key {} is unknown")
        self.defaults = read_defaults(self.document, root.value)
        if described := root.value.get("profile_fields"):
            self.described = read_profile_fields(self.document, described.value)
        if tests := root.value.get("tests"):
            read_tests(self.document, tests.value)
        entry = root.value.get("mappings")
        if entry is None:
            if not self.document.faults:
                self.fault(root, "the key mappings is missing", "begin the file with mappings:")
            return ()
        if not isinstance(entry.value.value, tuple) or not entry.value.value:
            given = "is empty" if entry.value.value == () else "is not a list"
            self.fault(
                entry.value, f"mappings {given}", "begin each mapping with a dash: - name: …"
            )
            return ()
        self.names = {node.path: node.path for node in entry.value.value if _is_unnamed(node)}
        found = [self.mapping(node) for node in entry.value.value]
        return tuple(mapping for mapping in found if mapping is not None)

    def is_mapping_file(self, root: Node, entries: dict[str, Entry]) -> bool:
        """Say whether a file is meant as a mapping file; note what it is if not."""
        if "mappings" in entries:
            return True
        if "type" in entries and entries.keys() <= EVENT_FIELDS:
            self.fault(root, "this is an event", "name a mapping file with -m, events without it")
            return False
        if entries.keys() & {*KEYS} - {"name", "consent"}:
            instead = "write mappings: above it, and - before its first key"
            first = next(iter(entries.values()))
            self.fault(first.key, "a mapping stands at the top of the file", instead)
            return False
        return True

    def mapping(self, node: Node) -> Mapping | None:
        if not isinstance(node.value, dict):
            self.fault(node, f"a mapping is expected, not {node.kind}", "write name: …, trigger: …")
            return None
        noted_before = len(self.document.findings)
        meant = self.document.known(node.value, KEYS, "the key {} is unknown")
        entries = self.defaults | node.value
        self.require(node, [key for key in REQUIRED if key not in entries and key not in meant])
        condition, source = self.condition(entries)
        return Mapping(
            name=self.name(entries.get("name"), node.path),
            enabled=self.switch(entries.get("enabled")),
            trigger=condition,
            list_id=self.list_id(entries.get("list_id")),
            email_address=self.optional(entries.get("email_address"), value_checks.email_address),
            fields=self.fields(entries.get("profile_field_values")),
            audience_key=self.optional(entries.get("audience_key"), value_checks.audience_key),
            enable_batching=self.switch(entries.get("enable_batching")),
            place=self.place(node),
            source=source,
            consent=self.consent(entries.get("consent")),
            file=self.document.file,
            noted=tuple(self.document.findings[noted_before:]),
        )

    def condition(
        self, entries: dict[str, Entry]
    ) -> tuple[Condition | None, ConditionSource | None]:
        """Read the trigger or the conditions; return the condition and where it is written."""
        trigger, conditions = entries.get("trigger"), entries.get("conditions")
        if trigger is not None and conditions is not None:
            self.fault(conditions.key, "conditions and trigger are both given", "keep one of them")
        found: tuple[Condition | None, ConditionSource | None] = None, None
        # Conditions beside a trigger are read as well, so that one run reports all faults.
        if conditions is not None:
            source = ConditionSource(self.document, conditions.value)
            found = read_conditions(self.document, conditions.value), source
        if trigger is not None:
            found = self.trigger(trigger), ConditionSource(self.document, trigger.value)
        return found

    def require(self, node: Node, missing: Sequence[str]) -> None:
        """Note the required keys that a mapping does not have."""
        if missing:
            message = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            instead = ", ".join(f"{key}: {REQUIRED[key]}" for key in missing)
            self.document.lacking(node, message, f"write {instead}")

    def name(self, entry: Entry | None, path: str) -> str:
        if entry is None:
            return path
        node = entry.value
        if not isinstance(node.value, str | int | float) or not str(node.value).strip():
            given = "empty" if isinstance(node.value, str) else node.kind
            self.fault(node, f"the name is {given}", "write a text, or leave the key out")
            return path
        remark_on_text(self.document, node)
        name = node.value if isinstance(node.value, str) else self.document.source(node)
        other = self.names.setdefault(name, path)
        if other != path:
            message = f"{name!r} is already the name of {other}"
            self.fault(node, message, "give each mapping its own name")
        return name

    def switch(self, entry: Entry | None) -> bool:
        if entry is None:
            return True
        if isinstance(entry.value.value, bool):
            return entry.value.value
        self.fault(entry.value, f"this is {entry.value.kind}", "write true or false")
        return True

    def trigger(self, entry: Entry) -> Condition | None:
        node = entry.value
        if not isinstance(node.value, str):
            self.fault(node, f"the trigger is {node.kind}", 'write a text: type = "track"')
            return None
        if self.document.is_faulty(node):
            return None
        comment = comment_after(self.document, node)
        if comment is not None and self.is_part_of_trigger(node.value, comment):
            message = "YAML takes this as a comment, not as a part of the trigger"
            instead = "put the trigger in quotation marks, or write a blank after #"
            self.document.fault_at(node, comment, message, instead)
            return None
        try:
            return parse_trigger(node.value)
        except FqlError as error:
            self.fault(node, error.message, error.instead, error.span)
            return None

    def is_part_of_trigger(self, trigger: str, comment: Span) -> bool:
        """Say whether a comment is hardly one: it looks otherwise, or the trigger misses it."""
        if is_hardly_comment(self.document, comment):
            return True
        with suppress(FqlError):
            parse_trigger(trigger)
            return False
        with suppress(FqlError):
            parse_trigger(f"{trigger} {self.document.text[comment.start : comment.end]}")
            return True
        return False

    def optional(
        self, entry: Entry | None, compile_: Callable[[Compiler, Node], Value]
    ) -> Value | None:
        return None if entry is None else compile_(self.compiler, entry.value)

    def list_id(self, entry: Entry | None) -> Value:
        if entry is None:
            return NOTHING
        node = filled(self.document, entry.value)
        if self.document.is_faulty(node):
            return NOTHING
        return value_checks.list_id(self.compiler, node)

    def consent(self, entry: Entry | None) -> tuple[str, ...]:
        return () if entry is None else read_consent(self.document, entry.value)

    def fields(self, entry: Entry | None) -> tuple[MappedField, ...]:
        if entry is None:
            return ()
        if isinstance(entry.value.value, tuple) and entry.value.value:
            self.fault(entry.value, "the profile fields are a list", "write 789: on without a dash")
            return ()
        if not isinstance(entry.value.value, dict) or not entry.value.value:
            instead = "write its id, a colon, a blank and its value: 789: on"
            self.fault(entry.value, "no profile field is given", instead)
            return ()
        found: dict[int, MappedField] = {}
        for name, inner in entry.value.value.items():
            field = self.field(name, inner)
            if field is not None and found.setdefault(field.id, field) is not field:
                self.fault(inner.key, f"field {field.id} is given twice", "keep one of them")
        return tuple(found.values())

    def field(self, name: str, entry: Entry) -> MappedField | None:
        if name.startswith("@"):
            instead = "write field ids, each with a value or a directive"
            self.fault(entry.key, "a directive cannot give the field ids", instead)
            return None
        key = filled(self.document, entry.key)
        field_id = parse_id(key.value if isinstance(key.value, str) else name)
        if field_id is None:
            instead = "write a number from 1 to 2147483647"
            self.fault(entry.key, f"{name} is not a profile field id", instead)
            return None
        described = self.described.get(field_id)
        is_text = described is not None and described.data_type == TEXT
        value = value_checks.field_value(self.compiler, entry.value, is_text=is_text)
        if described is not None:
            check_constants(self.document, value, described)
        elif self.described:
            message = f"profile_fields has no field {field_id}, so its values are not checked"
            self.document.remark(entry.key, "undescribed_field", message)
        audience = any(below.value == USE_AUDIENCE_KEY for below in nodes_below(entry.value))
        return MappedField(field_id, value, audience, self.place(entry.key), described)

    def place(self, node: Node) -> Place:
        return Place(*self.document.position(node.start), node.path)


def _is_unnamed(node: Node) -> bool:
    return not isinstance(node.value, dict) or "name" not in node.value
