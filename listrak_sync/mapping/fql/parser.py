"""Parses triggers, written in Segment's filter query language, into condition trees."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, NoReturn

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
    Span,
    Truth,
)
from listrak_sync.mapping.fql import functions
from listrak_sync.mapping.fql.globs import GlobError, glob
from listrak_sync.mapping.fql.mistakes import (
    refuse_brackets,
    refuse_function,
    refuse_grouped_digits,
    refuse_operator,
)
from listrak_sync.mapping.fql.operands import check_arguments, check_operand
from listrak_sync.mapping.fql.tokens import MISTAKES, FqlError, Token, correction, fail, next_token

MAX_DEPTH: Final = 100
"""How deep groups may nest."""

_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")


def parse(text: str) -> Condition:
    """Return the condition that a trigger states.

    Raises FqlError at the first place that cannot be read. This is stricter than Segment, which
    evaluates something else where `and` meets `or` on one level, a name is unknown or a bracket
    is missing. Source: the FQL page of Segment's Public API documentation.
    """
    parser = _Parser(text)
    if parser.at_end():
        raise FqlError("the trigger is empty", 'write a condition: type = "track"', Span())
    condition = parser.condition(0)
    if not parser.at_end():
        parser.fail_here(
            "this does not continue the condition", "join conditions with and, or with or"
        )
    return condition


class _Parser:
    """A recursive descent parser that looks one token ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.token = next_token(text, 0)

    def condition(self, depth: int) -> Condition:
        """Read conditions joined by `and`, or by `or`."""
        if depth > MAX_DEPTH:
            self.fail_here(f"groups nest deeper than {MAX_DEPTH}", "write it flatter")
        start = self.token.span.start
        parts = [self.term(depth)]
        joiner = self.token
        while self.token.kind == "word" and self.token.text in {"and", "or"}:
            if self.token.text != joiner.text:
                self.fail_here(
                    f"{self.token.text} follows {joiner.text} on one level",
                    "put parentheses around what belongs together",
                )
            self.advance()
            parts.append(self.term(depth))
        if len(parts) == 1:
            return parts[0]
        group = All if joiner.text == "and" else AnyOf
        return group(tuple(parts), Span(start, parts[-1].span.end))

    def term(self, depth: int) -> Condition:
        """Read one condition: a negation, a group, a comparison or an operand alone."""
        first = self.token
        if self.takes("!"):
            # Only `!` right before a test of a text makes the one that Segment's screen calls
            # "does not contain": it holds for texts alone. `!( … )` negates whatever it holds.
            adjoins = self.token.kind == "word" and self.token.span.start == first.span.end
            inner = self.negated(depth)
            span = Span(first.span.start, inner.span.end)
            match inner:
                case Truth(Call(name) as call) if adjoins and functions.BY_NAME[name].is_test:
                    return Refuted(call, span)
            return Not(inner, span)
        if self.takes("("):
            inner = self.condition(depth + 1)
            close = self.token
            self.expect(")", first, "the parenthesis is not closed")
            return replace(inner, span=Span(first.span.start, close.span.end))
        left = self.operand(depth)
        if first.text.lower() == "not" and not self.at_end() and self.token.kind != "sign":
            fail(f"{first.text} is not an operator", MISTAKES["NOT"], first.span)
        if self.token.kind == "sign" and self.token.text in _OPERATORS:
            check_operand(self.text, left)
            operator = self.advance()
            right = self.compared(depth)
            refuse_grouped_digits(self.text, right.span, self.token)
            return self.comparison(operator, left, right)
        if self.token.kind == "word" and self.token.text == "in":
            check_operand(self.text, left)
            self.advance()
            if self.token.text == "(":
                self.fail_here("in needs a list", "write it in brackets: ['a', 'b']")
            container = self.compared(depth)
            if not isinstance(container, ListOf | PathOf):
                fail("in needs a list", "write ['a', 'b'] or a path to a list", container.span)
            return In(left, container, Span(left.span.start, container.span.end))
        refuse_operator(self.text, left.span, self.token)
        return _alone(left)

    def negated(self, depth: int) -> Condition:
        """Read what follows `!`: a group, a call or a path, but not a comparison."""
        if self.token.text in {"(", "!"} and self.token.kind == "sign":
            if depth > MAX_DEPTH:
                self.fail_here(f"groups nest deeper than {MAX_DEPTH}", "write it flatter")
            return self.term(depth + 1)
        operand = self.operand(depth)
        if self.token.text in {*_OPERATORS, "in"} and self.token.kind in {"sign", "word"}:
            self.fail_here("! stands before a comparison", "write !( … ) around the comparison")
        return _alone(operand)

    def comparison(self, operator: Token, left: Operand, right: Operand) -> Condition:
        """Return a comparison; `<`, `<=`, `>` and `>=` take numbers, which may be in quotes."""
        span = Span(left.span.start, right.span.end)
        if operator.text in {"=", "!="}:
            return Compare(operator.text, left, right, span)
        return Compare(operator.text, _numeric(operator, left), _numeric(operator, right), span)

    def compared(self, depth: int) -> Operand:
        """Read an operand that is compared with another; a bare word cannot be one."""
        operand = self.operand(depth)
        check_operand(self.text, operand)
        return operand

    def operand(self, depth: int) -> Operand:
        """Read a path, a literal, a list or a call."""
        token = self.advance()
        match token.kind:
            case "text":
                return Literal(token.text[1:-1], token.span)
            case "number":
                return Literal(_number(token), token.span)
            case "sign" if token.text == "[":
                return self.items(token, depth)
            case "word" if token.text in _CONSTANTS:
                return Literal(_CONSTANTS[token.text], token.span)
            case "word" if self.token.text == "(" and self.token.kind == "sign":
                return self.call(token, depth)
            case "word" if token.text not in {"and", "or", "in"}:
                if self.token.text == "[":
                    refuse_brackets(self.text, token, self.token)
                return PathOf(token.names, token.span)
        what = "the trigger ends here" if token.kind == "end" else f"{token.text} stands here"
        return fail(f"a path or a value is missing: {what}", "write a path or a value", token.span)

    def items(self, opening: Token, depth: int) -> ListOf:
        """Read the rest of a list."""
        if depth > MAX_DEPTH:
            fail(f"lists nest deeper than {MAX_DEPTH}", "write it flatter", opening.span)
        items: list[Operand] = []
        while not (self.token.text == "]" and self.token.kind == "sign"):
            items.append(self.compared(depth + 1))
            if not self.takes(","):
                break
        close = self.token
        self.expect("]", opening, "the list is not closed")
        return ListOf(tuple(items), Span(opening.span.start, close.span.end))

    def call(self, name: Token, depth: int) -> Call:
        """Read the arguments of a function, and check how many there are."""
        function = functions.BY_NAME.get(name.text)
        if function is None:
            refuse_function(self.text, name)
        if depth > MAX_DEPTH:
            fail(f"calls nest deeper than {MAX_DEPTH}", "write it flatter", name.span)
        opening = self.advance()
        arguments: list[Operand] = []
        while not (self.token.text == ")" and self.token.kind == "sign"):
            arguments.append(self.operand(depth + 1))
            if not self.takes(","):
                break
        close = self.token
        self.expect(")", opening, "the parenthesis is not closed")
        span = Span(name.span.start, close.span.end)
        arity = len(function.takes)
        if len(arguments) != arity:
            takes = f"{arity} argument{'s' * (arity > 1)}"
            fail(f"{name.text} takes {takes}, not {len(arguments)}", f"give it {takes}", span)
        call = Call(name.text, tuple(arguments), span)
        check_arguments(self.text, call)
        if name.text == "match" and isinstance(arguments[1], Literal):
            _check_glob(arguments[1])
        return call

    def at_end(self) -> bool:
        """Say whether the whole text is read."""
        return self.token.kind == "end"

    def takes(self, sign: str) -> bool:
        """Step over a sign if it is the next token; say whether it was."""
        if self.token.kind == "sign" and self.token.text == sign:
            self.advance()
            return True
        return False

    def expect(self, sign: str, opening: Token, problem: str) -> None:
        """Step over a closing sign, or fail where it is missing."""
        if not self.takes(sign):
            if self.token.kind == "end":
                fail(problem, f"write {sign} where it ends", opening.span)
            self.fail_here(f"{self.token.text} stands where {sign} should", f"write {sign}")

    def advance(self) -> Token:
        """Return the next token and step over it."""
        token = self.token
        if token.kind != "end":
            self.token = next_token(self.text, token.span.end)
        return token

    def fail_here(self, message: str, instead: str) -> NoReturn:
        """Fail at the next token."""
        fail(message, correction(self.token.text) or instead, self.token.span)


