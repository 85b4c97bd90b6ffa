"""Attacks by input: mutated lines, cut and flipped files, files that change."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from listrak_sync.sandbox import Sandbox
from tests.hostile.attack import Attack
from tests.hostile.feeds import Feed, feed, mapping_file, push, set_up
from tests.hostile.ground import Ground

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES: Final = 50_000
PACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "two gzips": lambda data: b"".join(gzip.compress(each, mtime=0) for each in _halves(data)),
    "zstd": zstd.compress,
    "two zstds": lambda data: b"".join(zstd.compress(each) for each in _halves(data)),
    "bzip2": bz2.compress,
    "two bzip2s": lambda data: b"".join(bz2.compress(each) for each in _halves(data)),
}
HARMLESS: Final = {"gzip": 10, "zstd": 0, "bzip2": 0}
PIECES: Final = (
    *(b"{", b"}", b"[", b'"', b"\\", b"\\ud800", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n"),
    *(b"1e999", b"-0", b"NaN", b"9" * 400, b"null", b"[" * 2000, b'{"a":' * 500, b",", b'""'),
    *(b"\xc3\xa9", b"\xf0\x9f\x99\x82", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"@", b"type", b"on"),
    *(b'"timestamp":"99999-01-01"', b'"properties":5', b'"context":[]', b'"messageId":{}'),
)


def _halves(data: bytes) -> tuple[bytes, bytes]:
    middle = data.index(b"\n", len(data) // 2) + 1
    return data[:middle], data[middle:]


def _mutate(line: bytes, random: Random) -> bytes:
    for _ in range(random.randrange(3)):
        at = random.randrange(len(line) + 1)
        match random.randrange(4):
            case 0:
                line = line[:at] + random.choice(PIECES) + line[at:]
            case 1:
                line = line[:at] + line[at + random.randrange(1, 20) :]
            case 2:
                line = line[:at] + bytes([random.randrange(256)]) + line[at + 1 :]
            case _:
                line = line[at:] + line[:at]
    return line


def mutated_lines(ground: Ground) -> None:
    """Mutate events, updates, rejects or rows; any number of jobs says the same of each line."""
    random = ground.random
    given = feed(random, events=400, contacts=50)
    set_up(ground, given)
    lines = [line.encode() for line in given.lines]
    options: tuple[str, ...] = ()
    match ground.number % 5:
        case 1:
            shown = ground.run("dry-run", "e.ndjson", "-m", "m.yaml", "--format", "updates", "-q")
            lines += shown.out.encode().splitlines()
        case 2:
            bad = [line.replace(b"@", b" ") for line in lines]
            ground.write("bad.ndjson", b"\n".join(bad))
            ground.run("dry-run", "bad.ndjson", "-m", "m.yaml", "--rejects", "private/bad", "-q")
            lines += (ground.private / "bad").read_bytes().splitlines()
        case 3:
            lines = [
                f'c{number}@example.com,"name, {number}",{number},"a ""b"""'.encode()
                for number in range(300)
            ]
            options = ("--audience", "vip", "--format-in", "csv")
    count = LINES
    mutated = b"\n".join(_mutate(random.choice(lines), random) for _ in range(count))
    first = b"email,name,n,text\n" if options else b""
    ground.write("x.ndjson", first + mutated)
    ground.faults += count
    found = []
    for jobs in ("1", "2"):
        rejects = f"private/r{jobs}"
        way = ("dry-run", "x.ndjson", "-m", "m.yaml", *options, "--jobs", jobs, "-q")
        updates = ground.run(
            *way, "--format", "updates", "--rejects", rejects, allowed={0, 6}, bound=300
        )
        found.append((updates.status, updates.out, (ground.folder / rejects).read_bytes()))
        assert updates.err.count("\n") < 40
    assert found[0] == found[1], "--jobs 1 and 2 differ"
    ground.checks += count
    ran = ground.run(
        *("dry-run", "x.ndjson", "-m", "m.yaml", *options, "--json", "-q"), allowed={0, 6}
    )
    record = json.loads(ran.out)
    told = (ground.private / "r1").read_bytes().count(b"\n")
    assert sum(record["rejected"].values()) == told
    assert record["contacts"] == found[0][1].count("\n")


