"""Compiles values of the mapping file into functions of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from msgspec import UNSET

from listrak_sync.events.key_paths import Event, Found, Json, KeyPath
from listrak_sync.mapping.constants import remark_on_value
from listrak_sync.mapping.faults import suggestion
from listrak_sync.mapping.yaml.document import Document, Node

Resolve: TypeAlias = Callable[[Event], Found]


class DirectiveError(ValueError):
    """A directive that fails for an event, as it does in Segment's destination."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the mapping file: its function, the key paths it reads, its constant if any."""

    resolve: Resolve
    paths: frozenset[KeyPath] = frozenset()
    constant: Found = UNSET
    written: tuple[Node, ...] = ()
    """Nodes whose constant, list or mapping the value may resolve to, such as branches of @if."""

    @property
    def is_constant(self) -> bool:
        """Say whether the value is the same for every event."""
        return self.constant is not UNSET


NOTHING = Value(lambda event: UNSET)  # noqa: ARG005 - the same for every event
"""A value that is missing from every event."""


def constant(value: Json) -> Value:
    """Return a value that is the same for every event."""
    return Value(lambda event: value, constant=value)  # noqa: ARG005 - the same for every event


class Compiler:
    """Compiles the values of one document, and notes faults in it.

    `on_event` is false where values resolve against a part of an event, which may be anything.
    """

    def __init__(
        self,
        document: Document,
        directives: Mapping[str, CompileDirective],
        *,
        on_event: bool = True,
    ) -> None:
        self.document = document
        self.on_event = on_event
        self._directives = directives

    def inside(self) -> Compiler:
        """Return a compiler for values that resolve against a part of an event."""
        return Compiler(self.document, self._directives, on_event=False)

    def knows(self, name: str) -> bool:
        """Say whether there is a directive of this name, its @ included."""
        return name in self._directives

    def value(self, node: Node) -> Value:
        """Compile a constant, a directive, or a list or mapping of them."""
        match node.value:
            case tuple(items):
                return _together(node, _list, [self.value(item) for item in items])
            case dict(entries) if any(name.startswith("@") for name in entries):
                return self.directive(node)
            case dict(entries):
                names = list(entries)
                values = [self.value(entry.value) for entry in entries.values()]
                return _together(node, lambda parts: _object(names, parts), values)
            case scalar:
                remark_on_value(self.document, node)
                return replace(constant(scalar), written=(node,))

    def directive(self, node: Node) -> Value:
        """Compile a mapping with exactly one key that starts with `@`."""
        assert isinstance(node.value, dict)  # noqa: S101 - the caller has seen its keys
        entries = node.value
        first, *more = (entry for name, entry in entries.items() if name.startswith("@"))
        for entry in more:
            self.document.fault(
                entry.key, "a directive has exactly one @ key", f"keep {first.key.value} alone"
            )
        for name, entry in entries.items():
            if not name.startswith("@") and name != "_metadata":
                self.document.fault(
                    entry.key, f"{name} cannot stand beside {first.key.value}", "take it out"
                )
        name = str(first.key.value)
        compile_ = self._directives.get(name)
        if compile_ is None:
            instead = suggestion(name, self._directives)
            self.document.fault(first.key, f"there is no directive {name}", instead)
            return NOTHING
        return compile_(self, first.value)

    def text(self, node: Node, what: str) -> Value:
        """Compile an operand that must be a text or a directive; `what` names it in messages."""
        if isinstance(node.value, str) or is_directive(node):
            return self.value(node)
        self.document.fault(node, f"{what} is {node.kind}", "write a text or a directive")
        return NOTHING

    def source_text(self, node: Node, what: str) -> Value:
        """Compile a path or a template, which is what it looks like, or a directive."""
        if isinstance(node.value, str):
            return replace(constant(node.value), written=(node,))
        return self.text(node, what)

    def options(
        self, node: Node, directive: str, known: tuple[str, ...], needed: tuple[str, ...] = ()
    ) -> dict[str, Node] | None:
        """Return the options of a directive by name, None where a needed one is missing."""
        if not isinstance(node.value, dict):
            instead = f"write {', '.join(known)} under it"
            self.document.fault(node, f"{directive} needs options, not {node.kind}", instead)
            return None
        meant = self.document.known(node.value, known, f"{directive} has no option {{}}")
        missing = [name for name in needed if name not in node.value]
        if lacking := [name for name in missing if name not in meant]:
            names, keys = " and ".join(lacking), " and ".join(f"{name}:" for name in lacking)
            self.document.lacking(node, f"{directive} needs {names}", f"write {keys} under it")
        return None if missing else {name: entry.value for name, entry in node.value.items()}

    def choice(self, node: Node, option: str, choices: tuple[str, ...]) -> str | None:
        """Return an option that must be one of some words, or note a fault and return None."""
        if isinstance(node.value, str) and node.value in choices:
            return node.value
        written = repr(node.value) if isinstance(node.value, str) else node.kind
        self.document.fault(node, f"the {option} is {written}", f"write {' or '.join(choices)}")
        return None


CompileDirective: TypeAlias = Callable[[Compiler, Node], Value]
"""Compiles the operand of one directive."""


def is_directive(node: Node) -> bool:
    """Say whether a node is a mapping with an @ key."""
    return isinstance(node.value, dict) and any(name.startswith("@") for name in node.value)


def is_falsy(node: Node) -> bool:
    """Say whether JavaScript takes a constant as false: nothing, 0, false or an empty text."""
    return not isinstance(node.value, tuple | dict) and not node.value


def _list(parts: list[Found]) -> Json:
    return cast(Json, parts)


def _object(names: list[str], parts: list[Found]) -> Json:
    return cast(Json, dict(zip(names, parts, strict=True)))


def _together(node: Node, build: Callable[[list[Found]], Json], values: list[Value]) -> Value:
    """Return a list or mapping of values, in which a missing value stays UNSET."""
    resolvers = [value.resolve for value in values]
    if all(value.is_constant for value in values):
        same = constant(build([value.constant for value in values]))
        return replace(same, written=(node,))
    paths = frozenset[KeyPath]().union(*(value.paths for value in values))
    return Value(
        lambda event: build([resolver(event) for resolver in resolvers]), paths, written=(node,)
    )


def nodes_below(node: Node) -> Iterator[Node]:
    """Yield a node and every node below it."""
    yield node
    match node.value:
        case tuple(items):
            for item in items:
                yield from nodes_below(item)
        case dict(entries):
            for entry in entries.values():
                yield from nodes_below(entry.value)