def _number(token: Token) -> int | float:
    """Return the value of a number token; a whole number keeps all its digits."""
    digits = token.text.lstrip("+-")
    if digits[0] == "0" and digits[1:2].isdigit():
        fail("a number does not begin with 0", f'write "{token.text}" for the text', token.span)
    if token.text.lstrip("+-").isdigit() and len(token.text) < 1000:
        return int(token.text)
    number = float(token.text)
    if not math.isfinite(number):
        fail("the number is too large", "write one below 1.8e308", token.span)
    return number


def _alone(operand: Operand) -> Truth:
    """Return an operand alone as a condition."""
    if isinstance(operand, Literal) and not isinstance(operand.value, bool):
        fail("a value alone is not a condition", "compare it with a path", operand.span)
    if isinstance(operand, ListOf):
        fail("a list alone is not a condition", "write a path and in before it", operand.span)
    return Truth(operand, operand.span)


def _numeric(operator: Token, operand: Operand) -> Operand:
    """Return an operand of `<`, `<=`, `>` or `>=`; a number in quotes becomes a number."""
    if isinstance(operand, ListOf):
        fail(f"{operator.text} compares numbers", "write a number", operand.span)
    if not isinstance(operand, Literal) or type(operand.value) in functions.NUMBERS:
        return operand
    number = functions.BY_NAME["number"].evaluate(operand.value)
    if (
        not isinstance(operand.value, str)
        or not isinstance(number, float)
        or not math.isfinite(number)
    ):
        fail(f"{operator.text} compares numbers", "write a number", operand.span)
    return replace(operand, value=number)


def _check_glob(pattern: Literal) -> None:
    """Fail at the character where a pattern is wrong."""
    try:
        glob(str(pattern.value))
    except GlobError as error:
        start = pattern.span.start + 1 + error.at
        instead = "write a backslash before it to mean the character itself"
        raise FqlError(str(error), instead, Span(start, start + 1)) from None
