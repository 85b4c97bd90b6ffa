"""Reading goes on exactly where it stopped, or it is told that the input is not what it was."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import UsageError
from listrak_sync.input import blocks
from listrak_sync.input.checkpoints import (
    Checkpoint,
    checkpoint_after,
    checkpoint_in,
    last_line,
    read_from,
)
from listrak_sync.input.ranges import UnreadUnit
from listrak_sync.input.sources import InputFormat, RowOptions, Source, expand
from listrak_sync.input.units import Block, UnreadableLine
from tests.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Read = list[tuple[int, int, bytes]]
"""Source, line and content of each line that was read."""

LINES = st.lists(st.binary(max_size=4).filter(lambda line: b"\n" not in line), max_size=8)


START = Checkpoint()


def read(inputs: Sequence[Source], start: Checkpoint = START) -> tuple[Read, list[Checkpoint]]:
    """Return what is read from a position on, and the position after each line of it."""
    found: Read = []
    positions: list[Checkpoint] = []
    for unit in read_from(inputs, start):
        assert not isinstance(unit, UnreadUnit)
        lines = (
            [line.removesuffix(b"\n") for line in unit.lines]
            if isinstance(unit, Block)
            else [unit.beginning]
        )
        first = last_line(unit) - len(lines) + 1
        for number, line in enumerate(lines, first):
            found.append((unit.source, number, line))
            positions.append(checkpoint_in(unit, number, ()))
    return found, positions


def write(path: Path, lines: list[bytes], *, ended: bool = True) -> None:
    """Write lines to a file, the last one with its newline or without."""
    path.write_bytes(b"\n".join(lines) + (b"\n" if ended and lines else b""))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file of nine lines."""
    path = tmp_path / "e.ndjson"
    write(path, [b"line %d" % number for number in range(1, 10)])
    return path


@given(st.lists(st.tuples(LINES, st.booleans()), min_size=1, max_size=3), st.data())
def test_from_any_position(files: list[tuple[list[bytes], bool]], data: st.DataObject) -> None:
    """From any position follows exactly what followed it before, numbered as before."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{index}.ndjson" for index in range(len(files))]
        for path, (lines, ended) in zip(paths, files, strict=True):
            write(path, lines, ended=ended)
        inputs = expand(map(str, paths), RowOptions(format=InputFormat.ndjson))
        whole, positions = read(inputs)
        index = data.draw(st.integers(0, len(whole)))
        start = positions[index - 1] if index else Checkpoint()
        assert read(inputs, start)[0] == whole[index:]


@pytest.mark.parametrize("compressed", [False, True])
def test_across_blocks(tmp_path: Path, *, compressed: bool) -> None:
    """A position in any block is found again, in a compressed file as well."""
    path = tmp_path / "e.ndjson"
    text = b"".join(b"%d %s\n" % (number, b"x" * 1000) for number in range(2500))
    path.write_bytes(gzip.compress(text, 1) if compressed else text)
    inputs = expand([str(path)])
    whole, positions = read(inputs)
    assert len(list(read_from(inputs, Checkpoint()))) > 1
    for index in (1, 1047, 1048, 1049, 2499, 2500):
        assert read(inputs, positions[index - 1])[0] == whole[index:]


def test_done(file: Path) -> None:
    """Where all is read, nothing is read again: the file need not be there any more."""
    inputs = expand([str(file)])
    file.unlink()
    assert read(inputs, Checkpoint(done=True)) == ([], [])


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (1, b""),
        (5, b"line 1\nline 2\nline 3\nline 4\n"),
        (5, b"line 1\nline 2\nline 3\nline 4\nline"),
    ],
)
def test_truncated(file: Path, line: int, kept: bytes) -> None:
    """A file that ends before the position, or within its line, is refused."""
    inputs = expand([str(file)])
    _, positions = read(inputs)
    file.write_bytes(kept)
    with pytest.raises(UsageError, match=f"changed since the run: line {line} is not") as caught:
        read(inputs, positions[line - 1])
    assert str(file) in caught.value.message
    assert "push it again" in caught.value.hint


def test_changed(file: Path) -> None:
    """Where another line stands at the position, nothing of the file is read on."""
    inputs = expand([str(file)])
    _, positions = read(inputs)
    write(file, [b"new line", *file.read_bytes().splitlines()])
    read_on: Iterator[object] = read_from(inputs, positions[3])
    with pytest.raises(UsageError, match="changed since the run: line 4 is not"):
        next(read_on)


def test_appended(file: Path) -> None:
    """What has been appended since is read."""
    inputs = expand([str(file)])
    whole, positions = read(inputs)
    with file.open("ab") as stream:
        stream.write(b"line 10\n")
    assert read(inputs, positions[5])[0] == [*whole[6:], (0, 10, b"line 10")]


def test_a_shorter_file_before_another(tmp_path: Path, file: Path) -> None:
    """A file that was cut off is told before the next file is read."""
    later = tmp_path / "later.ndjson"
    write(later, [b"x"] * 20)
    inputs = expand([str(file), str(later)])
    _, positions = read(inputs)
    write(file, [b"line 1"])
    with pytest.raises(UsageError, match=str(file)):
        next(read_from(inputs, positions[4]))


def test_files_before_are_not_read(tmp_path: Path, file: Path) -> None:
    """Files before the position's are not looked at, whatever became of them."""
    later = tmp_path / "later.ndjson"
    write(later, [b"a", b"b"])
    inputs = expand([str(file), str(later)])
    _, positions = read(inputs)
    file.unlink()
    assert read(inputs, positions[9])[0] == [(1, 2, b"b")]


def test_long_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long is passed over once, and found again by its beginning."""
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1 << 20)
    path = tmp_path / "e.ndjson"
    write(path, [b"a", b"x" * (3 << 20), b"b"])
    inputs = expand([str(path)])
    units = list(read_from(inputs, Checkpoint()))
    (long,) = (unit for unit in units if isinstance(unit, UnreadableLine))
    assert read(inputs, checkpoint_after(long))[0] == [(0, 3, b"b")]


def test_broken_files(tmp_path: Path) -> None:
    """A file that cannot be read on is told once: from there, the next file follows."""
    path, later = tmp_path / "e.gz", tmp_path / "later"
    lines = b"".join(b"line %d\n" % number for number in range(100_000))
    path.write_bytes(gzip.compress(lines)[:-3000])
    write(later, [b"later"])
    inputs = expand([str(path), str(later)])
    (broken,) = (one for one in read_from(inputs, Checkpoint()) if isinstance(one, UnreadableLine))
    assert read(inputs, checkpoint_after(broken))[0] == [(1, 1, b"later")]
    follows = list(
        read_from(
            inputs, Checkpoint(0, 1, checkpoint_after(Block("", 1, lines_of(b"line 0\n"))).checksum)
        )
    )
    assert any(isinstance(unit, UnreadableLine) for unit in follows)
