"""A YAML mapping file as checked mappings, every fault with its place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from listrak_sync.errors import SettingsError
from listrak_sync.mapping.compiler import Compiler, Value, constant, is_directive, nodes_below
from listrak_sync.mapping.conditions import Condition, Span
from listrak_sync.mapping.directives import COMPILERS
from listrak_sync.mapping.document import Document, Entry, Node
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.fql import parse as parse_trigger
from listrak_sync.mapping.fql_tokens import FqlError
from listrak_sync.mapping.values import is_email_address, parse_id
from listrak_sync.mapping.yaml_conditions import read_conditions

USE_AUDIENCE_KEY: Final = "useAudienceKey"
"""The value that stands for in or out of the event's audience."""

KEYS: Final = (
    "name",
    "enabled",
    "trigger",
    "conditions",
    "list_id",
    "email_address",
    "profile_field_values",
    "audience_key",
    "enable_batching",
)


@dataclass(frozen=True, slots=True)
class Field:
    """A profile field's id and its value; `may_use_audience` where the audience decides it."""

    id: int
    value: Value
    may_use_audience: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the mapping file: line and column from 1, and its path."""

    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class ConditionSource:
    """The text that a mapping's condition was read from."""

    document: Document
    node: Node

    def place(self, span: Span) -> Place:
        """Return where a part of the condition stands."""
        return Place(*self.document.position(self._offsets(span)[0]), self.node.path)

    def text(self, span: Span) -> str:
        """Return a part of the condition as it is written, on one line."""
        start, end = self._offsets(span)
        return " ".join(self.document.text[start:end].split())

    def _offsets(self, span: Span) -> tuple[int, int]:
        """Return offsets into the file: a trigger's spans are offsets into its own text."""
        if not isinstance(self.node.value, str):
            return span.start, span.end
        last = max(span.start, span.end - 1)
        return (
            self.document.source_offset(self.node, span.start),
            self.document.source_offset(self.node, last) + 1,
        )


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping: which events it takes, and what they set for whom on which list."""

    name: str
    enabled: bool
    trigger: Condition | None
    list_id: Value
    email_address: Value | None
    fields: tuple[Field, ...]
    audience_key: Value | None
    enable_batching: bool
    place: Place
    source: ConditionSource | None


def load(file: FilePath) -> tuple[Mapping, ...]:
    """Read and check a mapping file.

    Raises SettingsError where the file cannot be read, MappingFileError with every fault.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        hint = "Name a mapping file with -m FILE, or in LISTRAK_SYNC_MAPPING."
        raise SettingsError(f"{file}: {error.strerror or error}", hint) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "Save the file as UTF-8."
        raise SettingsError(f"{file}:{line}: this is no UTF-8", hint) from error
    return parse(str(file), text)


def parse(file: str, text: str) -> tuple[Mapping, ...]:
    """Check the text of a mapping file. Raises MappingFileError with every fault."""
    document = Document(file, text)
    mappings = _Reader(document).mappings(document.root())
    if document.faults:
        raise MappingFileError(sorted(document.faults, key=lambda at: (at.line, at.column)))
    return mappings


