"""Finds the place in a YAML text of each character of a scalar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from listrak_sync.mapping.conditions import Span

_BREAK: Final = r"(?:\r\n|[\n\r\x85\u2028\u2029])"
_BREAKS: Final = re.compile(_BREAK)
_FOLD: Final = rf"(?P<fold>(?:[ \t]*{_BREAK})+[ \t]*)"
_JOIN: Final = rf"(?P<join>\\{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*)"
_HALF: Final = r"(?:\\u|\\U0000)[dD]"
_PAIR: Final = rf"{_HALF}[89abAB][0-9a-fA-F]{{2}}{_HALF}[c-fC-F][0-9a-fA-F]{{2}}"
_ESCAPE: Final = r"\\x..|\\u....|\\U........|\\."
_CHARACTERS: Final = {
    None: re.compile(rf"{_FOLD}|.", re.DOTALL),
    "'": re.compile(rf"{_FOLD}|''|.", re.DOTALL),
    '"': re.compile(rf"{_FOLD}|{_JOIN}|{_PAIR}|{_ESCAPE}|.", re.DOTALL),
}
"""Patterns of one character of a scalar, by its style; a fold or a join may be any number."""


def places(text: str, scalar: Span, style: str | None, value: str) -> list[Span]:
    """Return the place of each character of a scalar's value, and of its end as the last item.

    PyYAML tells only where a scalar begins and ends. So quotes, escapes, folds and indents are
    followed here as it reads them, by YAML 1.1, to point at a character of a trigger.
    """
    if style in {"|", ">"}:
        found = _of_block(text, scalar, value)
    elif style is None:
        found = list(_of_flow(text, scalar, style))
    else:
        scalar = Span(scalar.start + 1, scalar.end - 1)
        found = list(_of_flow(text, scalar, style))
    end = found[-1].end if found and style in {"|", ">"} else scalar.end
    found = found[: len(value)]
    return [*found, *[Span(end, end)] * (len(value) + 1 - len(found))]


def _of_flow(text: str, scalar: Span, style: str | None) -> Iterator[Span]:
    """Yield the places in a plain or quoted scalar, where a single line break is a space."""
    for found in _CHARACTERS[style].finditer(text, scalar.start, scalar.end):
        if found.lastgroup is None:
            yield Span(*found.span())
            continue
        first, *more = _BREAKS.finditer(text, *found.span())
        if found.lastgroup == "fold" and (not more or first[0] in "\u2028\u2029"):
            more.insert(0, first)
        for each in more:
            yield Span(*each.span())


def _of_block(text: str, scalar: Span, value: str) -> list[Span]:
    """Return the places in a literal or folded block."""
    found: list[Span] = []
    indent: int | None = None
    header, *lines = _lines(text, scalar)
    before = header.end
    for line in lines:
        written = text[line.start : line.end]
        if indent is None and written.strip(" "):
            indent = _indent(written, value)
        content = written[indent:]
        if indent is None or not content:
            continue
        # The value says how line breaks were folded: what stands in it before the next line's
        # content takes its place from the end of the line before.
        while len(found) < len(value) and not value.startswith(content, len(found)):
            found.append(Span(before, before + 1))
        found += (Span(at, at + 1) for at in range(line.start + indent, line.end))
        before = line.end
    return found


def _lines(text: str, scalar: Span) -> Iterator[Span]:
    start = scalar.start
    for found in _BREAKS.finditer(text, scalar.start, scalar.end):
        yield Span(start, found.start())
        start = found.end()
    yield Span(start, scalar.end)


def _indent(line: str, value: str) -> int:
    """Return a block's indent: the spaces of its first line with text that its value lacks."""
    begins = next((each for each in _BREAKS.split(value) if each.strip(" ")), "")
    widest = len(line) - len(line.lstrip(" "))
    return next((at for at in range(widest) if begins.startswith(line[at:])), widest)
