"""Attacks by input that is no ordinary file, or far more than it seems."""

from __future__ import annotations

import bz2
import gzip
import os
import resource
import socket
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from listrak_sync.sandbox import Sandbox
from tests.hostile.attack import Attack
from tests.hostile.feeds import feed, push, set_up
from tests.hostile.ground import Ground

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def odd_files(ground: Ground) -> None:
    """Name what is no ordinary file: devices, stalled pipes, sockets, links, and odd names."""
    given = feed(ground.random, events=10)
    set_up(ground, given)
    kind = ground.number % len(ODD)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        name = ODD[kind](ground.folder)
        ground.faults += 1
        for way in (
            ("dry-run", name, "-m", "m.yaml", "-q", "--json"),
            (*push(given, events=name), "--json"),
            ("dry-run", "e.ndjson", "-m", name),
            ("dry-run", "e.ndjson", "-m", "m.yaml", "--previous", name, "-q"),
            ("mapping", "check", name),
            ("mapping", "import", name),
            ("push", "e.ndjson", "-m", "m.yaml", "--no-journal", "--client-secret-file", name),
        ):
            ground.run(*way, stalls=3.0)


def _made(make: Callable[[Path], object]) -> Callable[[Path], str]:
    def named(folder: Path) -> str:
        make(folder / "odd")
        return "odd"

    return named


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def _deep(path: Path) -> None:
    home = Path.cwd()
    path.mkdir()
    os.chdir(path)
    try:
        for _ in range(1200):
            Path("d").mkdir()
            os.chdir("d")
        Path("e").write_bytes(b"{}\n")
    finally:
        os.chdir(home)


def _many_links(path: Path) -> None:
    path.mkdir()
    (path / "last").mkdir()
    (path / "last" / "e").write_bytes(b"{}\n")
    below = path / "last"
    for number in range(24):
        level = path / f"l{number}"
        level.mkdir()
        for each in "ab":
            (level / each).symlink_to(below)
        below = level


ODD: Final[tuple[Callable[[Path], str], ...]] = (
    _made(os.mkfifo),
    _made(lambda path: path.symlink_to(path)),
    _made(lambda path: path.symlink_to("nowhere")),
    _made(Path.mkdir),
    _made(Path.touch),
    _made(_deep),
    _made(_many_links),
    *(
        (lambda _, name=name: name)
        for name in (
            *("/dev/zero", "/dev/full", "/dev/null", "/dev/urandom", "/dev/tty", "/proc/self/mem"),
            *("/proc/self/environ", "/proc/self/fd", "", "x" * 5000, "a\udcffb", "e.ndjson/x"),
            *("-", "--", "e.ndjson\n", "/proc/kmsg", "~", "/dev/stdin", "/dev/fd/9"),
        )
    ),
)


def _zeros(compressor: Any, size: int = 1 << 30) -> Iterator[bytes]:
    block = bytes(1 << 22)
    for _ in range(size // len(block)):
        yield compressor.compress(block)
    yield compressor.flush()


def _event(text: bytes) -> bytes:
    return b'{"type":"track","event":"x","properties":' + text + b"}\n"


BOMBS: Final[tuple[Callable[[], Iterator[bytes]], ...]] = (
    lambda: _zeros(zlib.compressobj(wbits=31)),
    lambda: _zeros(zstd.ZstdCompressor()),
    lambda: _zeros(bz2.BZ2Compressor(), 1 << 28),
    lambda: iter([gzip.compress(b"\n" * (1 << 28))]),
    lambda: iter([_event(b"[" * 5_000_000)]),
    lambda: iter([_event(b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000)]),
    lambda: iter([_event(b'"' + b"a" * 200_000_000 + b'"')]),
    lambda: iter([_event(b"{" + b",".join(b'"%d":1' % n for n in range(900_000)) + b"}")]),
    lambda: iter([_event(b"9" * 3_000_000)]),
    lambda: iter([b"email" + b",a" * 1_000_000 + b"\n" + b"a@example.com,1\n" * 1000]),
    lambda: iter([b'email,a\na@example.com,"' + b"a\n" * 50_000_000]),
    lambda: chain([b"email,a\n"], (b'a@example.com,"' + b'""' * 4_000_000 + b'"\n' for _ in "12")),
)


def bombs(ground: Ground) -> None:
    """Read what unpacks to, or is, far more than a line should be, with 3 GB of memory at most."""
    given = feed(ground.random, events=10)
    set_up(ground, given)
    with (ground.folder / "bomb").open("wb") as stream:
        stream.writelines(BOMBS[ground.number % len(BOMBS)]())
    ground.faults += 1
    most = {resource.RLIMIT_AS: 3 << 30}
    way = ("dry-run", "bomb", "e.ndjson", "-m", "m.yaml", "--json", "-q", "--rejects", "private/r")
    for more in ((), ("--audience", "vip")):
        ran = ground.run(*way, "--force", *more, limits=most, bound=240, allowed={0, 2, 3, 6})
        assert ran.status != 3, ran.err


ATTACKS: Final = (
    Attack("input", "odd files", len(ODD), odd_files),
    Attack("input", "bombs", len(BOMBS), bombs),
)
