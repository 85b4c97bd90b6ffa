"""How far an input is read, so that a later run can carry on from there."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import assert_never

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.events.blocks import Block, BrokenFile, LongLine, Piece, read
from listrak_sync.events.sources import Source


class Position(msgspec.Struct, frozen=True):
    """Everything up to a line of one of the sources (by index) is read.

    `checksum` is the CRC-32 of that line; `done` says that there is no more input.
    """

    source: int = 0
    line: int = 0
    checksum: int = 0
    done: bool = False


def last_line(piece: Piece) -> int:
    """Return the number of a piece's last line."""
    match piece:
        case Block():
            return piece.last_line
        case LongLine(line=line) | BrokenFile(line=line):
            return line
        case _:
            assert_never(piece)


def position_in(piece: Piece, line: int) -> Position:
    """Return the position after a line of a piece."""
    return Position(piece.source, line, zlib.crc32(_content(piece, line)))


def read_from(sources: Sequence[Source], start: Position) -> Iterator[Piece]:
    """Yield what follows a position, numbered as before.

    Raises UsageError where the input is not what it was: it ends before the position, or
    another line stands there.
    """
    if start.done:
        return
    pieces = read(sources[start.source :], first_source=start.source)
    found = start.line == 0
    for piece in pieces:
        if piece.source > start.source or (found and _first_line(piece) > start.line):
            if not found:
                raise _changed(sources[start.source], start)
            yield piece
        elif last_line(piece) >= start.line:
            if zlib.crc32(_content(piece, start.line)) != start.checksum:
                raise _changed(sources[start.source], start)
            found = True
            if isinstance(piece, Block) and last_line(piece) > start.line:
                rest = b"".join(piece.lines()[start.line + 1 - piece.first_line :])
                yield Block(piece.file, start.line + 1, rest, piece.position, piece.source)
    if not found:
        raise _changed(sources[start.source], start)


def _first_line(piece: Piece) -> int:
    return piece.first_line if isinstance(piece, Block) else piece.line


def _content(piece: Piece, line: int) -> bytes:
    """Return what stands on a line of a piece."""
    if isinstance(piece, Block):
        return piece.lines()[line - piece.first_line].removesuffix(b"\n")
    return piece.beginning


def _changed(source: Source, start: Position) -> UsageError:
    hint = (
        "Put the file back as it was and resume again, or push it anew: values converge, so\n"
        "sending twice does no harm."
    )
    message = f"{source.name}: changed since the run: line {start.line} is not what it was"
    return UsageError(message, hint)
