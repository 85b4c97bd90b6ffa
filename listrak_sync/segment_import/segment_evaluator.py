"""Takes a trigger apart as Segment's own evaluator does, which knows less than is documented."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from listrak_sync.events.acceptance import EVENT_FIELDS
from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    Literal,
    PathOf,
    Refuted,
    Span,
    Truth,
)
from listrak_sync.mapping.fql import parser as fql
from listrak_sync.mapping.fql.globs import escape
from listrak_sync.mapping.fql.tokens import Token

_SUBJECTS: Final = ("type", "event", "name", "userId", "properties", "traits", "context")
"""The first names of the paths that Segment's evaluator looks at; it passes over all others."""

_OBJECTS: Final = ("properties", "traits", "context")
_TESTED: Final = ("event", "name", "userId")
"""What it tests with contains and match, besides what is in the objects."""

_TESTS: Final = ("contains", "match")
_OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")
_JOINERS: Final = {"and": "and", "or": "or", "AND": "and", "OR": "or"}
_NO_NAMES: Final = frozenset({*_JOINERS, "in"})

NEVER: Final = Truth(Literal(False))
"""A condition that never holds."""

_UNREAD_NAME: Final = re.compile(r"(?<!\\)\.(?:and|or|AND|OR)(?:\.|\Z)")
"""A name inside a path that Segment's evaluator takes for a word between conditions."""


class UnreadableError(Exception):
    """What Segment's evaluator cannot read in a trigger; it takes no event by such a trigger."""


