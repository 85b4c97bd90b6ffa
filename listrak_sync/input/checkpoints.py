"""How far an input is read, so that a later run can carry on from there."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import assert_never

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.input.blocks import Block, BrokenFile, LongLine, ReadUnit, read
from listrak_sync.input.ranges import ByteRange, CompressedFile, InputUnit, read_units
from listrak_sync.input.sources import Source


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything up to a line of one of the sources (by index) is read.

    `checksum` is the CRC-32 of that line, or of the line `checked` before it; `done` says that
    there is no more input.
    """

    source: int = 0
    line: int = 0
    checksum: int = 0
    done: bool = False
    checked: int | None = None

    @property
    def checked_line(self) -> int:
        """Return the number of the line that has the checksum."""
        return self.line if self.checked is None else self.checked


def last_line(piece: ReadUnit) -> int:
    """Return the number of a piece's last line."""
    match piece:
        case Block():
            return piece.last_line
        case LongLine(line=line) | BrokenFile(line=line):
            return line
        case _:
            assert_never(piece)


def checkpoint_after(piece: ReadUnit) -> Checkpoint:
    """Return the position after a piece."""
    line = last_line(piece)
    return Checkpoint(piece.source, line, _checksum(piece, line))


def first_checkpoint(piece: ReadUnit) -> Checkpoint:
    """Return the position after the first line of a piece."""
    line = piece.first_line if isinstance(piece, Block) else piece.line
    return Checkpoint(piece.source, line, _checksum(piece, line))


def checkpoint_in(part: InputUnit, line: int, known: Sequence[Checkpoint]) -> Checkpoint:
    """Return the position after a line of a part; `known` are some in it, the first up to it.

    A compressed file is not read anew for it: there, the last line that is known is checked.
    """
    match part:
        case CompressedFile(source=source):
            last = max((each for each in known if each.line <= line), key=attrgetter("line"))
            return Checkpoint(source, line, last.checksum, checked=last.line)
        case ByteRange(source=source):
            for piece in part.pieces():
                if last_line(piece) >= line:
                    return checkpoint_in(piece, line, known)
            return Checkpoint(source, line)  # cut off meanwhile
        case _:
            return Checkpoint(part.source, line, _checksum(part, line))


def read_from(
    sources: Sequence[Source], start: Checkpoint, *, in_portions: bool = False
) -> Iterator[InputUnit]:
    """Yield what follows a position, numbered as before; what is large in portions if wanted.

    Raises UsageError where the input is not what it was: it ends before the position, or
    another line stands there.
    """
    if start.done:
        return
    following = start.source
    if start.line:
        yield from _rest_of(sources[start.source], start)
        following += 1
    reading = read_units if in_portions else read
    yield from reading(sources[following:], first_source=following)


def _rest_of(source: Source, start: Checkpoint) -> Iterator[ReadUnit]:
    """Yield what follows a position in its own source. Raises UsageError as `read_from` does."""
    checked, last = False, 0
    for piece in read((source,), first_source=start.source):
        last = last_line(piece)
        if not checked and last >= start.checked_line:
            if _checksum(piece, start.checked_line) != start.checksum:
                raise _changed(source, start)
            checked = True
        if last <= start.line:
            continue
        if isinstance(piece, Block) and piece.first_line <= start.line:
            lines = piece.lines[start.line + 1 - piece.first_line :]
            yield Block(piece.file, start.line + 1, lines, piece.position, piece.source)
        else:
            yield piece
    if last < start.line:
        raise _changed(source, start)


def _checksum(piece: ReadUnit, line: int) -> int:
    """Return the CRC-32 of what stands on a line of a piece."""
    match piece:
        case Block():
            index = line - piece.first_line
            return zlib.crc32(b"".join(piece.lines[index : index + 1]).removesuffix(b"\n"))
        case LongLine(beginning=beginning) | BrokenFile(beginning=beginning):
            return zlib.crc32(beginning)
        case _:
            assert_never(piece)


def _changed(source: Source, start: Checkpoint) -> UsageError:
    hint = (
        "Put the file back as it was and resume again, or push it anew: values converge, so\n"
        "sending twice does no harm."
    )
    message = f"{source.name}: changed since the run: line {start.line} is not what it was"
    return UsageError(message, hint)
