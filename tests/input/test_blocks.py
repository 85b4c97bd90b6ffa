"""Files and pipes become numbered lines, compressed or not, whole or damaged."""

from __future__ import annotations

import bz2
import gzip
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.input import blocks
from listrak_sync.input.blocks import read
from listrak_sync.input.compression import UNREADABLE, Reader, decompressed
from listrak_sync.input.sources import InputFormat, RowOptions, Source, expand
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.reasons import Reason
from tests.lines import lines_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def length_of(line: UnreadableLine) -> int:
    """Return the length that is told of a line that is too long."""
    assert line.reason is Reason.LINE_TOO_LONG
    return int(line.detail.split()[0])


ANY = RowOptions(format=InputFormat.ndjson)
"""Takes whatever is in a file for lines."""

Compress = Callable[[bytes], bytes]
Numbered = list[tuple[int, bytes]]

BOM = b"\xef\xbb\xbf"
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
"""A zstd frame that holds no data."""


def _plain(data: bytes) -> bytes:
    return data


COMPRESSIONS = [
    pytest.param(_plain, id="plain"),
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(bz2.compress, id="bzip2"),
    pytest.param(zstd.compress, id="zstd"),
]
DAMAGED = COMPRESSIONS[1:]


def _lines(units: Iterator[ReadUnit]) -> Numbered:
    """Return the lines of blocks with their numbers; a last one without newline as it is."""
    found: Numbered = []
    for unit in units:
        assert isinstance(unit, Block)
        lines = [line.removesuffix(b"\n") for line in unit.lines]
        found += enumerate(lines, unit.first_line)
    return found


def _numbered(data: bytes) -> Numbered:
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return list(enumerate(lines, 1))


def _read(file: Path, block_bytes: int = blocks.BLOCK_BYTES) -> list[ReadUnit]:
    return list(read([Source(str(file), rows=ANY)], block_bytes))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where a file may be."""
    return tmp_path / "events"


@pytest.mark.parametrize("compress", COMPRESSIONS)
@pytest.mark.parametrize("name", ["events.json", "events.gz", "events.zst", "events.bz2"])
def test_first_bytes(tmp_path: Path, name: str, compress: Compress) -> None:
    """The first bytes say how a file is compressed, whatever its name says."""
    path = tmp_path / name
    data = b'{"a":1}\n' * 40_000 + b'{"b":2}'
    path.write_bytes(compress(data))
    assert _lines(read([Source(str(path))])) == _numbered(data)


@pytest.mark.parametrize("compress", DAMAGED)
def test_members(file: Path, compress: Compress) -> None:
    """Concatenated compressed files are one file; a member's end does not end a line."""
    file.write_bytes(compress(b"a\nb") + compress(b"") + compress(b"c\nd\n"))
    assert _lines(read([Source(str(file))])) == [(1, b"a"), (2, b"bc"), (3, b"d")]


def test_skippable_frame(file: Path) -> None:
    """A zstd file may begin with a frame to be passed over."""
    file.write_bytes(SKIPPABLE + zstd.compress(b"a\n"))
    assert _lines(read([Source(str(file))])) == [(1, b"a")]


