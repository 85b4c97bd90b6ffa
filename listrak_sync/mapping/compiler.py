"""Values of the mapping file as functions of an event, compiled once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from msgspec import UNSET

from listrak_sync.events.paths import Event, Found, Json, Path
from listrak_sync.mapping.document import Document, Node

Resolve: TypeAlias = Callable[[Event], Found]


class DirectiveError(ValueError):
    """A directive that cannot be carried out for an event, as in the original."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the mapping file: how it resolves, what it reads, and what if it is constant."""

    resolve: Resolve
    paths: frozenset[Path] = frozenset()
    constant: Found = UNSET

    @property
    def is_constant(self) -> bool:
        """Say whether the value is the same for every event."""
        return self.constant is not UNSET


NOTHING = Value(lambda event: UNSET)  # noqa: ARG005 - the same for every event
"""The value that is never there."""


def constant(value: Json) -> Value:
    """Return a value that is the same for every event."""
    return Value(lambda event: value, constant=value)  # noqa: ARG005 - the same for every event


class Compiler:
    """Compiles the values of one document, noting its faults there.

    `on_event` is false where values resolve against something inside an event, which may be
    no object.
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

    def value(self, node: Node) -> Value:
        """Compile a constant, a directive, or a list or mapping of them."""
        match node.value:
            case tuple(items):
                return _together(_list, [self.value(item) for item in items])
            case dict(entries) if any(name.startswith("@") for name in entries):
                return self.directive(node)
            case dict(entries):
                names = list(entries)
                values = [self.value(entry.value) for entry in entries.values()]
                return _together(lambda parts: _object(names, parts), values)
            case scalar:
                return constant(scalar)

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
                    entry.key, f"{name} stands beside {first.key.value}", "take it out"
                )
        compile_ = self._directives.get(str(first.key.value))
        if compile_ is None:
            near = difflib.get_close_matches(str(first.key.value), self._directives, 1)
            known = ", ".join(self._directives)
            instead = f"did you mean {near[0]}?" if near else f"known: {known}"
            self.document.fault(first.key, f"there is no directive {first.key.value}", instead)
            return NOTHING
        return compile_(self, first.value)

    def text(self, node: Node, what: str) -> Value:
        """Compile an operand that must be a text, or a directive that resolves to one."""
        if isinstance(node.value, str) or is_directive(node):
            return self.value(node)
        self.document.fault(node, f"{what} is {node.kind}", "write a text or a directive")
        return NOTHING

    def options(self, node: Node, directive: str, known: tuple[str, ...]) -> dict[str, Node]:
        """Return the options of a directive by name, faults noted."""
        if not isinstance(node.value, dict):
            instead = f"write {', '.join(known)} under it"
            self.document.fault(node, f"{directive} needs options, not {node.kind}", instead)
            return {}
        for name, entry in node.value.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                instead = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                self.document.fault(entry.key, f"{directive} has no option {name}", instead)
        return {name: entry.value for name, entry in node.value.items()}

    def needed(self, node: Node, options: Mapping[str, Node], directive: str, name: str) -> Node:
        """Return an option that must be there; the directive itself where it is missing."""
        if name not in options and isinstance(node.value, dict):
            self.document.fault(node, f"{directive} needs {name}", f"write {name}: under it")
        return options.get(name, node)


CompileDirective: TypeAlias = Callable[[Compiler, Node], Value]
"""Compiles the operand of one directive."""


def is_directive(node: Node) -> bool:
    """Say whether a node is a mapping with an @ key."""
    return isinstance(node.value, dict) and any(name.startswith("@") for name in node.value)


def is_falsy(node: Node) -> bool:
    """Say whether JavaScript takes what is written for nothing."""
    return not isinstance(node.value, tuple | dict) and not node.value


def _list(parts: list[Found]) -> Json:
    return cast(Json, parts)


def _object(names: list[str], parts: list[Found]) -> Json:
    return cast(Json, dict(zip(names, parts, strict=True)))


def _together(build: Callable[[list[Found]], Json], values: list[Value]) -> Value:
    """Return a list or mapping of values; what is missing in it stays UNSET."""
    resolvers = [value.resolve for value in values]
    if all(value.is_constant for value in values):
        return constant(build([value.constant for value in values]))
    paths = frozenset[Path]().union(*(value.paths for value in values))
    return Value(lambda event: build([resolver(event) for resolver in resolvers]), paths)


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