def cut_files(ground: Ground) -> None:
    """Cut a small file of each compression at each byte: a cut is a reject, or loses nothing."""
    given = feed(ground.random, events=8)
    name, pack = list(PACK.items())[ground.number % len(PACK)]
    packed = pack(given.text.encode())
    whole = {len(pack(half)) for half in _halves(given.text.encode())}  # ends where a stream does
    cuts = [packed[:size] for size in range(len(packed)) if size not in whole]
    _damaged(ground, given, name, cuts)


def flipped_files(ground: Ground) -> None:
    """Flip each bit of a small file of each compression: a reject, or all of its lines."""
    given = feed(ground.random, events=8)
    name, pack = list(PACK.items())[ground.number % len(PACK)]
    packed = pack(given.text.encode())
    flips = []
    for place in range(8 * len(packed)):
        flipped = bytearray(packed)
        flipped[place // 8] ^= 1 << place % 8
        flips.append(bytes(flipped))
    if name != "plain":
        _damaged(ground, given, name, flips)


def _damaged(ground: Ground, given: Feed, name: str, files: list[bytes]) -> None:
    """Read damaged files of a folder; each loses nothing in silence."""
    (ground.folder / "in").mkdir()
    ground.write("m.yaml", mapping_file())
    for number, content in enumerate(files):
        ground.write(f"in/{number:05}", content)
    ground.faults += len(files)
    ran = ground.run(
        *("dry-run", "in", "-m", "m.yaml", "--explain", "-q", "--rejects", "private/r"), bound=300
    )
    if ran.status == 2:  # something among them looks like another kind of file
        for number in ground.random.sample(range(len(files)), min(60, len(files))):
            one = ground.run(
                *("dry-run", f"in/{number:05}", "-m", "m.yaml", "--json", "-q"),
                allowed={0, 2, 6},
            )
            if one.status == 0 and files[number].strip():
                record = json.loads(one.out)
                whole = name == "plain" or record["lines"] == len(given.lines)
                assert whole, f"{name} {number}: {record['lines']} lines, and no reject"
        return
    seen: dict[int, int] = {}
    for line in ran.out.splitlines():
        told = json.loads(line)
        seen.setdefault(int(Path(told["file"]).name), 0)
        seen[int(Path(told["file"]).name)] |= 1 << told["line"]
    rejected = {
        int(Path(json.loads(line)["file"]).name)
        for line in (ground.private / "r").read_bytes().splitlines()
    }
    for number, content in enumerate(files):
        lines = seen.get(number, 0).bit_count()
        there = len(content.splitlines()) if name == "plain" else len(given.lines)
        ground.checks += 1
        is_told = lines == there or number in rejected or not content
        assert is_told, f"{name} {number}: {lines} lines in silence"


def changing_files(ground: Ground) -> None:
    """Let a file grow, shrink, be replaced or vanish while it is read."""
    random = ground.random
    given = feed(random, events=100, contacts=30)
    set_up(ground, given)
    pack = random.choice((bytes, PACK["gzip"], PACK["zstd"]))
    big = pack(given.text.encode() * 2000)
    path = ground.write("big.ndjson", big)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        jobs = ("--jobs", random.choice("12"), "--json", "--window", "99")
        running = ground.start(*push(given, *jobs, events="big.ndjson"))
        time.sleep(random.uniform(0.2, 1.0))
        for _ in range(random.randint(1, 3)):
            ground.faults += 1
            match random.randrange(5):
                case 0:
                    path.unlink(missing_ok=True)
                case 1:
                    path.write_bytes(big[: random.randrange(len(big))])
                case 2:
                    os.truncate(path, random.randrange(len(big))) if path.exists() else None
                case 3:
                    other = ground.write("other", os.urandom(1000))
                    other.rename(path)
                case _:
                    with path.open("ab") as stream:
                        stream.write(big)
            time.sleep(random.uniform(0.0, 0.2))
        ground.end(running, allowed={0, 2, 3, 6}, bound=200)
        held = sandbox.values()
        notes = {json.loads(line)["properties"].get("note") for line in given.lines}
        for contacts in held.values():
            for fields in contacts.values():
                assert fields.get(4) is None or fields[4] in notes, "an invented value"


ATTACKS: Final = (
    Attack("input", "mutated lines", 20, mutated_lines),
    Attack("input", "cut files", len(PACK), cut_files),
    Attack("input", "flipped files", len(PACK), flipped_files),
    Attack("input", "changing files", 24, changing_files),
)
