"""Refuses operands of comparisons and calls that cannot be meant as they are written."""

from __future__ import annotations

import re
from typing import Final

from listrak_sync.events.acceptance import EVENT_FIELDS
from listrak_sync.mapping.conditions import Call, ListOf, Literal, Operand, PathOf
from listrak_sync.mapping.faults import nearest
from listrak_sync.mapping.fql.functions import BY_NAME, TYPES
from listrak_sync.mapping.fql.tokens import fail

_CONSTANTS: Final = {
    **{word: word for word in ("true", "false", "null")},
    **dict.fromkeys(("none", "nil", "undefined"), "null"),
}
_GROUPED_DIGITS: Final = re.compile(r"[+-]?\d{1,3}(?:_\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER_LIKE: Final = re.compile(r"[+-]?\.?\d", re.ASCII)
_A_LIST: Final = "write a condition for each text of the list, joined with or"


def same_spelling(name: str) -> str | None:
    """Return the field of an event that a name is, in another spelling: `user_id` is userId."""
    plain = _plain(name)
    return next((field for field in EVENT_FIELDS if _plain(field) == plain != ""), None)


def check_operand(text: str, operand: Operand) -> None:
    r"""Refuse a path that is hardly one: a bare word, a number written otherwise, `True`.

    To Segment, a word without quotes is a text; to us, it is a path. So one that is not a field
    of an event is a fault. A backslash before it says that it is a field: `\plan`.
    """
    if not isinstance(operand, PathOf):
        return
    word = text[operand.span.start : operand.span.end]
    if word.startswith("\\"):
        return
    if constant := _CONSTANTS.get(word.lower()):
        fail(f"{word} is not a constant of the language", f"write {constant}", operand.span)
    if _NUMBER_LIKE.match(word):
        number = f"write {word.replace('_', '')}" if _GROUPED_DIGITS.fullmatch(word) else ""
        instead = number or "write digits alone, or a text in quotes"
        fail(f"{word} is not a number", instead, operand.span)
    if len(operand.path) > 1 or operand.path[0] in EVENT_FIELDS or same_spelling(operand.path[0]):
        return
    near = nearest(operand.path[0], EVENT_FIELDS)
    meant = f"did you mean {near}? Otherwise " if near else ""
    instead = f'{meant}write "{operand.path[0]}" for the text, \\{word} for a field of your own'
    fail(f"{word} is not a field of an event", instead, operand.span)


def check_arguments(text: str, call: Call) -> None:
    """Refuse arguments whose type the function never uses, so that the call can never hold."""
    for takes, argument in zip(BY_NAME[call.function].takes, call.arguments, strict=True):
        check_operand(text, argument)
        if isinstance(argument, ListOf) and argument is not call.arguments[-1]:
            instead = f"write {_written(text, call.arguments[-1])} in {_written(text, argument)}"
            fail(f"{call.function} does not look in a list", instead, call.span)
        if not _types(argument) & takes:
            kinds = " or a ".join(sorted({"string": "text"}.get(kind, kind) for kind in takes))
            given = "a list" if isinstance(argument, ListOf) else _written(text, argument)
            instead = _A_LIST if isinstance(argument, ListOf) else f"write a {kinds}, or a path"
            fail(f"{call.function} does not take {given} here", instead, argument.span)
    match call:
        case Call("match", (Literal() as pattern, PathOf() | Call() as subject)):
            turned = f"match({_written(text, subject)}, {_written(text, pattern)})"
            message = "match takes the pattern as its second argument"
            fail(message, f"write {turned}", call.span)


def _types(operand: Operand) -> frozenset[str]:
    """Return the types that an operand can have."""
    match operand:
        case Literal(value):
            return frozenset({str(BY_NAME["typeof"].evaluate(value))})
        case ListOf():
            return frozenset({"list"})
        case Call(name):
            return BY_NAME[name].returns
        case _:
            return TYPES


def _written(text: str, operand: Operand) -> str:
    return text[operand.span.start : operand.span.end]


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
