"""What an input holds is recognised by its beginning, and named once where it is not lines."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import sys
import tarfile
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from listrak_sync.errors import UsageError
from listrak_sync.input.blocks import read
from listrak_sync.input.formats import check_formats
from listrak_sync.input.ranges import LARGE_BYTES, read_units
from listrak_sync.input.sources import InputFormat, RowOptions, Source, expand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVENTS = b'{"type":"track"}\n{"type":"track"}\n'
VIP = RowOptions(audience="vip")


def zipped(file: Path) -> None:
    """Write events into a ZIP file."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("e.ndjson", EVENTS)


def in_tar(file: Path) -> None:
    """Write events into a tar archive."""
    (file.parent / "e").write_bytes(EVENTS)
    with tarfile.open(file, "w") as archive:
        archive.add(file.parent / "e", "e.ndjson")


def in_packed_tar(file: Path) -> None:
    """Write events into a tar archive that is compressed."""
    in_tar(file)
    file.write_bytes(gzip.compress(file.read_bytes()))


def pretty(file: Path) -> None:
    """Write one event over several lines."""
    file.write_text(json.dumps({"type": "track", "traits": {}}, indent=2))


FOREIGN: list[tuple[bytes | Callable[[Path], None], str, str]] = [
    (json.dumps([{"type": "track"}]).encode(), "a JSON array", "jq -c '.[]'"),
    (json.dumps([{"type": "track"}], indent=2).encode(), "a JSON array", "jq -c '.[]'"),
    (pretty, "JSON over several lines", "jq -c ."),
    (b'{"type": "track",\n "traits": {}}\n', "JSON over several lines", "jq -c ."),
    (b"\n\xef\xbb\xbf".strip() + b"[\n{}]", "a JSON array", "jq -c '.[]'"),
    (zipped, "a ZIP file", "unzip"),
    (lzma.compress(EVENTS), "an xz file", "xz -dc"),
    (in_tar, "a tar archive", "tar -x"),
    (in_packed_tar, "a tar archive", "tar -x"),
    (b"PAR1\x15\x04", "a Parquet file", "NDJSON"),
    (EVENTS.decode().encode("utf-16"), "UTF-16", "iconv -f UTF-16"),
    (EVENTS.decode().encode("utf-16-le"), "UTF-16", "iconv -f UTF-16"),
    (EVENTS.decode().encode("utf-16-be"), "UTF-16", "iconv -f UTF-16"),
    ("email,name\na@example.com,Ann\n".encode("utf-16"), "UTF-16", "iconv -f UTF-16"),
    (b"email\na@example.com\n", "this is CSV", "--audience KEY"),
    (b"id;mail address;name\n1;a@example.com;Ann\n", "this is CSV", "--audience KEY"),
    (b"email\ra@example.com\r", "this is CSV", "--audience KEY"),
]


@pytest.mark.parametrize(("content", "what", "instead"), FOREIGN)
def test_foreign(
    tmp_path: Path, content: bytes | Callable[[Path], None], what: str, instead: str
) -> None:
    """What is not lines of JSON is named, with what to do, before anything of it is read."""
    file = tmp_path / "input"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content(file)
    for use in (
        lambda: check_formats(expand([str(file)])),
        lambda: list(read(expand([str(file)]))),
    ):
        with pytest.raises(UsageError) as caught:
            use()
        assert f"{file}" in caught.value.message
        assert what in caught.value.message
        assert instead in caught.value.hint


LINES = [
    b"",
    b"\n\n",
    EVENTS,
    b"\xef\xbb\xbf" + EVENTS,
    b"\r\n \t" + EVENTS,
    gzip.compress(EVENTS, mtime=0),
    bz2.compress(EVENTS),
    b"[]\n",
    b"[1, 2]\n",
    b"5\n6\n",
    b'"a, b"\n',
    b"oops\n" + EVENTS,
    b"12:30 INFO started, at last\n" + EVENTS,
    b'{"type":"tra\n' + EVENTS,
    b"{\n",
    b"\x00\x00\x00\x00",
]


@pytest.mark.parametrize("content", LINES)
def test_lines(tmp_path: Path, content: bytes) -> None:
    """Everything else is read line by line, whatever is wrong with a line."""
    file = tmp_path / "input"
    file.write_bytes(content)
    check_formats(expand([str(file)]))
    list(read(expand([str(file)])))


def test_all_at_once(tmp_path: Path) -> None:
    """Of several files, all that cannot be used are named at once; a hint is given once."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("email\na@example.com\n")
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    (tmp_path / "d.json").write_bytes(EVENTS)
    with pytest.raises(UsageError) as caught:
        check_formats(expand([str(tmp_path)]))
    message = caught.value.message
    assert [name in message for name in ("a.csv", "b.csv", "c.parquet", "d.json")] == [
        True,
        True,
        True,
        False,
    ]
    assert message.count("--audience KEY=false") == 1


def test_forced(tmp_path: Path) -> None:
    """A format that is given counts more than what the beginning looks like."""
    file = tmp_path / "input"
    file.write_bytes(b"email,name\na@example.com,Ann\n")
    forced = RowOptions(format=InputFormat.ndjson)
    (block,) = read(expand([str(file)], forced))
    assert getattr(block, "columns", "") is None
    file.write_bytes(b'{"email"},n\na@example.com,1\n')
    rows = RowOptions(audience="vip", email_column='{"email"}', format=InputFormat.csv)
    (block,) = read(expand([str(file)], rows))
    assert getattr(block, "columns", None) is not None


def test_without_effect(tmp_path: Path) -> None:
    """An option for CSV is refused where no input is CSV; a pipe may be."""
    file = tmp_path / "input"
    file.write_bytes(EVENTS)
    with pytest.raises(UsageError, match="--audience is for CSV"):
        check_formats(expand([str(file)], VIP))
    with pytest.raises(UsageError, match="--trait is for CSV"):
        check_formats(expand([str(file)], RowOptions(trait="ltv")))
    check_formats(expand([str(file), "-"], VIP))


def test_large(tmp_path: Path) -> None:
    """A large file is recognised as well, though its lines are read in ranges."""
    file = tmp_path / "input"
    file.write_bytes(b"email\n" + b"a@example.com\n" * (LARGE_BYTES // 10))
    with pytest.raises(UsageError, match="this is CSV"):
        next(read_units(expand([str(file)])))
    assert getattr(next(read_units(expand([str(file)], VIP))), "columns", None) is not None


def test_slow_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is not waited for longer than it takes to see what it holds."""
    reading, writing = os.pipe()
    stdin = os.fdopen(reading)
    monkeypatch.setattr(sys, "stdin", stdin)
    units = read([Source("-", rows=VIP)])
    for written, expected in ((b"ema", None), (b"il\na@example.com\n", b"a@example.com\n")):
        thread = threading.Timer(0.05, os.write, (writing, written))
        thread.start()
        if expected is not None:
            block = next(units)
            assert getattr(block, "lines", None) == [expected]
        thread.join()
    os.close(writing)
    assert list(units) == []
    stdin.close()
