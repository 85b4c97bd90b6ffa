"""Reads a YAML file into a tree of values that know their place, and collects faults."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import yaml
from msgspec.structs import replace

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.faults import (
    Fault,
    Finding,
    MappingFileError,
    Place,
    nearest,
    suggestion,
)
from listrak_sync.mapping.yaml import nodes as core_schema
from listrak_sync.mapping.yaml.mistakes import (
    FOREIGN_BLANK,
    foreign_blank,
    tag_mistake,
    template_mistake,
)
from listrak_sync.mapping.yaml.nodes import (
    MAX_DEPTH,
    TOO_DEEP,
    Scalar,
    UnreadableYamlError,
    compose,
)
from listrak_sync.mapping.yaml.scalar_places import places

MAX_NODES: Final = 200_000
"""How many values a file may hold, counting each use of an alias."""

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*\s*)*|$))+")
_TAG: Final = re.compile(r"(?<!\S)!\S*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with its value."""

    key: Node
    value: Node


class Node(msgspec.Struct, frozen=True):
    """A value of the file: a scalar, a list of nodes, or entries by key; offsets into the text."""

    value: Scalar | tuple[Node, ...] | dict[str, Entry]
    path: str
    start: int
    end: int
    style: str | None = None
    head: Node | None = None
    """The key or the dash that the value stands behind."""

    @property
    def kind(self) -> str:
        """The kind of value, in words for a message."""
        match self.value:
            case str():
                return "a text"
            case bool():
                return "a boolean"
            case int() | float():
                return "a number"
            case None:
                return "nothing"
            case tuple():
                return "a list"
            case _:
                return "a mapping"


