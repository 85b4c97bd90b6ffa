"""How far the input is read, so that a later run can carry on from there."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import assert_never

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.input.blocks import read
from listrak_sync.input.ranges import (
    ByteRange,
    CompressedFile,
    InputUnit,
    WholeObject,
    read_units,
)
from listrak_sync.input.sources import Source
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything up to a line of one of the sources (by index) is read.

    `checksum` is the CRC-32 of that line, or of the line `checked` before it; `done` says that
    there is no more input. `rejects` counts what was rejected up to there.
    """

    source: int = 0
    line: int = 0
    checksum: int = 0
    done: bool = False
    checked: int | None = None
    rejects: int = 0

    @property
    def checked_line(self) -> int:
        """Return the number of the line that has the checksum."""
        return self.line if self.checked is None else self.checked


def last_line(unit: ReadUnit) -> int:
    """Return the number of a unit's last line."""
    match unit:
        case Block():
            return unit.last_line
        case UnreadableLine(line=line):
            return line
        case _:
            assert_never(unit)


def checkpoint_after(unit: ReadUnit) -> Checkpoint:
    """Return the checkpoint after a unit."""
    line = last_line(unit)
    return Checkpoint(unit.source, line, _checksum(unit, line))


def first_checkpoint(unit: ReadUnit) -> Checkpoint:
    """Return the checkpoint after the first line of a unit."""
    line = unit.first_line if isinstance(unit, Block) else unit.line
    return Checkpoint(unit.source, line, _checksum(unit, line))


@dataclass(frozen=True, slots=True)
class ReadPoint:
    """How far a unit is used, as a line of it; `known` are checkpoints in it, by line.

    Most runs need no checkpoint in the middle of a unit, and a byte range is read again to find
    one. So it is computed only for a journal.
    """

    unit: InputUnit
    line: int
    known: Sequence[Checkpoint]

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint after the line."""
        for each in self.known:
            if each.line == self.line:
                return each
        return checkpoint_in(self.unit, self.line, self.known)


def checkpoint_in(unit: InputUnit, line: int, known: Sequence[Checkpoint]) -> Checkpoint:
    """Return the checkpoint after a line of a unit; `known` are some in it, the first up to it.

    A compressed file or an object is not read again for it: there, the last line that is known is
    checked.
    """
    match unit:
        case CompressedFile(source=source) | WholeObject(source=source):
            last = max((each for each in known if each.line <= line), key=attrgetter("line"))
            return Checkpoint(source, line, last.checksum, checked=last.line)
        case ByteRange(source=source):
            for read_unit in unit.read():
                if last_line(read_unit) >= line:
                    return checkpoint_in(read_unit, line, known)
            return Checkpoint(source, line)  # the file was cut off meanwhile
        case _:
            return Checkpoint(unit.source, line, _checksum(unit, line))


def read_from(
    sources: Sequence[Source], start: Checkpoint, *, in_units: bool = False
) -> Iterator[InputUnit]:
    """Yield what follows a checkpoint, numbered as before; large files as unread units if wanted.

    Raises UsageError where the input is not what it was: it ends before the checkpoint, or
    another line stands there.
    """
    if start.done:
        return
    following = start.source
    if start.line:
        yield from _rest_of(sources[start.source], start)
        following += 1
    reading = read_units if in_units else read
    yield from reading(sources[following:], first_source=following)


def _rest_of(source: Source, start: Checkpoint) -> Iterator[ReadUnit]:
    """Yield what follows a checkpoint in its own source. Raises UsageError as `read_from` does."""
    checked, last = False, 0
    for unit in read((source,), first_source=start.source):
        last = last_line(unit)
        if not checked and last >= start.checked_line:
            if _checksum(unit, start.checked_line) != start.checksum:
                raise _changed(source, start)
            checked = True
        if last <= start.line:
            continue
        if isinstance(unit, Block) and unit.first_line <= start.line:
            lines = unit.lines[start.line + 1 - unit.first_line :]
            yield replace(unit, first_line=start.line + 1, lines=lines)
        else:
            yield unit
    if last < start.line:
        raise _changed(source, start)


def _checksum(unit: ReadUnit, line: int) -> int:
    """Return the CRC-32 of a line of a unit."""
    match unit:
        case Block():
            index = line - unit.first_line
            return zlib.crc32(b"".join(unit.lines[index : index + 1]).removesuffix(b"\n"))
        case UnreadableLine(beginning=beginning):
            return zlib.crc32(beginning)
        case _:
            assert_never(unit)


def _changed(source: Source, start: Checkpoint) -> UsageError:
    hint = (
        "Put the file back as it was and resume again, or push it again: values converge, so\n"
        "sending twice does no harm."
    )
    message = f"{source.name}: changed since the run: line {start.line} is not what it was"
    return UsageError(message, hint)
