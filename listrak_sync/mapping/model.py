"""What a mapping is, once its file is read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from listrak_sync.mapping.conditions import Condition, Span
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.yaml.document import Document, Node

USE_AUDIENCE_KEY: Final = "useAudienceKey"
"""The value that stands for in or out of the event's audience."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the mapping file: line and column from 1, and its path."""

    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class MappedField:
    """A profile field's id and its value; `may_use_audience` where the audience decides it."""

    id: int
    value: Value
    may_use_audience: bool
    place: Place


@dataclass(frozen=True, slots=True)
class ConditionSource:
    """What a mapping's condition was read from: spans are offsets into a trigger, or the file."""

    document: Document
    node: Node

    def place(self, span: Span) -> Place:
        """Return where a part of the condition stands."""
        if isinstance(self.node.value, str):
            span = self.document.within(self.node, span)
        return Place(*self.document.position(span.start), self.node.path)

    def text(self, span: Span) -> str:
        """Return a part of the condition on one line: of a trigger, or of YAML as it stands."""
        trigger = self.node.value
        text = trigger if isinstance(trigger, str) else self.document.text
        return " ".join(text[span.start : span.end].split())


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping: which events it takes, and what they set for whom on which list."""

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