class _Reader:
    """Reads the tree of a document into mappings, noting faults as it goes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fault = document.fault
        self.compiler = Compiler(document, COMPILERS)
        self.names: dict[str, str] = {}

    def mappings(self, root: Node) -> tuple[Mapping, ...]:
        if not isinstance(root.value, dict):
            self.fault(root, f"the file holds {root.kind}", "begin it with mappings:")
            return ()
        self.known(root.value, ("mappings",))
        entry = root.value.get("mappings")
        if entry is None:
            if not self.document.faults:
                self.fault(root, "the key mappings is missing", "begin the file with mappings:")
            return ()
        if not isinstance(entry.value.value, tuple) or not entry.value.value:
            self.fault(entry.value, "mappings holds no list", "write a mapping as - name: …")
            return ()
        found = [self.mapping(node) for node in entry.value.value]
        return tuple(mapping for mapping in found if mapping is not None)

    def mapping(self, node: Node) -> Mapping | None:
        if not isinstance(node.value, dict):
            self.fault(node, f"a mapping is expected, not {node.kind}", "write name: …, trigger: …")
            return None
        entries = node.value
        self.known(entries, KEYS)
        condition, source = self.condition(entries)
        return Mapping(
            name=self.name(entries.get("name"), node.path),
            enabled=self.switch(entries.get("enabled")),
            trigger=condition,
            list_id=self.list_id(node, entries.get("list_id")),
            email_address=self.email_address(entries.get("email_address")),
            fields=self.fields(node, entries.get("profile_field_values")),
            audience_key=self.audience_key(entries.get("audience_key")),
            enable_batching=self.switch(entries.get("enable_batching")),
            place=Place(*self.document.position(node.start), node.path),
            source=source,
        )

    def condition(
        self, entries: dict[str, Entry]
    ) -> tuple[Condition | None, ConditionSource | None]:
        """Read the trigger, or the conditions, and remember where they stand."""
        trigger, conditions = entries.get("trigger"), entries.get("conditions")
        if trigger is not None and conditions is not None:
            self.fault(conditions.key, "conditions stands beside trigger", "keep one of them")
        if trigger is not None:
            return self.trigger(trigger), ConditionSource(self.document, trigger.value)
        if conditions is not None:
            source = ConditionSource(self.document, conditions.value)
            return read_conditions(self.document, conditions.value), source
        return None, None

    def known(self, entries: dict[str, Entry], known: tuple[str, ...]) -> None:
        for name, entry in entries.items():
            if name not in known:
                snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
                near = difflib.get_close_matches(snake, known, 1)
                instead = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                self.fault(entry.key, f"the key {name} is unknown", instead)

    def name(self, entry: Entry | None, path: str) -> str:
        if entry is None:
            return path
        node = entry.value
        if not isinstance(node.value, str | int | float) or not str(node.value).strip():
            self.fault(node, f"the name is {node.kind}", "write a text")
            return path
        name = node.value if isinstance(node.value, str) else self.document.source(node)
        other = self.names.setdefault(name, path)
        if other != path:
            message = f"{name!r} is already the name of {other}"
            self.fault(node, message, "give it a name of its own")
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
        try:
            return parse_trigger(node.value)
        except FqlError as error:
            self.fault(node, error.message, error.instead, error.span)
            return None

    def list_id(self, node: Node, entry: Entry | None) -> Value:
        if entry is None:
            self.fault(node, "list_id is missing", "write list_id: and the id of a list")
            return constant(None)
        value = self.single(entry.value, "the list id")
        if value.is_constant and parse_id(value.constant) is None:
            self.fault(entry.value, "this is no list id", "write a number from 1 to 2147483647")
        return value

    def email_address(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        value = self.single(entry.value, "the e-mail address")
        if value.is_constant:
            address = value.constant
            if not isinstance(address, str) or not is_email_address(address.strip()):
                instead = "write an address, or a directive such as '@path': $.traits.email"
                self.fault(entry.value, "this is no e-mail address", instead)
        return value

    def audience_key(self, entry: Entry | None) -> Value | None:
        if entry is None:
            return None
        value = self.single(entry.value, "the audience key")
        if value.is_constant and (not isinstance(value.constant, str) or not value.constant):
            self.fault(entry.value, "this is no audience key", "write a text such as vip_shoppers")
        return value

    def fields(self, node: Node, entry: Entry | None) -> tuple[Field, ...]:
        if entry is None:
            instead = "write profile_field_values: and below it 789: on"
            self.fault(node, "profile_field_values is missing", instead)
            return ()
        if not isinstance(entry.value.value, dict) or not entry.value.value:
            self.fault(entry.value, "no profile field is given", "write its id and value: 789: on")
            return ()
        found: dict[int, Field] = {}
        for name, inner in entry.value.value.items():
            field = self.field(name, inner)
            if field is not None and found.setdefault(field.id, field) is not field:
                self.fault(inner.key, f"field {field.id} is given twice", "keep one of them")
        return tuple(found.values())

    def field(self, name: str, entry: Entry) -> Field | None:
        if name.startswith("@"):
            instead = "write field ids, each with a value or a directive"
            self.fault(entry.key, "a directive cannot stand for all fields", instead)
            return None
        field_id = parse_id(name)
        if field_id is None:
            instead = "write a number from 1 to 2147483647"
            self.fault(entry.key, f"{name} is no profile field id", instead)
            return None
        value = self.single(entry.value, "the value")
        if value.is_constant and value.constant is None:
            self.fault(
                entry.value, "the field has no value", f"write on, off or {USE_AUDIENCE_KEY}"
            )
        audience = any(below.value == USE_AUDIENCE_KEY for below in nodes_below(entry.value))
        return Field(field_id, value, audience)

    def single(self, node: Node, what: str) -> Value:
        """Compile a scalar or a directive; a list or plain mapping cannot stand here."""
        if isinstance(node.value, tuple | dict) and not is_directive(node):
            self.fault(node, f"{what} is {node.kind}", "write one value or a directive")
            return constant(UNUSABLE)
        return self.compiler.value(node)


UNUSABLE: Final = "1"
"""What stands for a value whose fault is noted, so that no second one is."""