class SegmentReader:
    """Reads tokens as Segment does; notes what it passes over, and what to write instead."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        """What is written in another way here, to mean what it means for Segment."""
        self.reasons: list[str] = []
        """Why Segment evaluates something else, if it does."""
        self.replaced: dict[Span, str] = {}

    def group(self, tokens: list[Token]) -> Condition:
        """Take all tokens, and return what they say: the last `and` or `or` joins everything."""
        parts: list[Condition] = []
        joiner = "and"
        while tokens:
            token = tokens.pop(0)
            following = tokens[0].text if tokens else ""
            if token.kind == "word" and token.text in _JOINERS:
                joiner = _JOINERS[token.text]
                if joiner != token.text:
                    self.replaced[token.span] = joiner
            elif token.kind == "word":
                parts += self.condition(token, tokens)
            elif token.text == "!" and following in _TESTS:
                parts += self.test(tokens.pop(0), tokens, negated=True)
            elif token.text == "!":
                self.reasons.append("Segment passes over ! except before contains and match")
            elif token.text == "(":
                parts.append(self.group(self.in_parentheses(tokens)))
        if not parts:
            raise UnreadableError("a condition in it")
        if len(parts) == 1:
            return parts[0]
        return (All if joiner == "and" else AnyOf)(tuple(parts))

    def condition(self, word: Token, tokens: list[Token]) -> list[Condition]:
        """Take a call or a comparison that begins with a word."""
        is_call = bool(tokens) and tokens[0].text == "("
        if is_call and word.text in _TESTS:
            return self.test(word, tokens, negated=False)
        if word.names[0] in _SUBJECTS:
            return [self.comparison(word, tokens)]
        if is_call:
            raise UnreadableError(f"{word.text}(…)")
        if len(tokens) > 1 and tokens[0].text in _OPERATORS:
            self.reasons.append(f"Segment leaves the condition on {word.text} out")
            if tokens[1].kind == "word" and tokens[1].names[0] not in _SUBJECTS:
                self.value(tokens[1])
                del tokens[:2]
        return []

    def in_parentheses(self, tokens: list[Token]) -> list[Token]:
        """Take the tokens up to the first closing parenthesis, whosever it is."""
        inner: list[Token] = []
        while tokens:
            token = tokens.pop(0)
            if token.kind == "sign" and token.text == ")":
                return inner
            if token.kind == "sign" and token.text == "(" and not _is_test(inner):
                is_call = (
                    bool(inner) and inner[-1].kind == "word" and inner[-1].text not in _NO_NAMES
                )
                name = f"{inner[-1].text}(…)" if is_call else "parentheses"
                raise UnreadableError(f"{name} inside parentheses")
            if token.kind == "sign" and token.text == "(":
                self.reasons.append(
                    "for Segment, parentheses end at the first ) inside them, also at that of "
                    f"{inner[-1].text}(…)"
                )
            inner.append(token)
        raise UnreadableError("parentheses that are not closed")

    def comparison(self, path: Token, tokens: list[Token]) -> Condition:
        """Take an operator and a value."""
        if len(tokens) < 2:
            raise UnreadableError(f"{path.text} without a value to compare with")
        operator, value = tokens.pop(0), tokens.pop(0)
        if operator.text not in _OPERATORS or _UNREAD_NAME.search(path.text):
            self.reasons.append(
                f"for Segment, {path.text} {operator.text} {value.text} is never so"
            )
            return NEVER
        literal = self.value(value)
        if _is_text_alone(path.names[0], operator.text, literal):
            literal = Literal(value.text)
        names = path.names if path.names[0] in _OBJECTS else path.names[:1]
        return Compare(operator.text, PathOf(names), literal)

    def value(self, token: Token) -> Literal:
        """Return what Segment compares with: a word that is not a constant is a text."""
        match token.kind:
            case "text":
                return Literal(token.text.removeprefix('"').removesuffix('"'))
            case "number":
                return _literal(token.text)
            case "word" if token.text in {"true", "false", "null"}:
                return _literal(token.text)
            case "word":
                if token.names[0] not in EVENT_FIELDS:
                    self.changes.append(f"{token.text} is a text for Segment, so it is in quotes")
                    self.replaced[token.span] = f'"{token.text}"'
                return Literal(token.text)
        raise UnreadableError(f"{token.text} as a value")

    def test(self, name: Token, tokens: list[Token], *, negated: bool) -> list[Condition]:
        """Take the arguments of contains or match; nothing is left of those of other subjects."""
        taken, tokens[:] = tokens[:5], tokens[5:]
        if len(taken) < 4 or taken[1].kind != "word":
            raise UnreadableError(f"the arguments of {name.text}(…)")
        path, value = taken[1], taken[3]
        text = str(self.value(value).value) if value.kind != "number" else value.text
        pattern = text if name.text == "contains" else self.pattern(value, text)
        if path.names[0] not in _OBJECTS and path.text not in _TESTED:
            self.reasons.append(f"Segment leaves {name.text}({path.text}, …) out")
            return []
        call = Call(name.text, (PathOf(path.names), Literal(pattern)))
        return [Refuted(call) if negated else Truth(call)]

    def pattern(self, token: Token, text: str) -> str:
        """Return the pattern of a beginning or an end, which Segment takes as it is written."""
        is_end = not text.endswith("*")
        pattern = f"*{escape(text[1:])}" if is_end else f"{escape(text[:-1])}*"
        if pattern != text and (text.startswith("*") or not is_end):
            self.replaced[token.span] = f'"{pattern}"'
            self.changes.append(
                "Segment takes * ? [ and \\ in a pattern literally: a backslash stands before them"
            )
            if text.startswith("*") and not is_end:
                self.changes.append(
                    f'needs a look: for Segment, "{text}" is a text that begins with '
                    f'"{text[:-1]}"; a text with "{text[1:-1]}" anywhere is contains(…)'
                )
        return pattern


def _is_text_alone(subject: str, operator: str, value: Literal) -> bool:
    """Say whether Segment compares with the text of a constant, not with the constant."""
    match subject, value.value:
        case "type" | "event", bool() | int() | float() | None:
            return True
        case "name", bool() | int() | float():
            return True
        case "userId", int() | float() if not isinstance(value.value, bool):
            return True
        case _, bool():
            return operator == "!="
    return False


def _is_test(tokens: Sequence[Token]) -> bool:
    """Say whether tokens end in the name of a function that Segment knows, called."""
    return bool(tokens) and tokens[-1].kind == "word" and tokens[-1].text in _TESTS


def _literal(text: str) -> Literal:
    """Return a number or a constant."""
    condition = fql.parse(f"type = {text}")
    if isinstance(condition, Compare) and isinstance(condition.right, Literal):
        return condition.right
    return Literal(text)
