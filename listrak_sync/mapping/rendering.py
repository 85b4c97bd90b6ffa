"""Writes a condition tree as a trigger, or as conditions in YAML."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from listrak_sync.events.key_paths import Json, KeyPath
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
    Operand,
    PathOf,
    Refuted,
    Truth,
)
from listrak_sync.mapping.fql.globs import parts
from listrak_sync.mapping.fql.tokens import path_text
from listrak_sync.mapping.values import number_text
from listrak_sync.mapping.yaml.conditions import GROUPS
from listrak_sync.mapping.yaml.nodes import Scalar

Item: TypeAlias = "dict[str, Json]"


class NotExpressibleError(ValueError):
    """A condition that the other notation cannot state."""


def fql_text(condition: Condition) -> str:
    """Return a condition as a trigger. Raises NotExpressibleError for a text with both quotes."""
    match condition:
        case All(conditions):
            return " and ".join(map(_grouped, conditions))
        case AnyOf(conditions):
            return " or ".join(map(_grouped, conditions))
        case Not(inner):
            return f"!({fql_text(inner)})"
        case Compare(operator, left, right):
            return f"{operand_text(left)} {operator} {operand_text(right)}"
        case In(item, container):
            return f"{operand_text(item)} in {operand_text(container)}"
        case Truth(operand):
            return operand_text(operand)
        case Refuted(call):
            return f"!{operand_text(call)}"
        case _:
            assert_never(condition)


def operand_text(operand: Operand) -> str:
    """Return an operand as a trigger has it."""
    match operand:
        case PathOf(path):
            return path_text(path)
        case Literal(value):
            return _literal_text(value)
        case ListOf(items):
            return f"[{', '.join(map(operand_text, items))}]"
        case Call(function, arguments):
            return f"{function}({', '.join(map(operand_text, arguments))})"
        case _:
            assert_never(operand)


def yaml_conditions(condition: Condition) -> list[Item]:
    """Return a condition as the list under `conditions:`.

    Raises NotExpressibleError for what only a trigger can say: functions other than contains
    and match, patterns other than a beginning or an end, comparisons of two key paths.
    """
    if isinstance(condition, All):
        return [_item(part) for part in condition.conditions]
    return [_item(condition)]


def _item(condition: Condition) -> Item:
    match condition:
        case All(conditions):
            return {"all": [_item(part) for part in conditions]}
        case AnyOf(conditions):
            return {"any": [_item(part) for part in conditions]}
        case Not(inner):
            return {"not": [_item(inner)]}
        case Compare("=" | "!=" as operator, PathOf(path), Literal(None)):
            return {_key(path): {"exists": operator == "!="}}
        case Compare("=", PathOf(path), Literal(value)):
            return {_key(path): value}
        case Compare("!=", PathOf(path), Literal(value)):
            return {_key(path): {"is_not": value}}
        case Compare(operator, PathOf(path), Literal(value)):
            return {_key(path): {operator: value}}
        case In(PathOf(path), ListOf(items)) if items:
            return {_key(path): [_plain(item) for item in items]}
        case Truth(PathOf(path)):
            return {_key(path): True}
        case Truth(Call(arguments=(PathOf(path), Literal(str()))) as call):
            name, text = _text_test(call)
            return {_key(path): {name: text}}
        case Refuted(Call(arguments=(PathOf(path), Literal(str()))) as call):
            name, text = _text_test(call)
            verb = {"contains": "contain", "starts_with": "start_with", "ends_with": "end_with"}
            return {_key(path): {f"does_not_{verb[name]}": text}}
    raise NotExpressibleError(fql_text(condition))


def _key(path: KeyPath) -> str:
    text = path_text(path)
    return f"\\{text}" if text in GROUPS else text


def _plain(item: Operand) -> Json:
    if isinstance(item, Literal) and item.value is not None:
        return item.value
    raise NotExpressibleError(operand_text(item))


def _text_test(call: Call) -> tuple[str, str]:
    """Return the operator of Segment's screen that says the same as a call, and its text."""
    text = call.arguments[1]
    assert isinstance(text, Literal)  # noqa: S101 - the caller has matched it
    pattern = str(text.value)
    if call.function == "contains":
        return "contains", pattern
    if call.function == "match":
        match parts(pattern):
            case [("star", _)]:
                return "starts_with", ""
            case [("text", beginning), ("star", _)]:
                return "starts_with", beginning
            case [("star", _), ("text", end)]:
                return "ends_with", end
    raise NotExpressibleError(operand_text(call))


def _grouped(condition: Condition) -> str:
    text = fql_text(condition)
    return f"({text})" if isinstance(condition, All | AnyOf) else text


def _literal_text(value: Scalar) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case str() if '"' not in value:
            return f'"{value}"'
        case str() if "'" not in value:
            return f"'{value}'"
    raise NotExpressibleError(value)