@pytest.mark.parametrize("compress", DAMAGED)
def test_cut_off(file: Path, compress: Compress) -> None:
    """A file that is cut off gives the lines before the cut, then the place where it ends."""
    data = b"".join(b"%032x\n" % (number * 0x9E3779B97F4A7C15 % 2**128) for number in range(60_000))
    whole = compress(data)
    file.write_bytes(whole[: len(whole) * 3 // 4])
    *blocks, last = _read(file)
    assert isinstance(last, UnreadableLine)
    assert last.detail == "the compressed data is cut off"
    lines = _lines(iter(blocks))
    assert 20_000 < len(lines) < 60_000
    assert lines == _numbered(data)[: len(lines)]
    assert last.line == len(lines) + 1
    assert (b"%b\n" % data.split(b"\n")[len(lines)]).startswith(last.beginning)


@pytest.mark.parametrize("compress", DAMAGED)
def test_damaged(file: Path, compress: Compress) -> None:
    """A damaged file ends in its problem and the line where it is; the next file is read."""
    second = file.with_name("second")
    second.write_bytes(b"fine\n")
    whole = bytearray(compress(bytes(range(97, 123)) * 100))
    whole[10:40] = b"\xff" * 30
    file.write_bytes(whole)
    *_, broken, after = read([Source(str(file)), Source(str(second))])
    assert isinstance(broken, UnreadableLine)
    assert (broken.file, broken.line) == (str(file), 1)
    assert broken.detail.startswith("the compressed data is damaged: ")
    assert isinstance(after, Block)
    assert (after.file, after.first_line, after.lines) == (str(second), 1, [b"fine\n"])


@pytest.mark.parametrize("compress", DAMAGED)
def test_trailing_garbage(file: Path, compress: Compress) -> None:
    """What follows a stream and is neither padding nor a stream is told, after the lines before."""
    file.write_bytes(compress(b"a\nb\n") + b"garbage")
    block, broken = _read(file)
    assert isinstance(block, Block)
    assert block.lines == [b"a\n", b"b\n"]
    assert isinstance(broken, UnreadableLine)
    assert (broken.line, broken.beginning) == (3, b"")


def _checked_zstd(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, _checked_zstd])
def test_damaged_later_stream(file: Path, compress: Compress) -> None:
    """A bit that flips in a later stream never makes it the end of the file."""
    first, second = compress(b"first\n"), compress(b"second\n")
    for bit in range(len(second) * 8):
        damaged = bytearray(second)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(first + damaged)
        *blocks, last = _read(file)
        assert isinstance(last, UnreadableLine) or _lines(iter((*blocks, last))) == [
            (1, b"first"),
            (2, b"second"),
        ]


@pytest.mark.parametrize("compress", DAMAGED)
def test_cut_off_later_stream(file: Path, compress: Compress) -> None:
    """A later stream that is cut off at any byte is told."""
    first, second = compress(b"first\n"), compress(b"second\n")
    for length in range(1, len(second)):
        file.write_bytes(first + second[:length])
        *blocks, broken = _read(file)
        assert (1, b"first") in _lines(iter(blocks))
        assert isinstance(broken, UnreadableLine)


@pytest.mark.parametrize("compress", DAMAGED)
def test_padding(file: Path, compress: Compress) -> None:
    """Zeros between streams and after the last one are padding."""
    file.write_bytes(compress(b"a\n") + bytes(9) + compress(b"b\n") + bytes(200_000))
    assert _lines(iter(_read(file))) == [(1, b"a"), (2, b"b")]


def test_gone(file: Path) -> None:
    """A file that vanished since it was named is a broken one, and the next is read."""
    other = file.with_name("other")
    other.write_bytes(b"x\n")
    broken, block = read([Source(str(file)), Source(str(other))])
    assert broken == UnreadableLine(
        str(file), 1, b"", Reason.UNREADABLE_FILE, "No such file or directory"
    )
    assert isinstance(block, Block)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [(1, b"")]),
        (b"a", [(1, b"a")]),
        (b"a\n", [(1, b"a")]),
        (b"a\r\nb\r\n", [(1, b"a\r"), (2, b"b\r")]),
        (b"\n\na\n\n", [(1, b""), (2, b""), (3, b"a"), (4, b"")]),
        (BOM, []),
        (BOM + b"a\nb\n", [(1, b"a"), (2, b"b")]),
        (BOM + b"\n", [(1, b"")]),
        (BOM + BOM + b"a\n", [(1, BOM + b"a")]),
        (b"a\n" + BOM + b"b\n", [(1, b"a"), (2, BOM + b"b")]),
        (BOM[:2], [(1, BOM[:2])]),
        (b"\x1f\n", [(1, b"\x1f")]),
        (b"BZ\n", [(1, b"BZ")]),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 4, 1000])
def test_lines(file: Path, data: bytes, lines: Numbered, block_bytes: int) -> None:
    """Lines are numbered from 1; one byte-order mark at the start is taken off."""
    file.write_bytes(data)
    assert _lines(read([Source(str(file))], block_bytes)) == lines


@pytest.mark.parametrize("compress", DAMAGED)
def test_lone_mark(file: Path, compress: Compress) -> None:
    """A byte-order mark in a member of its own is taken off, and what follows it is read."""
    file.write_bytes(compress(BOM) + compress(b"a\n"))
    assert _lines(read([Source(str(file))])) == [(1, b"a")]


