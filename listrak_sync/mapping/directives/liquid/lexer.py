"""Cuts a template into texts, outputs and tags, and takes off white space as dashes ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from listrak_sync.mapping.directives.liquid.scanner import BLANK, Scanner, fault_at

_OPENING: Final = re.compile(r"\{[%{]")
_ENDRAW: Final = re.compile(rf"\{{%[{BLANK}]*endraw(?![A-Za-z0-9_?-])")


class _Piece(NamedTuple):
    """A part of a template: text, an output or a tag; where it stands and what it holds."""

    kind: str
    start: int
    end: int
    content: tuple[int, int]
    trims_before: bool = False
    trims_after: bool = False
    name: str = ""


def tokens(template: str) -> Iterator[Token]:
    """Yield the tokens of a template. Raises LiquidSyntaxError where a part is not closed.

    An output is one token, its content. A tag is two: its name, and the rest, which may be empty.
    """
    pieces = _trimmed(list(_pieces(template)), template)
    for piece in pieces:
        start, end = piece.content
        if piece.kind == TOKEN_TAG:
            yield from _tag_tokens(piece, template)
        elif end > start or piece.kind == TOKEN_OUTPUT:
            yield Token(piece.kind, template[start:end], start, template)


def line_tokens(scanner: Scanner) -> Iterator[Token]:
    """Yield the tokens of the lines of a tag `liquid`, each of which is a tag."""
    template = scanner.source
    while True:
        scanner.skip_blank()
        if scanner.is_at_end():
            return
        start = scanner.at
        scanner.skip_past("\n")
        yield from _tag_tokens(_delimited(TOKEN_TAG, template, start, scanner.at, 0), template)


def _tag_tokens(piece: _Piece, template: str) -> Iterator[Token]:
    start, end = piece.content
    scanner = Scanner(template, start, end)
    name = _tag_name(scanner)
    if not name:
        raise fault_at(template, piece.start, piece.end, "the tag has no name", "write one")
    yield Token(TOKEN_TAG, name, scanner.at - len(name), template)
    scanner.skip_blank()
    yield Token(TOKEN_EXPRESSION, template[scanner.at : end], scanner.at, template)


def _tag_name(scanner: Scanner) -> str:
    scanner.skip_blank()
    return "#" if scanner.take("#") else scanner.word()


def _delimited(kind: str, template: str, start: int, end: int, width: int = 2) -> _Piece:
    """Return an output or a tag, whose content stands between delimiters of a width."""
    first, last = start + width, end - width
    before = template.startswith("-", first)
    after = template.startswith("-", last - 1)
    first, last = first + before, last - after
    while first < last and template[first] in BLANK:
        first += 1
    while last > first and template[last - 1] in BLANK:
        last -= 1
    return _Piece(kind, start, end, (first, max(first, last)), before, after)


def _pieces(template: str) -> Iterator[_Piece]:
    at, end = 0, len(template)
    while at < end:
        opening = _OPENING.search(template, at)
        if opening is None or opening.start() > at:
            stop = opening.start() if opening else end
            yield _Piece(TOKEN_CONTENT, at, stop, (at, stop))
            at = stop
            continue
        if opening[0] == "{{":
            piece = _delimited(TOKEN_OUTPUT, template, at, _end_of_output(template, at))
        else:
            close = template.find("%}", at + 1)
            if close < 0:
                raise fault_at(template, at, end, "the tag is not closed", "write %} behind it")
            piece = _delimited(TOKEN_TAG, template, at, close + 2)
            piece = piece._replace(name=_tag_name(Scanner(template, *piece.content)))
        yield piece
        at = piece.end
        if piece.name == "raw":
            text, ending = _raw(template, piece.start, at)
            yield from (text, ending)
            at = ending.end


def _end_of_output(template: str, start: int) -> int:
    """Return the end of an output, which may hold `}}` in quotes."""
    scanner = Scanner(template, start, len(template))
    while not scanner.is_at_end():
        if scanner.peek() in {'"', "'"}:
            scanner.skip_quoted()
            continue
        scanner.at += 1
        if template.endswith("}}", start, scanner.at):
            return scanner.at
    raise fault_at(template, start, len(template), "the output is not closed", "write }} behind it")


def _raw(template: str, opening: int, start: int) -> tuple[_Piece, _Piece]:
    """Return what stands behind a tag `raw` as text, and its `endraw`."""
    found = _endraw(template, start)
    if found is None:
        raise fault_at(template, opening, len(template), "raw is not closed", "write {% endraw %}")
    text = _Piece(TOKEN_CONTENT, start, found[0], (start, found[0]))
    return text, _delimited(TOKEN_TAG, template, *found)._replace(name="endraw")


def _endraw(template: str, start: int) -> tuple[int, int] | None:
    """Return the place of the tag `endraw`, which has no dash before its name."""
    for found in _ENDRAW.finditer(template, start):
        close = template.find("%}", found.end())
        if close >= 0 and "{%" not in template[found.end() : close]:
            return found.start(), close + 2
    return None


def _trimmed(pieces: list[_Piece], template: str) -> list[_Piece]:
    """Return the pieces, from whose texts white space is taken off beside dashes."""
    is_raw = False
    for index, piece in enumerate(pieces):
        if piece.kind == TOKEN_CONTENT:
            continue
        if piece.trims_before and not is_raw and index:
            _trim(pieces, index - 1, template, at_end=True)
        is_raw = piece.name == "raw" or (is_raw and piece.name != "endraw")
        if piece.trims_after and not is_raw and index + 1 < len(pieces):
            _trim(pieces, index + 1, template, at_end=False)
    return pieces


def _trim(pieces: list[_Piece], index: int, template: str, *, at_end: bool) -> None:
    piece = pieces[index]
    if piece.kind != TOKEN_CONTENT:
        return
    first, last = piece.content
    content = template[first:last]
    if at_end:
        last -= len(content) - len(content.rstrip(BLANK))
    else:
        first += len(content) - len(content.lstrip(BLANK))
    pieces[index] = piece._replace(content=(first, max(first, last)))
