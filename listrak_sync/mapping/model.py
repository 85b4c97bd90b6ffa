"""Mappings, as the rest of the program sees them once their file is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from listrak_sync.mapping.conditions import Condition, Span
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.faults import Finding, Place
from listrak_sync.mapping.field_types import DescribedField
from listrak_sync.mapping.values import parse_id
from listrak_sync.mapping.yaml.document import Document, Node


@dataclass(frozen=True, slots=True)
class MappedField:
    """A profile field and its value; `may_use_audience` if useAudienceKey may decide it."""

    id: int
    value: Value
    may_use_audience: bool
    place: Place
    described: DescribedField | None = None
    """What the file says of the field, None where it says nothing."""


@dataclass(frozen=True, slots=True)
class ConditionSource:
    """The text of a mapping's condition; spans are offsets into the trigger, or into the file."""

    document: Document
    node: Node

    @property
    def start(self) -> Place:
        """The place where the condition begins."""
        return Place(*self.document.position(self.node.start), self.node.path)

    def place(self, span: Span) -> Place:
        """Return the place of a part of the condition."""
        if isinstance(self.node.value, str):
            span = self.document.within(self.node, span)
        return Place(*self.document.position(span.start), self.node.path)

    def text(self, span: Span) -> str:
        """Return a part of the condition as it is written, on one line."""
        trigger = self.node.value
        text = trigger if isinstance(trigger, str) else self.document.text
        return " ".join(text[span.start : span.end].split())


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping: which events it takes, and which fields they set for whom."""

    name: str
    enabled: bool
    trigger: Condition | None
    list_id: Value
    email_address: Value | None
    fields: tuple[MappedField, ...]
    audience_key: Value | None
    enable_batching: bool
    place: Place
    source: ConditionSource | None
    consent: tuple[str, ...] = ()
    """The categories that the contact must have agreed to."""
    file: str = ""
    """The file that it stands in, as messages name it."""
    noted: tuple[Finding, ...] = ()
    """Remarks on how it is written, found while it was read."""


def list_id_of(mapping: Mapping) -> int | None:
    """Return the id of a mapping's list, None where the event decides it."""
    return parse_id(mapping.list_id.constant) if mapping.list_id.is_constant else None


def field_names(mappings: Sequence[Mapping]) -> dict[int, str]:
    """Return the names of the profile fields that the mapping file describes, by their ids."""
    return {
        field.id: field.described.name
        for mapping in mappings
        for field in mapping.fields
        if field.described is not None and field.described.name
    }
