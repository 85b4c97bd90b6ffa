"""Constants and directives of the mapping file as functions of an event."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from msgspec import UNSET

from listrak_sync.events.paths import Event, Found, Json, Path, find, finder, parse_path
from listrak_sync.mapping.document import Document, Node
from listrak_sync.mapping.templates import compile_template, placeholders

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


def constant(value: Json) -> Value:
    """Return a value that is the same for every event."""
    return Value(lambda event: value, constant=value)  # noqa: ARG005 - the same for every event


class Compiler:
    """Compiles the values of one document, noting its faults there."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def value(self, node: Node) -> Value:
        """Compile a constant, a directive, or a list or mapping of them."""
        match node.value:
            case tuple(items):
                return _together(list, [self.value(item) for item in items])
            case dict(entries) if any(name.startswith("@") for name in entries):
                return self.directive(node)
            case dict(entries):
                names = list(entries)
                values = [self.value(entry.value) for entry in entries.values()]
                return _together(lambda parts: dict(zip(names, parts, strict=True)), values)
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
        compile_ = COMPILERS.get(str(first.key.value))
        if compile_ is None:
            near = difflib.get_close_matches(str(first.key.value), COMPILERS, 1)
            instead = f"did you mean {near[0]}?" if near else f"known: {', '.join(COMPILERS)}"
            self.document.fault(first.key, f"there is no directive {first.key.value}", instead)
            return constant(None)
        return compile_(self, first.value)

    def text(self, node: Node, what: str) -> Value:
        """Compile an operand that must be a text, or a directive that resolves to one."""
        if isinstance(node.value, str) or _is_directive(node):
            return self.value(node)
        self.document.fault(node, f"{what} is {node.kind}", "write a text or a directive")
        return constant("")

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


def _is_directive(node: Node) -> bool:
    return isinstance(node.value, dict) and any(name.startswith("@") for name in node.value)


def _together(build: Callable[[list[Json]], Json], values: list[Value]) -> Value:
    """Return a list or mapping of values; in it, what is missing is null."""
    paths = frozenset[Path]().union(*(value.paths for value in values))
    resolvers = [value.resolve for value in values]

    def resolve(event: Event) -> Found:
        found = (resolver(event) for resolver in resolvers)
        return build([None if part is UNSET else part for part in found])

    if all(value.constant is not UNSET for value in values):
        return constant(build([value.constant for value in values if value.constant is not UNSET]))
    return Value(resolve, paths)


def _path(compiler: Compiler, node: Node) -> Value:
    operand = compiler.text(node, "the path")
    if isinstance(operand.constant, str):
        path = parse_path(operand.constant)
        return Value(finder(path), frozenset({path}))

    def resolve(event: Event) -> Found:
        path = operand.resolve(event)
        if not isinstance(path, str):
            raise DirectiveError("@path: its operand resolved to no text")
        return find(event, parse_path(path))

    return Value(resolve, frozenset({()}))


def _template(compiler: Compiler, node: Node) -> Value:
    operand = compiler.text(node, "the template")
    if isinstance(operand.constant, str):
        paths = placeholders(operand.constant)
        return Value(compile_template(operand.constant), frozenset(paths))

    def resolve(event: Event) -> Found:
        template = operand.resolve(event)
        if not isinstance(template, str):
            raise DirectiveError("@template: its operand resolved to no text")
        return compile_template(template)(event)

    return Value(resolve, frozenset({()}))


def _if(compiler: Compiler, node: Node) -> Value:
    options = compiler.options(node, "@if", ("exists", "blank", "then", "else"))
    name = "exists" if "exists" in options else "blank"
    if name not in options:
        if isinstance(node.value, dict):
            compiler.document.fault(node, "@if tests nothing", "write exists or blank under it")
        return constant(None)
    operand = compiler.value(options[name])
    then = compiler.value(options["then"]) if "then" in options else _NOTHING
    otherwise = compiler.value(options["else"]) if "else" in options else _NOTHING
    if otherwise.is_constant and not otherwise.constant and otherwise.constant not in ([], {}):
        otherwise = _NOTHING
    test, yes, no = operand.resolve, then.resolve, otherwise.resolve
    paths = operand.paths | then.paths | otherwise.paths
    if name == "exists":
        return Value(lambda event: no(event) if _is_nothing(test(event)) else yes(event), paths)
    return Value(lambda event: no(event) if _is_blank(test(event)) else yes(event), paths)


def _case(compiler: Compiler, node: Node) -> Value:
    options = compiler.options(node, "@case", ("operator", "value"))
    operator = options.get("operator")
    if operator is None or operator.value not in {"lower", "upper"}:
        compiler.document.fault(operator or node, "@case needs an operator", "write lower or upper")
        return constant(None)
    if "value" not in options:
        return _NOTHING
    operand = compiler.text(options["value"], "the value of @case")
    if operand.constant == "":
        return _NOTHING
    change = str.lower if operator.value == "lower" else str.upper

    def resolve(event: Event) -> Found:
        value = operand.resolve(event)
        return change(value) if isinstance(value, str) else value

    return Value(resolve, operand.paths)


def _is_nothing(value: Found) -> bool:
    return value is None or value is UNSET


def _is_blank(value: Found) -> bool:
    """Say whether JavaScript takes a value for nothing, or for equal to the empty text."""
    match value:
        case str():
            return value == ""
        case bool() | int() | float():
            return not value
        case list():
            return not value or (len(value) == 1 and (value[0] is None or _is_blank_item(value[0])))
        case dict():
            return False
        case _:
            return True


def _is_blank_item(value: Json) -> bool:
    return value == "" or (isinstance(value, list) and _is_blank(value))


_NOTHING: Final = Value(lambda event: UNSET)  # noqa: ARG005 - the same for every event

COMPILERS: Final[dict[str, Callable[[Compiler, Node], Value]]] = {
    "@path": _path,
    "@template": _template,
    "@if": _if,
    "@case": _case,
}
"""Every directive by its name. Source: the mapping kit of Segment's actions."""


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
