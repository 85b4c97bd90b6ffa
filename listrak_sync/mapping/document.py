"""A YAML file as a tree of values that know their place."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, TypeAlias

import yaml

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.faults import Fault, MappingFileError

MAX_NODES: Final = 200_000
"""How many values a file may hold, its aliases written out."""

MAX_DEPTH: Final = 100
"""How deep values may nest."""

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:\s+|$))+")
_CORE: Final = "tag:yaml.org,2002:"
_PLAIN: Final = {
    "null": re.compile(r"~|null|Null|NULL|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})|0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"),
    "float": re.compile(
        r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
}
"""The plain scalars of YAML 1.2's core schema that are no text; leading zeros stay text."""

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with its value."""

    key: Node
    value: Node


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: a scalar, a list of nodes or entries by key; offsets into the text."""

    value: Scalar | tuple[Node, ...] | dict[str, Entry]
    path: str
    start: int
    end: int
    style: str | None = None

    @property
    def kind(self) -> str:
        """Name the kind of value for a message."""
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
    """A mapping file's text, its tree, and the faults found in it so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.faults: list[Fault] = []
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def root(self) -> Node:
        """Return the tree. Raises MappingFileError where the text is no YAML."""
        try:
            node = yaml.compose(self.text, Loader=_CoreLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            context = f"{error.context}, " if error.context else ""
            at = mark.index if mark else 0
            self._add("", at, 1, f"this is no YAML: {context}{error.problem}", "mend the syntax")
            raise MappingFileError(self.faults) from None
        except yaml.reader.ReaderError as error:
            problem = f"the character U+{error.character:04X} may not stand in YAML"
            self._add("", int(error.position), 1, problem, "take it out")
            raise MappingFileError(self.faults) from None
        except RecursionError:
            self._add("", 0, 1, f"values nest deeper than {MAX_DEPTH}", "write it flatter")
            raise MappingFileError(self.faults) from None
        except (ValueError, OverflowError):
            self._add("", 0, 1, "an escape in a text names no character", "mend it")
            raise MappingFileError(self.faults) from None
        return _Builder(self).build(node)

    def fault(self, node: Node, message: str, instead: str, span: Span | None = None) -> None:
        """Note a fault at a node, or at offsets into the text that the node holds."""
        start, end = node.start, node.end
        if span is not None and isinstance(node.value, str):
            start = self.source_offset(node, span.start)
            end = self.source_offset(node, max(span.start, span.end - 1)) + 1
        self._add(node.path, start, end - start, message, instead)

    def source(self, node: Node) -> str:
        """Return a node as it is written in the file."""
        return self.text[node.start : node.end]

    def _add(self, path: str, offset: int, width: int, message: str, instead: str) -> None:
        line, column = self.position(offset)
        source = self.text[self._lines[line - 1] :].split("\n", 1)[0].rstrip("\r")
        self.faults.append(Fault(self.file, line, column, path, message, instead, source, width))

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset into the text, both from 1."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def source_offset(self, node: Node, index: int) -> int:
        """Return where in the file a character of a node's text stands.

        Quotes, escapes, folds and indents are followed as YAML reads them; white space
        itself may be off by a fold.
        """
        text, at = str(node.value), node.start
        if node.style in {"|", ">"}:
            at = self.text.find("\n", at) + 1
        elif node.style in {"'", '"'}:
            at += 1
        for position, character in enumerate(text[: index + 1]):
            while at < node.end and self.text[at].isspace() and not character.isspace():
                at += 1
            width = self._escape_width(node.style, at)
            while width < 0 and at < node.end:
                at -= width
                width = self._escape_width(node.style, at)
            if position == index:
                break
            if not character.isspace() or self.text[at : at + 1].isspace() or width > 1:
                at += width
        return min(at, node.end)

    def _escape_width(self, style: str | None, at: int) -> int:
        """Return how many characters of the file make the next one; negative: none of them."""
        if style == "'" and self.text.startswith("''", at):
            return 2
        if style == '"' and self.text[at : at + 1] == "\\":
            escape = self.text[at + 1 : at + 2]
            if escape in {"\n", "\r"}:
                rest = self.text[at + 1 :]
                return -1 - (len(rest) - len(rest.lstrip()))
            return {"x": 4, "u": 6, "U": 10}.get(escape, 2)
        return 1


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own name and shape


class _Builder:
    """Makes nodes of PyYAML's; notes repeated keys, foreign tags and endless aliases."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: set[int] = set()
        self.count = 0

    def build(self, source: yaml.Node | None, path: str = "") -> Node:
        if source is None:
            return Node(None, path, 0, len(self.document.text))
        start, end = source.start_mark.index, source.end_mark.index
        self.count += 1
        if id(source) in self.open or self.count > MAX_NODES:
            node = Node(None, path, start, end)
            self.document.fault(node, "an alias makes this endless", "write the values out")
            raise MappingFileError(self.document.faults)
        if len(self.open) > MAX_DEPTH:
            message = f"values nest deeper than {MAX_DEPTH}"
            self.document.fault(Node(None, path, start, end), message, "write it flatter")
            raise MappingFileError(self.document.faults)
        if isinstance(source, yaml.ScalarNode):
            return self.scalar(source, path)
        self.open.add(id(source))
        try:
            if isinstance(source, yaml.SequenceNode):
                items = [self.build(item, f"{path}[{i}]") for i, item in enumerate(source.value)]
                return Node(tuple(items), path, start, end)
            return Node(self.entries(source, path), path, start, end)
        finally:
            self.open.discard(id(source))

    def entries(self, source: yaml.Node, path: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key_source, value_source in source.value:
            if not isinstance(key_source, yaml.ScalarNode):
                where = Node("", path, key_source.start_mark.index, key_source.end_mark.index)
                self.document.fault(where, "a key must be a word or a number", "write one")
                continue
            name = key_source.value
            inner = f"{path}.{name}" if path else name
            key = Node(
                name,
                inner,
                key_source.start_mark.index,
                key_source.end_mark.index,
                key_source.style,
            )
            if name in entries:
                self.document.fault(key, f"the key {name} is given twice", "keep one of them")
                continue
            entries[name] = Entry(key, self.build(value_source, inner))
        return entries

    def scalar(self, source: yaml.ScalarNode, path: str) -> Node:
        tag = source.tag.removeprefix(_CORE)
        start, end = source.start_mark.index, source.end_mark.index
        properties = _PROPERTIES.match(self.document.text, start, end)
        explicit = properties is not None and re.search(r"(?:^|\s)!", properties[0]) is not None
        start = properties.end() if properties else start
        try:
            text = source.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            node = Node("", path, start, end, source.style)
            self.document.fault(node, "half of a surrogate pair is escaped", "write the other half")
            return node
        node = Node(text, path, start, end, source.style)
        tagged = Node(text, path, source.start_mark.index, end, source.style)
        if explicit and tag not in {"str", "null", "bool", "int", "float"}:
            self.document.fault(tagged, f"the tag {source.tag} is unknown", "take the tag out")
            return node
        if explicit and tag == "str":
            return node
        if source.style is None or explicit:
            for kind, pattern in _PLAIN.items():
                if pattern.fullmatch(text) and (not explicit or tag == kind):
                    return Node(_scalar(kind, text), path, start, end, source.style)
            if explicit:
                self.document.fault(tagged, f"{text!r} is no {tag}", "take the tag out")
        return node


def _scalar(kind: str, text: str) -> Scalar:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
        case _:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