@given(
    data=st.lists(
        st.sampled_from([b"\n", b"\r\n", b"a", b"\0", b"\xff", b'{"a":1}', b"x" * 30])
    ).map(b"".join),
    block_bytes=st.integers(1, 50),
)
def test_any_blocks(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block_bytes: int
) -> None:
    """However a file is cut into blocks, its lines and their numbers are the same."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    units = _read(path, block_bytes)
    assert _lines(iter(units)) == _numbered(data)
    assert b"".join(b"".join(unit.lines) for unit in units if isinstance(unit, Block)) == data
    assert all(isinstance(unit, Block) and unit.lines[-1].endswith(b"\n") for unit in units[:-1])


@given(
    lengths=st.lists(st.integers(0, 120), max_size=8),
    last=st.booleans(),
    block_bytes=st.integers(1, 50),
)
def test_long_lines(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    last: bool,  # noqa: FBT001
    block_bytes: int,
) -> None:
    """A line is passed over when it is longer than the limit, wherever the blocks end."""
    path = tmp_path_factory.getbasetemp() / "long"
    lines = [bytes([97 + index]) * length for index, length in enumerate(lengths)]
    path.write_bytes(b"\n".join(lines) + (b"\n" if last and lines else b""))
    found: Numbered = []
    long: dict[int, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "MAX_LINE_BYTES", 50)
        for unit in _read(path, block_bytes):
            if isinstance(unit, UnreadableLine):
                long[unit.line] = length_of(unit)
                assert 0 < len(unit.beginning) <= length_of(unit)
                assert lines[unit.line - 1].startswith(unit.beginning)
            else:
                found += _lines(iter([unit]))
    if lines and not lines[-1] and not last:
        lines.pop()
    assert long == {n: len(line) for n, line in enumerate(lines, 1) if len(line) > 50}
    assert found == [(n, line) for n, line in enumerate(lines, 1) if len(line) <= 50]


def test_seventeen_megabytes(file: Path) -> None:
    """The limit is 16 MiB: a longer line is told by its first kilobyte and length."""
    limit = blocks.MAX_LINE_BYTES
    file.write_bytes(b"a\n%b\nb\n%b\nc" % (b"x" * 17_000_000, b"y" * limit))
    units = _read(file)
    (long,) = (unit for unit in units if isinstance(unit, UnreadableLine))
    assert (long.line, length_of(long), long.beginning) == (2, 17_000_000, b"x" * 1000)
    lines = _lines(unit for unit in units if isinstance(unit, Block))
    assert lines == [(1, b"a"), (3, b"b"), (4, b"y" * limit), (5, b"c")]


def test_cut_off_in_long_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cut off in a line that is passed over ends at that line."""
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 100)
    whole = gzip.compress(b"a\n" + os.urandom(100_000).replace(b"\n", b""))
    file.write_bytes(whole[:50_000])
    *_, broken = _read(file, 64)
    assert isinstance(broken, UnreadableLine)
    assert (broken.line, len(broken.beginning) <= 1000) == (2, True)


def test_position(file: Path) -> None:
    """The position only grows, and ends at the file's size as it lies on disk."""
    file.write_bytes(gzip.compress(os.urandom(300_000).hex().encode() + b"\n" * 100_000))
    positions = [unit.position for unit in _read(file, 50_000)]
    assert all(one <= other for one, other in pairwise(positions))
    assert positions[-1] == file.stat().st_size


def _write(descriptor: int, parts: list[bytes]) -> threading.Thread:
    def write() -> None:
        with os.fdopen(descriptor, "wb", buffering=0) as pipe:
            for part in parts:
                pipe.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, compress: Compress) -> None:
    """Standard input is read as it comes, compressed or not, and left open."""
    data = BOM + b'{"a":1}\n' * 30_000 + b"last"
    sent = compress(data)
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        thread = _write(writing, [sent[:1], sent[1:3], sent[3:]])
        assert _lines(read(expand([]))) == _numbered(data.removeprefix(BOM))
        thread.join()
        assert os.fstat(reading)


