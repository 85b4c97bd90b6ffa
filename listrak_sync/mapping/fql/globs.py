"""Glob patterns of the trigger language as tests of a whole text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_WILDCARD: Final = re.compile(r"[*?\[\\]")


class GlobError(ValueError):
    """A pattern that cannot be read; `at` is the offset of what is wrong."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@lru_cache(maxsize=1024)
def glob(pattern: str) -> Callable[[str], bool]:
    r"""Return a test for `*`, `?`, `[abc]`, `[a-z]`, `[^a-z]` and `\x`, case-sensitive.

    Raises GlobError for an open bracket, a backwards range or a lone backslash at the end.
    Source: Segment's filter query language, `match`.
    """
    tokens = parts(pattern)
    literal = "".join(token for kind, token in tokens if kind == "text")
    match [kind for kind, _ in tokens]:
        case [] | ["text"]:
            return lambda text: text == literal
        case ["star"]:
            return lambda text: True  # noqa: ARG005 - every text
        case ["text", "star"]:
            return lambda text: text.startswith(literal)
        case ["star", "text"]:
            return lambda text: text.endswith(literal)
    matches = re.compile(_regex(tokens), re.DOTALL).fullmatch
    return lambda text: matches(text) is not None


def escape(text: str) -> str:
    """Return the pattern that matches a text and nothing else."""
    return _WILDCARD.sub(r"\\\g<0>", text)


def _regex(tokens: list[tuple[str, str]]) -> str:
    """Return a regular expression that never backtracks over an earlier star."""
    runs: list[str] = [""]
    for kind, token in tokens:
        match kind:
            case "star":
                runs.append("")
            case "any":
                runs[-1] += "."
            case "text":
                runs[-1] += re.escape(token)
            case _:
                runs[-1] += token
    first, *rest = runs
    if not rest:
        return first
    return first + "".join(f"(?>.*?{run})" for run in rest[:-1]) + ".*" + rest[-1]


def parts(pattern: str) -> list[tuple[str, str]]:
    """Cut a pattern into text, star, any and set, each joined to its like. Raises GlobError."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(pattern):
        wildcard = _WILDCARD.search(pattern, at)
        stop = wildcard.start() if wildcard else len(pattern)
        kind, token, end = "text", pattern[at:stop], stop
        if stop == at:
            match pattern[at]:
                case "*":
                    kind, token, end = "star", "*", at + 1
                case "?":
                    kind, token, end = "any", "?", at + 1
                case "[":
                    kind = "set"
                    token, end = _set(pattern, at)
                case _ if at + 1 == len(pattern):
                    raise GlobError("a backslash has nothing after it", at)
                case _:
                    kind, token, end = "text", pattern[at + 1], at + 2
        if tokens and tokens[-1][0] == kind and kind in {"text", "star"}:
            token = token if kind == "star" else tokens[-1][1] + token
            tokens.pop()
        tokens.append((kind, token))
        at = end
    return tokens


def _set(pattern: str, start: int) -> tuple[str, int]:
    """Return the bracket at `start` as a regular expression, and where it ends."""
    at = start + 1
    negated = pattern[at : at + 1] in {"^", "!"}
    at += negated
    members: list[str] = []
    while at < len(pattern) and pattern[at] != "]":
        low, at = _set_member(pattern, at)
        high = low
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in {"", "]"}:
            high, at = _set_member(pattern, at + 1)
        if high < low:
            raise GlobError(f"the range {low}-{high} runs backwards", start)
        members.append(re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}")
    if at >= len(pattern):
        raise GlobError("a bracket is not closed", start)
    if not members:
        raise GlobError("a bracket is empty", start)
    return f"[{'^' * negated}{''.join(members)}]", at + 1


def _set_member(pattern: str, at: int) -> tuple[str, int]:
    """Return the character at `at` with its escape taken off, and the offset after it."""
    if pattern[at] == "\\":
        at += 1
    if at >= len(pattern):
        raise GlobError("a backslash has nothing after it", at - 1)
    return pattern[at], at + 1
