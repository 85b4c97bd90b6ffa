"""A process beside ours that evaluates what it is given."""

from __future__ import annotations

import gc
import mmap
import os
import signal
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, assert_never

import msgspec
from msgspec.structs import astuple

from listrak_sync.errors import ListrakSyncError
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult, Packed, pack, unpack
from listrak_sync.events.rejects import Reject
from listrak_sync.input.blocks import Block, lines_of
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.ranges import ByteRange, CompressedFile, OpenFile

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


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
    """A compressed file to be read if it is still the same."""

    file: str
    path: bytes
    identity: tuple[int, int]
    source: int


Task: TypeAlias = list[SharedBlock | NamedSpan | NamedFile]

Place: TypeAlias = tuple[int, int]
"""Where in shared memory a task stands: from one byte to before another."""

encode: Final = msgspec.msgpack.Encoder().encode
decode_task: Final = msgspec.msgpack.Decoder(Task).decode
decode_place: Final = msgspec.msgpack.Decoder(Place).decode

_Answer: TypeAlias = tuple[
    str,
    Checkpoint,
    int,
    list[Checkpoint],
    int,
    int,
    dict[str, int],
    list[Reject],
    dict[int, int],
    Packed,
]
"""The fields of Evaluated in their order, the updates packed."""

_decode: Final[Callable[[bytes], tuple[Any, ...]]] = msgspec.msgpack.Decoder(_Answer).decode

END: Final = b""
"""What follows the answers for a block or a portion."""

FAILED: Final = b"!"
"""What follows them where the parent has to find out the rest itself."""


def encode_answer(found: EvaluationResult) -> bytes:
    """Return what became of some lines as an answer."""
    *fields, updates = astuple(found)
    return encode((*fields, pack(updates)))


def read_answer(answer: bytes) -> EvaluationResult:
    """Return what became of some lines."""
    *fields, matched, packed = _decode(answer)
    fields += Counter(matched), unpack(packed)
    return EvaluationResult(*fields)


_MOST_OPEN: Final = 65_536
"""A process opens no file with a higher number, unless it has thousands open."""

AHEAD: Final = 3
"""How many tasks a process is given before the first is answered."""

HELD_BYTES: Final = 64 << 20
"""How much of a process's answers is held while those before are waited for."""


@dataclass(slots=True, eq=False)
class Worker:
    """A process: how many parts it has not answered for yet, and what is held of its answers."""

    process: int
    connection: Connection
    memory_start: int
    tasks: int = 0
    unanswered: deque[int] = field(default_factory=deque)
    held: deque[bytes] = field(default_factory=deque)
    held_bytes: int = 0

    @property
    def has_space(self) -> bool:
        """Say whether more of its answers may be held."""
        return self.held_bytes < HELD_BYTES

    @property
    def has_room(self) -> bool:
        """Say whether it can be given a task."""
        return len(self.unanswered) < AHEAD and self.has_space

    def give(self, place: Place, parts: int) -> None:
        """Give it a task of so many parts. Raises ListrakSyncError where it has died.

        What is said is so short that it never waits for a process that waits for us.
        """
        try:
            self.connection.send_bytes(encode(place))
        except OSError:
            raise _died(self.process) from None
        self.tasks += 1
        self.unanswered.append(parts)

    def receive(self) -> None:
        """Hold the next of its answers. Raises ListrakSyncError where it has died."""
        try:
            answer = self.connection.recv_bytes()
        except (EOFError, OSError):
            raise _died(self.process) from None
        self.held.append(answer)
        self.held_bytes += len(answer)
        if answer in {END, FAILED}:
            self.unanswered[0] -= 1
            if not self.unanswered[0]:
                self.unanswered.popleft()

    def take(self) -> bytes | None:
        """Return the first of its answers that are held, None where none is."""
        if not self.held:
            return None
        answer = self.held.popleft()
        self.held_bytes -= len(answer)
        return answer


def fork(evaluator: Evaluator, memory: mmap.mmap, memory_start: int) -> Worker:
    """Start a process, whose tasks stand in memory from a place on."""
    from multiprocessing.connection import Pipe  # noqa: PLC0415 - slow, and only for jobs

    ours, theirs = Pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads: see _work
        process = os.fork()
    if not process:
        _work(evaluator, theirs, memory)
    theirs.close()
    return Worker(process, ours, memory_start)


def _work(evaluator: Evaluator, connection: Connection, memory: mmap.mmap) -> NoReturn:
    """Answer for tasks until there is nobody who asks; signals are for the parent to heed.

    Nothing that another thread of the parent may hold is touched: no lock, no file, no output.
    What is open is not kept open: where the parent is killed, nobody else holds its journal.
    """
    try:
        gc.freeze()  # what is inherited closes no file that is opened here
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, _MOST_OPEN)
        files: dict[bytes, OpenFile] = {}
        while True:
            start, end = decode_place(connection.recv_bytes())
            for part in decode_task(memory[start:end]):
                for answer in _answers(evaluator, part, memory, files):
                    connection.send_bytes(answer)
    finally:
        os._exit(0)


def _answers(
    evaluator: Evaluator,
    part: SharedBlock | NamedSpan | NamedFile,
    memory: mmap.mmap,
    files: dict[bytes, OpenFile],
) -> Iterator[bytes]:
    """Yield what becomes of a part of a task, and how that ends."""
    try:
        for found in _evaluated(evaluator, part, memory, files):
            yield encode_answer(found)
    except Exception:  # noqa: BLE001 - the parent meets it again and can say more
        yield FAILED
    else:
        yield END


def _evaluated(
    evaluator: Evaluator,
    part: SharedBlock | NamedSpan | NamedFile,
    memory: mmap.mmap,
    files: dict[bytes, OpenFile],
) -> Iterator[EvaluationResult]:
    """Yield what becomes of a part. Raises OSError where a file is not the one that is meant."""
    match part:
        case SharedBlock(file, start, end, first_line, position, source):
            lines = lines_of(memory[start:end])
            yield evaluator.evaluate(Block(file, first_line, lines, position, source))
        case NamedFile(file, path, identity, source):
            _check(OpenFile(path), identity)
            whole = CompressedFile(file, os.fsdecode(path), identity, source)
            yield from evaluator.evaluate_unread(whole)
        case NamedSpan(file, path, identity, start, end, source):
            if path not in files:
                files.clear()
                files[path] = OpenFile(path)
            _check(files[path], identity)
            span = ByteRange(file, "", files[path], start, end, source=source)
            for found in evaluator.evaluate_unread(span):
                if found.is_broken:
                    raise OSError("the parent may still be able to read it")
                yield found
        case _:
            assert_never(part)


def _check(file: OpenFile, identity: tuple[int, int]) -> None:
    """Check that a file is the one that is meant. Raises OSError."""
    if file.identity != identity:
        raise OSError("another file stands there by now")


def _died(process: int) -> ListrakSyncError:
    hint = "Was it killed, for want of memory perhaps? Run again, with --jobs 1 if need be."
    return ListrakSyncError(f"worker process {process} died", hint)
