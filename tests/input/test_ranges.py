"""Large files are read in unread units that together are the whole."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from listrak_sync.input import ranges
from listrak_sync.input.checkpoints import Checkpoint, checkpoint_after, checkpoint_in
from listrak_sync.input.ranges import ByteRange, CompressedFile, UnreadUnit, read_units
from listrak_sync.input.sources import Source, expand
from listrak_sync.input.units import Block, UnreadableLine

BOM = b"\xef\xbb\xbf"


@pytest.fixture(autouse=True)
def _small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make files of a few hundred bytes large."""
    monkeypatch.setattr(ranges, "RANGE_BYTES", 100)
    monkeypatch.setattr(ranges, "LARGE_BYTES", 200)
    monkeypatch.setattr(ranges, "LARGE_COMPRESSED_BYTES", 200)


def _of(sources: tuple[Source, ...], kind: type[UnreadUnit]) -> list[UnreadUnit]:
    return [unit for unit in read_units(sources) if isinstance(unit, kind)]


def _lines(unit: UnreadUnit) -> list[bytes]:
    blocks = list(unit.read())
    assert all(isinstance(block, Block) for block in blocks)
    return [line for block in blocks if isinstance(block, Block) for line in block.lines]


@pytest.mark.parametrize("bom", [b"", BOM])
@pytest.mark.parametrize("end", [b"", b"\n", b"no newline", b"\n\n\n", b"x" * 500])
def test_byte_ranges(tmp_path: Path, bom: bytes, end: bytes) -> None:
    """Byte ranges end where lines do, and hold all of them; a byte-order mark is in none."""
    path = tmp_path / "events"
    text = b"".join(b"line %d\n" % number for number in range(99)) + end
    path.write_bytes(bom + text)
    found = _of(expand([str(path)]), ByteRange)
    assert len(found) > 5
    assert b"".join(line for each in found for line in _lines(each)) == text
    assert all(_lines(each)[-1].endswith(b"\n") for each in found[:-1])


def test_shorter_byte_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte range is at most an eighth of what is left, but at least a block."""
    monkeypatch.setattr(ranges, "BLOCK_BYTES", 30)
    path = tmp_path / "events"
    path.write_bytes(b"a line.\n" * 200)
    found = [each for each in _of(expand([str(path)]), ByteRange) if isinstance(each, ByteRange)]
    lengths = [each.end - each.start for each in found[:-1]]
    assert lengths == sorted(lengths, reverse=True)
    assert {lengths[0], lengths[-1]} == {104, 32}
    assert all(each.end - each.start <= (1600 - each.start) // 8 + 8 for each in found[:-7])


def test_numbers(tmp_path: Path) -> None:
    """Only the first byte range knows its lines' numbers."""
    path = tmp_path / "events"
    path.write_bytes(b"a line\n" * 99)
    first, *others = _of(expand([str(path)]), ByteRange)
    assert isinstance(first, ByteRange)
    assert first.lines_before == 0
    assert {each.lines_before for each in others if isinstance(each, ByteRange)} == {None}
    numbered = ByteRange(first.file, first.open_file, first.start, first.end, 7)
    (block,) = numbered.read()
    assert isinstance(block, Block)
    assert (block.first_line, checkpoint_after(block)) == (
        8,
        checkpoint_in(numbered, block.last_line, ()),
    )


@pytest.mark.parametrize("compressed", [False, True])
def test_small(tmp_path: Path, *, compressed: bool) -> None:
    """Small files are read at once."""
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(b"a line\n" * 9) if compressed else b"a line\n" * 9)
    sources = expand([str(path), str(path)])
    assert [type(unit) for unit in read_units(sources)] == [Block, Block]


def test_compressed(tmp_path: Path) -> None:
    """A compressed file is one unread unit where it is one of several; alone it is read at once."""
    path = tmp_path / "events"
    lines = [os.urandom(9).hex().encode() + b"\n" for _ in range(99)]
    path.write_bytes(gzip.compress(b"".join(lines)))
    first, second = _of(expand([str(path), str(path)]), CompressedFile)
    assert (first.source, second.source) == (0, 1)
    assert _lines(second) == lines
    (block,) = read_units(expand([str(path)]))
    assert isinstance(block, Block)


def test_grown_meanwhile(tmp_path: Path) -> None:
    """Of a file that grows, no line is torn but the last of those that were there."""
    path = tmp_path / "events"
    text = b"a line\n" * 99 + b"half a li"
    path.write_bytes(text)
    found = []
    for unit in read_units(expand([str(path)])):
        assert isinstance(unit, ByteRange)
        found += _lines(unit)
        if found[-1] == b"half a li":
            with path.open("ab") as file:
                file.write(b"ne\nmore\n" * 99)
    assert b"".join(found) == text


def test_cut_off_meanwhile(tmp_path: Path) -> None:
    """A file that ends within a byte range is unreadable there; a checkpoint in it is kept."""
    path = tmp_path / "events"
    path.write_bytes(b"a line\n" * 99)
    *_, last = _of(expand([str(path)]), ByteRange)
    os.truncate(path, 10)
    (broken,) = last.read()
    assert isinstance(broken, UnreadableLine)
    assert checkpoint_in(last, 98, ()) == Checkpoint(0, 98)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder, or a file that is gone, is an unreadable line."""
    sources = (Source(str(tmp_path / "gone")), Source(str(tmp_path)))
    assert [type(unit) for unit in read_units(sources)] == [UnreadableLine, UnreadableLine]


def test_place_in_a_compressed_file(tmp_path: Path) -> None:
    """Within a compressed file the last known line is checked."""
    unit = CompressedFile("f", str(tmp_path / "f"), (0, 0), 1)
    known = [Checkpoint(1, 40, 99), Checkpoint(1, 60, 98)]
    within = checkpoint_in(unit, 50, known)
    assert (within.source, within.line, within.checksum, within.checked_line) == (1, 50, 99, 40)
    assert checkpoint_in(unit, 60, known) == Checkpoint(1, 60, 98, checked=60)


@pytest.mark.parametrize("left", [0, 7, 350, 353])
@pytest.mark.parametrize("large", [True, False])
def test_a_file_that_becomes_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, *, large: bool
) -> None:
    """A file that is cut off after it was named is unreadable from there on, never just shorter."""
    if not large:
        monkeypatch.setattr(ranges, "LARGE_BYTES", 10_000)
    path = tmp_path / "events"
    path.write_bytes(b"a line\n" * 99)
    sources = expand([str(path)])
    units = list(read_units(sources)) if large else read_units(sources)
    os.truncate(path, left)
    read = [
        each
        for unit in units
        for each in (unit.read() if isinstance(unit, UnreadUnit) else (unit,))
    ]
    whole = [line for each in read if isinstance(each, Block) for line in each.lines]
    assert b"".join(whole) == (b"a line\n" * 99)[:left]
    assert isinstance(read[-1], UnreadableLine)
    assert "shorter" in read[-1].detail
