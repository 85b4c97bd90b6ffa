"""Reads conditions in YAML into the same condition tree that a trigger becomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    PathOf,
    Refuted,
    Span,
    Truth,
)
from listrak_sync.mapping.constants import remark_on_text
from listrak_sync.mapping.faults import suggestion
from listrak_sync.mapping.fql import functions
from listrak_sync.mapping.fql.globs import escape
from listrak_sync.mapping.fql.mistakes import path_with_brackets
from listrak_sync.mapping.fql.tokens import FqlError, Token, next_token
from listrak_sync.mapping.yaml.document import Document, Entry, Node
from listrak_sync.mapping.yaml.nodes import Scalar

MAX_DEPTH: Final = 100
"""How deep any, all and not may nest."""

GROUPS: Final = ("any", "all", "not")
"""Keys that are not paths. A path of such a name is written with a backslash before it."""


_GROUPS_ELSEWHERE: Final = {
    **dict.fromkeys(("or", "any_of", "anyof", "one_of"), "any"),
    **dict.fromkeys(("and", "all_of", "allof"), "all"),
    **dict.fromkeys(("none", "none_of", "nor", "nand"), "not"),
}
"""Groups of other languages, and what they are here."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The path that a condition is about, and the place of the condition in the file."""

    path: PathOf
    span: Span


_Build: TypeAlias = Callable[[_Subject, Scalar], Condition]


def read_conditions(document: Document, node: Node) -> Condition | None:
    """Return the condition that holds when all items of a list hold.

    Notes faults in the document, and returns None where faults leave nothing to test. The spans
    of the tree are offsets into the file.
    """
    return _ConditionReader(document).together(node, "conditions", All, 0)


class _ConditionReader:
    """Reads conditions, and notes faults in the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fault = document.fault

    def together(
        self, node: Node, name: str, group: type[All | AnyOf], depth: int
    ) -> Condition | None:
        """Read a list of conditions, of which all or one must hold."""
        if not isinstance(node.value, tuple) or not node.value:
            instead = "write a list of conditions: - type: track"
            self.fault(
                node, f"{name} is {node.kind}" if node.value else f"{name} is empty", instead
            )
            return None
        return _grouped(group, [self.item(each, depth) for each in node.value], _span(node))

    def item(self, node: Node, depth: int) -> Condition | None:
        """Read one condition: a mapping of paths and groups, all of which must hold."""
        if depth > MAX_DEPTH:
            self.fault(node, f"conditions nest deeper than {MAX_DEPTH}", "write it flatter")
            return None
        if not isinstance(node.value, dict) or not node.value:
            self.fault(node, f"a condition is {node.kind}", "write a path and a value: type: track")
            return None
        found = [self.entry(name, entry, depth) for name, entry in node.value.items()]
        return _grouped(All, found, _span(node))

    def entry(self, name: str, entry: Entry, depth: int) -> Condition | None:
        """Read a path and its value or operators, or a group."""
        match name:
            case "any":
                return self.together(entry.value, name, AnyOf, depth + 1)
            case "all":
                return self.together(entry.value, name, All, depth + 1)
            case "not":
                is_list = isinstance(entry.value.value, tuple)
                inner = (
                    self.together(entry.value, name, All, depth + 1)
                    if is_list
                    else self.item(entry.value, depth + 1)
                )
                span = Span(entry.key.start, entry.value.end)
                return None if inner is None else Not(inner, span)
        if group := _GROUPS_ELSEWHERE.get(name.lower()):
            self.fault(entry.key, f"there is no group {name}", f"write {group}:")
            return None
        path = self.path(name, entry.key)
        if path is None:
            return None
        subject = _Subject(path, Span(entry.key.start, entry.value.end))
        return self.matcher(subject, entry.value)

    def path(self, name: str, key: Node) -> PathOf | None:
        """Read a key path, written as in a trigger."""
        try:
            token = next_token(name, 0)
        except FqlError as error:
            self.fault(key, error.message, error.instead, error.span)
            return None
        if token.kind != "word" or token.span.end != len(name):
            self.fault(key, f"{name!r} is not a path", self.path_instead(name, token))
            return None
        return PathOf(token.names, _span(key))

    def path_instead(self, name: str, token: Token) -> str:
        """Say what to write instead of a key that is not a path."""
        rest = name[token.span.end :].strip()
        operator = rest.lower().replace(" ", "_")
        if token.kind == "word" and operator in {*OPERATORS, *_FOREIGN}:
            instead = _FOREIGN.get(operator, f"write {operator}").removeprefix("write ")
            return f"write {token.text}: and below it {instead}"
        if token.kind == "word" and rest.startswith("["):
            with suppress(FqlError):
                bracket = next_token(name, token.span.end)
                return path_with_brackets(name, token, bracket)[0]
        return "write names joined by dots; a backslash before any other character"

    def matcher(self, subject: _Subject, node: Node) -> Condition | None:
        """Read what a path is compared with: a value, a list of values or operators."""
        match node.value:
            case dict(entries) if entries:
                found = [self.operator(subject, name, entry) for name, entry in entries.items()]
                return _grouped(All, found, subject.span)
            case _:
                return self.applied(subject, "is", node)

    def operator(self, subject: _Subject, name: str, entry: Entry) -> Condition | None:
        """Read an operator of Segment's screen with its operand."""
        if name not in OPERATORS:
            instead = _FOREIGN.get(name.lower().replace(" ", "_")) or suggestion(name, OPERATORS)
            self.fault(entry.key, f"there is no operator {name}", instead)
            return None
        span = Span(entry.key.start, entry.value.end)
        return self.applied(_Subject(subject.path, span), name, entry.value)

    def applied(self, subject: _Subject, name: str, node: Node) -> Condition | None:
        """Apply an operator to a value, or to each value of a list."""
        operator = OPERATORS[name]
        nodes = node.value if isinstance(node.value, tuple) else (node,)
        if not nodes or (isinstance(node.value, tuple) and operator.lists is None):
            given = f"{name} does not take a list" if nodes else "the list is empty"
            self.fault(node, given, f"write {operator.takes}")
            return None
        taken = [self.operand(name, each) for each in nodes]
        if not all(taken):
            return None
        if name == "is" and len(nodes) > 1:
            items = tuple(Literal(_scalar(each), _span(each)) for each in nodes)
            return In(subject.path, ListOf(items, _span(node)), subject.span)
        parts = tuple(operator.build(subject, _scalar(each)) for each in nodes)
        if len(parts) == 1 or operator.lists is None:
            return parts[0]
        return operator.lists(parts, subject.span)

    def operand(self, name: str, node: Node) -> bool:
        """Say whether an operator takes a value; note a fault if not."""
        operator, value = OPERATORS[name], node.value
        if value is None and name in {"is", "is_not"}:
            instead = (
                "write exists: false under the path to match a missing or null value"
                if name == "is"
                else "write exists: true under the path to match any value"
            )
            self.fault(node, "null cannot be compared", instead)
            return False
        known = isinstance(value, operator.types) and (
            bool in operator.types or not isinstance(value, bool)
        )
        endless = isinstance(value, float) and not math.isfinite(value)
        if endless or not known:
            given = "a number that is not finite" if endless else node.kind
            given = "null" if value is None else given
            self.fault(node, f"{name} does not take {given}", f"write {operator.takes}")
        remark_on_text(self.document, node)
        return known and not endless


