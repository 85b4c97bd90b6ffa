"""Remarks on comparisons that no event of Segment's is likely to meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from listrak_sync.mapping.audiences import KEY_PATHS
from listrak_sync.mapping.conditions import (
    All,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Operand,
    PathOf,
    Refuted,
    Truth,
    parts_of,
    paths_of,
)
from listrak_sync.mapping.contradictions import contradiction
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.model import ConditionSource, Mapping

_SNAKE_CASE: Final = re.compile(r"[a-z0-9_]+|[^A-Za-z ]*")
_WILDCARD: Final = re.compile(r"\*[^*]+|[^*]*[^*\\]\*", re.DOTALL)
_EXPRESSION: Final = re.compile(r"\^.*|.*[^\\]\$|.*(?:\.\*|\\[dws]|\|).*", re.DOTALL)
_OPERATOR: Final = re.compile(r"(?:!=?|[<>]=?|==?)\s*\S.*", re.DOTALL)
_OWN_FIELDS: Final = {
    "track": {"event", "properties"},
    "identify": {"traits"},
    "page": {"name", "category", "properties"},
    "group": {"groupId", "traits"},
    "alias": {"previousId"},
}
"""What only events of some types have. Source: Segment's specification of its calls."""


def unlikely_comparisons(mapping: Mapping) -> Iterator[Finding]:
    """Remark on texts that are hardly what an event has, and on fields that its type lacks."""
    if mapping.trigger is None or mapping.source is None:
        return
    for part in parts_of(mapping.trigger):
        for kind, literal, message in _about(part):
            span = literal.span if literal.span.end else part.span
            yield Finding(mapping.source.place(span), kind, message)
    yield from _other_types(mapping.trigger, mapping.source)


def not_a_key(text: str) -> str | None:
    """Return why a text is hardly the key of an audience, None where it may be one."""
    if _SNAKE_CASE.fullmatch(text):
        return None
    snake = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return f"keys of audiences are in snake case; did you mean {snake!r}?"


def _about(part: Condition | Operand) -> Iterator[tuple[str, Literal, str]]:
    """Yield the kind, the text and the message of each remark on one part of a condition."""
    for path, literal in _compared(part):
        text = str(literal.value)
        if path in KEY_PATHS and (message := not_a_key(text)):
            yield "audience_name", literal, message
        elif _OPERATOR.fullmatch(text):
            message = f"this is compared with the text {text!r}; the operator stands in it"
            yield "operator_in_text", literal, message
        elif _WILDCARD.fullmatch(text):
            message = (
                f"* is not a wildcard here: only match takes a pattern, as match(path, {text!r})"
            )
            yield "pattern_in_text", literal, message
    match part:
        case Truth(Call("match", (_, Literal(str() as text) as literal))) | Refuted(
            Call("match", (_, Literal(str() as text) as literal))
        ) if _EXPRESSION.fullmatch(text) or ("%" in text and "*" not in text):
            message = f"match takes * ? and [abc], not regular expressions or %: {text!r}"
            yield "pattern_in_text", literal, message


def _compared(part: Condition | Operand) -> Iterator[tuple[tuple[str, ...], Literal]]:
    """Yield the texts that a path is compared with."""
    match part:
        case Compare("=" | "!=", PathOf(path), Literal(str()) as literal):
            yield path, literal
        case In(PathOf(path), ListOf(items)):
            for item in items:
                if isinstance(item, Literal) and isinstance(item.value, str):
                    yield path, item
        case Truth(Call("contains", (PathOf(path), Literal(str()) as literal))):
            yield path, literal


def _other_types(trigger: Condition, source: ConditionSource) -> Iterator[Finding]:
    """Remark on a trigger for one type of event that needs what only another type has."""
    parts = trigger.conditions if isinstance(trigger, All) else (trigger,)
    types = [
        part.right.value
        for part in parts
        if isinstance(part, Compare)
        and (part.operator, part.left) == ("=", PathOf(("type",)))
        and isinstance(part.right, Literal)
    ]
    own = _OWN_FIELDS.get(str(types[0])) if len(types) == 1 else None
    if own is None:
        return
    others = set().union(*_OWN_FIELDS.values()) - own
    lacking = sorted({path for path in paths_of(trigger) if path[0] in others})
    missing = (Compare("=", PathOf(path), Literal(None)) for path in lacking)
    if lacking and contradiction((*missing, trigger)) is not None:
        first = lacking[0][0]
        there = f"; did you mean context.{first}?" if first == "traits" else ""
        message = f"events of the type {types[0]} have no {first}{there}"
        yield Finding(source.start, "other_type", message)