class Document:
    """The text of a mapping file, its tree, and the faults found in it so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.faults: list[Fault] = []
        self.findings: list[Finding] = []
        """Remarks on how values are written."""
        self._faulty: set[int] = set()
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def root(self) -> Node:
        """Return the tree. Raises MappingFileError where the text is not YAML."""
        try:
            node = compose(self.text)
        except UnreadableYamlError as error:
            self._add("", error.offset, 1, error.problem, error.instead)
            raise MappingFileError(self.faults) from None
        return _Builder(self).build(node)

    def fault(self, node: Node, message: str, instead: str, span: Span | None = None) -> None:
        """Note a fault at a node, or at a span of the text that the node holds.

        Only the first fault at a place is kept. Others there follow from it, or repeat it for
        another use of an alias.
        """
        at = Span(node.start, node.end)
        if span is not None and isinstance(node.value, str):
            at = self.within(node, span)
        self._add(node.path, at.start, at.end - at.start, message, instead)

    def fault_at(self, node: Node, span: Span, message: str, instead: str) -> None:
        """Note a fault of a node at a span of the file."""
        self._add(node.path, span.start, span.end - span.start, message, instead)

    def remark(self, node: Node, kind: str, message: str) -> None:
        """Note a remark on how a node is written; once, however often it is used."""
        place = Place(*self.position(node.start), node.path)
        finding = Finding(place, kind, message)
        if finding not in self.findings:
            self.findings.append(finding)

    def is_faulty(self, node: Node) -> bool:
        """Say whether a fault is noted at a node."""
        return node.start in self._faulty

    def lacking(self, node: Node, message: str, instead: str) -> None:
        """Note that something is missing in a node, at the key or dash before it."""
        self.fault(node.head or node, message, instead)

    def known(
        self, entries: Mapping[str, Entry], known: Collection[str], message: str
    ) -> frozenset[str]:
        """Note every unknown key, with a message that has `{}` in place of the key.

        Returns the known keys that the unknown ones resemble. The caller should not report them
        as missing: a misspelled key is one fault, not two.
        """
        meant: set[str] = set()
        for name, entry in entries.items():
            if name in known:
                continue
            if blank := foreign_blank(name):
                at = Span(entry.key.start + blank.start, entry.key.start + blank.end)
                self.fault_at(entry.key, at, *FOREIGN_BLANK)
                continue
            snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            if (near := nearest(snake, known)) is not None:
                meant.add(near)
            self.fault(entry.key, message.format(name or "''"), suggestion(snake, known))
        return frozenset(meant)

    def source(self, node: Node) -> str:
        """Return a node as it is written in the file."""
        return self.text[node.start : node.end]

    def _add(self, path: str, offset: int, width: int, message: str, instead: str) -> None:
        if offset in self._faulty:
            return
        self._faulty.add(offset)
        line, column = self.position(offset)
        source = self.text[self._lines[line - 1] :].split("\n", 1)[0].rstrip("\r")
        self.faults.append(Fault(self.file, line, column, path, message, instead, source, width))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset into the text, both from 1."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def within(self, node: Node, span: Span) -> Span:
        """Return the place in the file of a span of the text that a node holds.

        A span behind the text is placed right after its last character, white space left out.
        """
        text = str(node.value)
        found = places(self.text, Span(node.start, node.end), node.style, text)
        last = len(text.rstrip())
        if span.start >= last:
            end = found[last - 1].end if last else found[-1].end
            return Span(end, end)
        return Span(found[span.start].start, found[max(span.start, span.end - 1)].end)


class _Builder:
    """Builds our nodes from PyYAML's; notes repeated keys, foreign tags and endless aliases."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: set[int] = set()
        self.count = 0

    def build(self, source: yaml.Node | None, path: str = "", head: Node | None = None) -> Node:
        if source is None:
            return Node(None, path, 0, len(self.document.text))
        start, end = source.start_mark.index, source.end_mark.index
        node = Node(None, path, start, end, head=head)
        self.count += 1
        if id(source) in self.open or self.count > MAX_NODES:
            self.document.fault(node, "an alias makes this endless", "write the values out")
            raise MappingFileError(self.document.faults)
        if len(self.open) > MAX_DEPTH:
            self.document.fault(node, *TOO_DEEP)
            raise MappingFileError(self.document.faults)
        if isinstance(source, yaml.ScalarNode):
            return self.scalar(source, path)
        self.open.add(id(source))
        try:
            if isinstance(source, yaml.SequenceNode):
                self.no_tag(node)
                return replace(node, value=self.items(source, path))
            self.no_tag(node)
            return replace(node, value=self.entries(source, path))
        finally:
            self.open.discard(id(source))

    def no_tag(self, node: Node) -> None:
        """Note a tag before a list or a mapping."""
        properties = _PROPERTIES.match(self.document.text, node.start, node.end)
        tag = _TAG.search(properties[0]) if properties else None
        if tag is not None:
            self.document.fault(node, *tag_mistake(node.path, tag[0]))

    def items(self, source: yaml.SequenceNode, path: str) -> tuple[Node, ...]:
        paths = (f"{path}[{number}]" for number in range(len(source.value)))
        if source.flow_style:
            return tuple(map(self.build, source.value, paths))
        return tuple(map(self.item, source.value, paths))

    def item(self, source: yaml.Node, path: str) -> Node:
        """Build an item of a list in block style, with the dash before it."""
        text, start = self.document.text, source.start_mark.index
        dash = text.rfind("-", 0, start)
        follows = dash >= 0 and not text[dash + 1 : start].strip()
        head = Node("-", path, dash, source.end_mark.index) if follows else None
        return self.build(source, path, head)

    def entries(self, source: yaml.Node, path: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: list[dict[str, Entry]] = []
        for key_source, value_source in source.value:
            if not isinstance(key_source, yaml.ScalarNode):
                where = Node("", path, key_source.start_mark.index, key_source.end_mark.index)
                braces = self.document.text[source.start_mark.index : source.end_mark.index]
                mistake = template_mistake(braces)
                if mistake is not None:
                    start, end = source.start_mark.index, source.end_mark.index
                    where = replace(where, start=start, end=end + 1)
                wrong = mistake or ("a key must be a word or a number", "write one")
                self.document.fault(where, *wrong)
                continue
            name = _joined(key_source.value, "replace")
            if name == "<<" and key_source.style is None:
                merged += self.merged(key_source, value_source, path)
                continue
            inner = f"{path}.{name}" if path else name
            key = replace(self.scalar(key_source, inner), value=name)
            if name in entries:
                self.document.fault(key, f"the key {name} is given twice", "keep one of them")
                continue
            value = self.build(value_source, inner, key)
            if value.start == value.end:
                # Without a colon the parser places nothing at the next word, lines below.
                end = self.document.text.find(":", key.end, value.start) + 1 or key.end
                value = replace(value, start=end, end=end)
            entries[name] = Entry(key, value)
        for each in merged:
            entries = each | entries  # what is written out counts, then what is merged first
        return entries

    def merged(self, key: yaml.ScalarNode, source: yaml.Node, path: str) -> list[dict[str, Entry]]:
        """Return the entries of mappings that << merges, as YAML 1.1 has it; note other values."""
        node = self.build(source, path)
        nodes = node.value if isinstance(node.value, tuple) else (node,)
        found = [each.value for each in nodes if isinstance(each.value, dict)]
        if len(found) < len(nodes):
            where = Node("", path, key.start_mark.index, key.end_mark.index)
            self.document.fault(where, "<< merges mappings only", "write <<: *name")
        return found

    def scalar(self, source: yaml.ScalarNode, path: str) -> Node:
        start, end = source.start_mark.index, source.end_mark.index
        properties = _PROPERTIES.match(self.document.text, start, end)
        tag = _TAG.search(properties[0]) if properties else None
        if tag is not None:
            # A tag swallows a part of what was meant as a text, so the text is not looked at.
            tagged = Node(None, path, start, end, source.style)
            self.document.fault(tagged, *tag_mistake(path, tag[0]))
            return replace(tagged, value=self.document.source(tagged))
        value_start = properties.end() if properties else start
        node = Node("", path, value_start, end, source.style)
        try:
            text = _joined(source.value, "strict")
        except UnicodeDecodeError:
            self.document.fault(node, "half of a surrogate pair is escaped", "write the other half")
            return node
        return replace(node, value=text if source.style else core_schema.bare(text))


def _joined(text: str, errors: str) -> str:
    """Return a text in which each pair of surrogates is joined to one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", errors)