def test_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a pipe that goes on is given out before the next one comes."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        units = read([Source("-")])
        os.write(writing, b"one\n")
        assert next(units) == Block("-", 1, lines_of(b"one\n"))
        os.write(writing, b"tw")
        os.write(writing, b"o\nthree")
        assert next(units) == Block("-", 2, lines_of(b"two\n"))
        os.close(writing)
        assert list(units) == [Block("-", 3, lines_of(b"three"))]


def test_an_end_is_read_once() -> None:
    """Where nothing is typed before the end, nobody has to end it twice."""
    leader, follower = pty.openpty()
    code = (
        "from listrak_sync.input.blocks import read\n"
        "from listrak_sync.input.sources import Source\n"
        "print(list(read([Source('-')])))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=follower, stdout=subprocess.PIPE)
    os.write(leader, b"\x04")
    out, _ = process.communicate(timeout=60)
    os.close(leader)
    os.close(follower)
    assert out == b"[]\n"


def test_named_pipe(file: Path) -> None:
    """A named pipe is not opened until it is read, and is read once."""
    os.mkfifo(file)
    inputs = expand([str(file)])
    thread = threading.Thread(target=file.write_bytes, args=(gzip.compress(b"a\nb"),))
    thread.start()
    assert _lines(read(inputs)) == [(1, b"a"), (2, b"b")]
    thread.join()


def test_process(tmp_path: Path) -> None:
    """In a process of its own, standard input and files are read in the order given."""
    (tmp_path / "f").write_bytes(b"from file\n")
    script = (
        "from listrak_sync.input.blocks import read\n"
        "from listrak_sync.input.sources import expand\n"
        "for unit in read(expand(['f', '-'])): print(unit.file, b''.join(unit.lines))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=zstd.compress(b"from pipe\n"),
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout == b"f b'from file\\n'\n- b'from pipe\\n'\n"


LONG = """
import sys
from listrak_sync.input.blocks import read
from listrak_sync.input.units import UnreadableLine
from listrak_sync.input.sources import Source
(unit,) = read([Source(sys.argv[1])])
assert isinstance(unit, UnreadableLine), unit
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(unit.detail.split()[0], peak.split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_of_a_long_line(file: Path) -> None:
    """However long a line is, no more of it is held than a line may be long."""
    peaks = []
    for size in (50 << 20, 400 << 20):
        with file.open("wb") as stream:
            stream.truncate(size)
        done = subprocess.run(
            [sys.executable, "-c", LONG, str(file)], capture_output=True, check=True, env={}
        )
        length, peak = map(int, done.stdout.split())
        assert length == size
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 4_000


def _by_standard_library(data: bytes) -> tuple[bytes, type[Exception] | None]:
    """Return what the standard library reads of a gzip file, and how that ends."""
    return _emptied(cast(Reader, gzip.GzipFile(fileobj=BytesIO(data))))


def _emptied(reader: Reader) -> tuple[bytes, type[Exception] | None]:
    buffer, found = memoryview(bytearray(1 << 16)), b""
    try:
        while length := reader.readinto1(buffer):
            found += buffer[:length]
    except UNREADABLE as error:
        return found, type(error)
    return found, None


@given(
    parts=st.lists(st.integers(0, 4000), min_size=1, max_size=3),
    padding=st.sampled_from([0, 1, 700]),
    damage=st.sampled_from(["none", "cut", "flip", "garbage"]),
    at=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 9),
)
def test_gzip_as_by_the_standard_library(
    parts: list[int], padding: int, damage: str, at: float, seed: int
) -> None:
    """Whole, cut off or damaged: a gzip file gives what the standard library reads of it."""
    chance = Random(seed)  # noqa: S311 - made-up data
    members = (gzip.compress(chance.randbytes(length).hex().encode()) for length in parts)
    data = bytearray((b"\0" * padding).join(members))
    match damage:
        case "cut":
            del data[max(4, int(at * len(data))) :]
        case "flip":
            data[4 + int(at * (len(data) - 4))] ^= 1 << seed % 8
        case "garbage":
            data += b"garbage"[: 1 + seed % 7]
    found, error = _emptied(decompressed(BufferedReader(BytesIO(data))))
    wanted, wanted_error = _by_standard_library(bytes(data))
    assert (error, found[: len(wanted)]) == (wanted_error, wanted)
    assert len(found) == len(wanted) or error is not None
