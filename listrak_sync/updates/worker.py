"""A process beside ours that evaluates what it is given, and what the two say to each other."""

from __future__ import annotations

import mmap
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias, assert_never

import msgspec

from listrak_sync.events.blocks import Block, lines_of
from listrak_sync.events.portions import CompressedFile, OpenFile, Portion, Span
from listrak_sync.events.positions import Position
from listrak_sync.events.rejects import Reject
from listrak_sync.updates.columns import Packed, pack, unpack
from listrak_sync.updates.evaluated import Evaluated
from listrak_sync.updates.lines import LineEvaluator

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_MOST_OPEN: Final = 65_536
"""A process opens no file with a higher number, unless it has thousands open."""

ANSWER_LINES: Final = 4096
"""How many lines of a portion are evaluated, at least, before there is an answer."""


class SharedBlock(msgspec.Struct, tag=True, array_like=True):
    """Lines that stand in shared memory from one place to before another."""

    file: str
    start: int
    end: int
    first_line: int
    position: int
    source: int


class NamedSpan(msgspec.Struct, tag=True, array_like=True):
    """Lines of a file, to be opened if it is still the same: by device and inode."""

    file: str
    path: bytes
    identity: tuple[int, int]
    start: int
    end: int
    source: int


class NamedFile(msgspec.Struct, tag=True, array_like=True):
    """A compressed file to be read."""

    file: str
    path: bytes
    source: int


Task: TypeAlias = list[SharedBlock | NamedSpan | NamedFile]

encode_task: Final = msgspec.msgpack.Encoder().encode
_decode_task: Final = msgspec.msgpack.Decoder(Task).decode

_Answer: TypeAlias = tuple[
    str, Position, int, int, int, dict[str, int], list[int], list[Reject], Packed
]
"""The fields of what became of some lines, the updates packed."""

_encode_answer: Final = msgspec.msgpack.Encoder().encode
_decode_answer: Final = msgspec.msgpack.Decoder(_Answer).decode

END: Final = b""
"""What follows the answers for a block or a portion."""

FAILED: Final = b"!"
"""What follows them where the parent has to find out the rest itself."""


def evaluate_portion(evaluator: LineEvaluator, portion: Portion) -> Iterator[Evaluated]:
    """Yield what becomes of a portion while it is read."""
    whole: Evaluated | None = None
    for piece in portion.pieces():
        found = evaluator.evaluate(piece)
        if whole is None:
            whole = found
        else:
            whole.add(found)
        if whole.lines >= ANSWER_LINES:
            yield whole
            whole = None
    if whole is not None:
        yield whole


def read_answer(answer: bytes) -> Evaluated:
    """Return what became of some lines."""
    file, end, position, lines, matched_lines, skipped, matched, rejects, packed = _decode_answer(
        answer
    )
    return Evaluated(
        file,
        end,
        position,
        lines,
        matched_lines,
        skipped,
        matched,
        rejects,
        unpack(packed),
    )


def work(evaluator: LineEvaluator, connection: Connection, memory: mmap.mmap) -> NoReturn:
    """Answer for tasks until there is nobody who asks; signals are for the parent to heed.

    Nothing that another thread of the parent may hold is touched: no lock, no file, no output.
    What is open is not kept open: where the parent is killed, nobody else holds its journal.
    """
    try:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, _MOST_OPEN)
        files: dict[bytes, OpenFile] = {}
        while True:
            for part in _decode_task(connection.recv_bytes()):
                for answer in _answers(evaluator, part, memory, files):
                    connection.send_bytes(answer)
    finally:
        os._exit(0)


def _answers(
    evaluator: LineEvaluator,
    part: SharedBlock | NamedSpan | NamedFile,
    memory: mmap.mmap,
    files: dict[bytes, OpenFile],
) -> Iterator[bytes]:
    """Yield what becomes of a part of a task, and how that ends."""
    try:
        for found in _evaluated(evaluator, part, memory, files):
            yield _encode_answer(
                (
                    found.file,
                    found.end,
                    found.position,
                    found.lines,
                    found.matched_lines,
                    found.skipped,
                    found.matched,
                    found.rejects,
                    pack(found.updates),
                )
            )
    except Exception:  # noqa: BLE001 - the parent meets it again and can say more
        yield FAILED
    else:
        yield END


def _evaluated(
    evaluator: LineEvaluator,
    part: SharedBlock | NamedSpan | NamedFile,
    memory: mmap.mmap,
    files: dict[bytes, OpenFile],
) -> Iterator[Evaluated]:
    """Yield what becomes of a part. Raises OSError where a file is not the one that is meant."""
    match part:
        case SharedBlock(file, start, end, first_line, position, source):
            lines = lines_of(memory[start:end])
            yield evaluator.evaluate(Block(file, first_line, lines, position, source))
        case NamedFile(file, path, source):
            yield from evaluate_portion(evaluator, CompressedFile(file, os.fsdecode(path), source))
        case NamedSpan(file, path, identity, start, end, source):
            if path not in files:
                files.clear()
                files[path] = OpenFile(path)
            if files[path].identity != identity:
                raise OSError("another file stands there by now")
            span = Span(file, "", files[path], start, end, source=source)
            yield from evaluate_portion(evaluator, span)
        case _:
            assert_never(part)