def _grouped(
    group: type[All | AnyOf], found: Iterable[Condition | None], span: Span
) -> Condition | None:
    """Return the conditions that could be read as a group; one alone needs none."""
    conditions = tuple(condition for condition in found if condition is not None)
    if len(conditions) == 1:
        return conditions[0]
    return group(conditions, span) if conditions else None


def _is(operator: str, subject: _Subject, value: Scalar) -> Condition:
    return Compare(operator, subject.path, Literal(value), subject.span)


def _exists(subject: _Subject, value: Scalar) -> Condition:
    return Compare("!=" if value else "=", subject.path, Literal(None), subject.span)


def _contains(subject: _Subject, value: Scalar) -> Call:
    return Call("contains", (subject.path, Literal(value)), subject.span)


def _starts_with(subject: _Subject, value: Scalar) -> Call:
    return Call("match", (subject.path, Literal(f"{escape(str(value))}*")), subject.span)


def _ends_with(subject: _Subject, value: Scalar) -> Call:
    return Call("match", (subject.path, Literal(f"*{escape(str(value))}")), subject.span)


def _holds(test: Callable[[_Subject, Scalar], Call], subject: _Subject, value: Scalar) -> Condition:
    return Truth(test(subject, value), subject.span)


def _fails(test: Callable[[_Subject, Scalar], Call], subject: _Subject, value: Scalar) -> Condition:
    return Refuted(test(subject, value), subject.span)


@dataclass(frozen=True, slots=True)
class _Operator:
    """An operator: the types it takes, how it joins a list of values, the condition it becomes."""

    types: tuple[type, ...]
    takes: str
    lists: type[All | AnyOf] | None
    build: _Build


_SCALARS: Final = (str, bool, *functions.NUMBERS)

OPERATORS: Final[Mapping[str, _Operator]] = {
    "is": _Operator(_SCALARS, "a text, a number, true or false", AnyOf, partial(_is, "=")),
    "is_not": _Operator(_SCALARS, "a text, a number, true or false", All, partial(_is, "!=")),
    **{
        name: _Operator((str,), "a text", joined, partial(made, test))
        for test, positive, negative in (
            (_contains, "contains", "does_not_contain"),
            (_starts_with, "starts_with", "does_not_start_with"),
            (_ends_with, "ends_with", "does_not_end_with"),
        )
        for name, joined, made in ((positive, AnyOf, _holds), (negative, All, _fails))
    },
    "exists": _Operator((bool,), "true or false", None, _exists),
    **{
        name: _Operator(functions.NUMBERS, "a number", None, partial(_is, name))
        for name in ("<", "<=", ">", ">=")
    },
}
"""Every operator by its name on Segment's screen."""

_FOREIGN: Final = {
    **dict.fromkeys(("in", "equals", "equal", "eq", "=", "=="), "write is, with a value or a list"),
    **dict.fromkeys(("not_in", "not", "not_equals", "ne", "!=", "<>"), "write is_not"),
    **dict.fromkeys(
        ("like", "match", "matches", "regex", "glob"),
        "write contains, starts_with or ends_with, or a trigger with match",
    ),
    "gt": "write >",
    "gte": "write >=",
    "lt": "write <",
    "lte": "write <=",
    **dict.fromkeys(("is_set", "present", "not_null"), "write exists: true"),
    **dict.fromkeys(("missing", "is_null", "null", "not_exists"), "write exists: false"),
}
"""Operators of other languages, and what to write instead."""


def _scalar(node: Node) -> Scalar:
    return None if isinstance(node.value, tuple | dict) else node.value


def _span(node: Node) -> Span:
    return Span(node.start, node.end)
