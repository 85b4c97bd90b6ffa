"""Reads triggers of Segment's: what differs there is written as it is meant, or remarked on."""

from __future__ import annotations

from dataclasses import dataclass

from listrak_sync.mapping.conditions import All, AnyOf, Condition, Not, Span
from listrak_sync.mapping.facts import key_of
from listrak_sync.mapping.fql import parser as fql
from listrak_sync.mapping.fql.tokens import FqlError, Token, next_token
from listrak_sync.mapping.rendering import NotExpressibleError, fql_text
from listrak_sync.segment_import.segment_evaluator import NEVER, SegmentReader, UnreadableError


@dataclass(frozen=True, slots=True)
class SegmentTrigger:
    """A trigger in our notation, and remarks on what Segment evaluates instead of it."""

    text: str
    remarks: tuple[str, ...] = ()


def read_segment_trigger(trigger: str) -> SegmentTrigger:
    """Return a trigger of Segment's in our notation, with remarks on every difference.

    Texts that Segment takes as they are become texts here: words without quotes, and the signs
    that `match` reads as a pattern here. AND and OR become lower case. Source: how Segment's
    evaluator of subscriptions, which is public, takes a trigger apart.
    """
    reader = SegmentReader()
    try:
        tokens = _tokens(trigger)
    except FqlError:
        return SegmentTrigger(trigger)  # a check of the file shows the place
    try:
        evaluated = reader.group(tokens)
    except UnreadableError as error:
        reader.reasons.append(f"Segment cannot read {error}")
        evaluated = NEVER
    text = _replaced(trigger, reader.replaced)
    remarks = reader.changes
    if not _is_same(text, evaluated):
        what = f"evaluates: {_shown(evaluated)}" if evaluated != NEVER else "takes no event by it"
        remarks += (*reader.reasons, f"needs a look: Segment {what}")
    if "\ufffd" in text:
        remarks.append("needs a look: a character of a name was lost before it came here: \ufffd")
    return SegmentTrigger(text, tuple(dict.fromkeys(remarks)))


def _tokens(trigger: str) -> list[Token]:
    """Return the tokens of a trigger, without its end. Raises FqlError."""
    tokens: list[Token] = []
    token = next_token(trigger, 0)
    while token.kind != "end":
        tokens.append(token)
        token = next_token(trigger, token.span.end)
    return tokens


def _replaced(text: str, replaced: dict[Span, str]) -> str:
    """Return a text with other text in some places."""
    for span in sorted(replaced, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + replaced[span] + text[span.end :]
    return text


def _is_same(text: str, evaluated: Condition) -> bool:
    """Say whether a trigger means what Segment evaluates; unknown where it cannot be read."""
    try:
        return key_of(_flat(fql.parse(text))) == key_of(_flat(evaluated))
    except FqlError:
        return False


def _flat(condition: Condition) -> Condition:
    """Return a condition without groups in groups of the same kind."""
    match condition:
        case All(inner) | AnyOf(inner):
            kind = type(condition)
            parts: list[Condition] = []
            for part in map(_flat, inner):
                parts += part.conditions if isinstance(part, kind) else (part,)
            return kind(tuple(parts))
        case Not(inner_condition):
            return Not(_flat(inner_condition))
    return condition


def _shown(condition: Condition) -> str:
    try:
        return fql_text(condition)
    except NotExpressibleError:
        return "something else"
