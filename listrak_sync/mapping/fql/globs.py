"""Glob patterns of the trigger language as tests of a whole text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<star>\*+)|(?P<any>\?)|(?P<set>\[[!^]?)|(?P<text>(?:\\.|[^*?\[\\])+)", re.DOTALL
)
_MEMBER: Final = re.compile(r"\\?+(.)(?:-(?!\])\\?+(.))?", re.DOTALL)
"""A character of a set, or a range of them; `-` before the closing bracket is a character."""

_TRAILING_BACKSLASH: Final = "a backslash has nothing after it"


class GlobError(ValueError):
    """A pattern that cannot be read; `at` is the offset of what is wrong."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@lru_cache(maxsize=1024)
def glob(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a whole text matches a pattern. Raises GlobError."""
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
    return re.sub(r"[*?\[\\]", r"\\\g<0>", text)


def parts(pattern: str) -> list[tuple[str, str]]:
    """Cut a pattern into text, star, any and set (as a regular expression). Raises GlobError."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise GlobError(_TRAILING_BACKSLASH, at)
        kind, token, at = str(found.lastgroup), found[0], found.end()
        if kind == "text":
            token = re.sub(r"\\(.)", r"\1", token, flags=re.DOTALL)
        elif kind == "set":
            token, at = _set(pattern, found)
        tokens.append((kind, token))
    return tokens


def _set(pattern: str, opening: re.Match[str]) -> tuple[str, int]:
    """Return the set that an opening bracket begins as a regular expression, and its end."""
    start, at = opening.span()
    members = ""
    while not pattern.startswith("]", at):
        found = _MEMBER.match(pattern, at)
        if found is None:
            if at < len(pattern):
                raise GlobError(_TRAILING_BACKSLASH, at)
            raise GlobError("a bracket is not closed", start)
        low, high = found[1], found[2] or found[1]
        if high < low:
            raise GlobError(f"the range {low}-{high} runs backwards", start)
        members += f"{re.escape(low)}-{re.escape(high)}"
        at = found.end()
    if not members:
        raise GlobError("a bracket is empty", start)
    return f"[{'^' * (len(opening[0]) - 1)}{members}]", at + 1


def _regex(tokens: list[tuple[str, str]]) -> str:
    """Return a regular expression that takes each star as short as it can, once and for all.

    What stands between two stars is found at the first place where it can be, and is never
    looked for again: any later place leaves less text for what follows. So the atomic groups
    lose no match, and a pattern of many stars takes no time that grows with their product.
    """
    runs = [""]
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
    first, *middle = runs
    if not middle:
        return first
    last = middle.pop()
    return first + "".join(f"(?>.*?{run})" for run in middle) + ".*" + last
