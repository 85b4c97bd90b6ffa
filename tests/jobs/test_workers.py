"""Several processes give what one gives, in the same order, and leave nothing behind."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from listrak_sync.errors import ExhaustedError
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.events.rejects import encode
from listrak_sync.input.blocks import read
from listrak_sync.input.ranges import (
    ByteRange,
    CompressedFile,
    InputUnit,
    UnreadUnit,
    read_units,
)
from listrak_sync.input.sources import expand
from listrak_sync.input.ticks import Tick
from listrak_sync.input.units import Block, ReadUnit, UnreadableLine
from listrak_sync.jobs import in_order, worker, workers
from listrak_sync.jobs.in_order import evaluate_in_order
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.model import Mapping
from listrak_sync.reasons import Reason
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sync import dry_run
from tests.lines import lines_of
from tests.report.counts_of import counts

MAPPING_TEXT = """
mappings:
  - name: A
    trigger: type = "track" and context.personas.computation_key = "a"
    list_id: 1
    profile_field_values: {7: useAudienceKey}
  - {name: B, trigger: type = "identify", list_id: 2, profile_field_values: {8: "on"}}
  - {name: C, list_id: 2, profile_field_values: {9: {"@path": "$.properties.c"}}}
"""


@pytest.fixture(scope="module")
def mappings() -> tuple[Mapping, ...]:
    """Return mappings of which some reject what they take."""
    return parse("m.yaml", MAPPING_TEXT)


@cache
def _lines(seed: int, count: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - made-up data
    lines = []
    for number in range(count):
        key = chance.choice("ab")
        email = chance.choice([f"u{chance.randrange(900)}@example.com", "nobody", None])
        event = {
            "type": chance.choice(["track", "identify", "page", "screen"]),
            "context": {"personas": {"computation_key": key}, "traits": {"email": email}},
            "properties": {key: chance.choice([True, False, "perhaps"]), "c": chance.choice("xyé")},
            "timestamp": f"2026-01-01T00:00:{chance.randrange(60):02}.{number % 1000:03}Z",
            "padding": "x" * chance.randrange(400),
        }
        line = json.dumps(event, ensure_ascii=chance.random() < 0.5).encode()
        lines.append(chance.choice([b"", b"\xff", line[:-5]]) if chance.random() < 0.02 else line)
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return files: plain, compressed, and one that is cut off."""
    folder = tmp_path_factory.mktemp("inputs")
    plain = folder / "1.json"
    plain.write_bytes(_lines(1, 14_000))
    packed = folder / "2.json.gz"
    packed.write_bytes(gzip.compress(_lines(2, 8_000)))
    broken = folder / "3.json.gz"
    broken.write_bytes(gzip.compress(_lines(3, 4_000))[:-500])
    return [str(plain), str(packed), str(broken), str(plain)]


def _all_of_it(settings: RunSettings) -> tuple[bytes, bytes, str]:
    """Return all that a dry-run shows: requests, rejects and the report."""
    shown: list[bytes] = []
    rejected: list[bytes] = []
    callbacks = RunCallbacks(on_reject=lambda reject: rejected.append(encode(reject)))
    ended = dry_run(settings, callbacks, on_request=shown.append)
    assert ended.error is None
    report = counts(ended.report)
    return b"\n".join(shown), b"\n".join(rejected), msgspec.json.encode(report).decode()


@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize("window", [1_000_000, 300])
def test_same_output(
    mappings: tuple[Mapping, ...], inputs: list[str], jobs: int, window: int
) -> None:
    """Requests, rejects and the report are the same, byte for byte, for any number of jobs."""
    settings = RunSettings(expand(inputs), mappings, window=window)
    alone = _all_of_it(settings)
    assert sum(source.size or 0 for source in settings.sources) > in_order.START_BYTES
    assert len(alone[0]) > 100_000
    assert len(alone[1]) > 100_000
    assert _all_of_it(replace(settings, jobs=jobs)) == alone


def test_same_output_of_a_pipe(mappings: tuple[Mapping, ...], tmp_path: Path) -> None:
    """A pipe, which is read in small and uneven blocks, gives what a file gives."""
    data = _lines(4, 20_000)
    path = tmp_path / "events.json"
    path.write_bytes(data)
    (tmp_path / "m.yaml").write_text(MAPPING_TEXT)
    code = (
        "import sys; from pathlib import Path\n"
        "from listrak_sync.mapping.file import load\n"
        "from listrak_sync.run import RunCallbacks\n"
        "from listrak_sync.run_settings import RunSettings\n"
        "from listrak_sync.sync import dry_run\n"
        "from listrak_sync.input.sources import Source\n"
        "settings = RunSettings([Source('-')], load(Path(sys.argv[1])), jobs=int(sys.argv[2]))\n"
        "show = sys.stdout.buffer.write\n"
        "dry_run(settings, RunCallbacks(), on_request=show)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m.yaml")]
    one, *others = (
        subprocess.run([*command, jobs], input=data, capture_output=True, check=True).stdout
        for jobs in ("1", "2", "3")
    )
    assert len(one) > 10_000
    assert others == [one, one]


def _units(count: int) -> Iterator[ReadUnit]:
    data = _lines(5, 2_000)
    lines = data.count(b"\n") + 1
    for number in range(count):
        yield Block("f", 1 + number * lines, lines_of(data + b"\n"), number)


def _open_children() -> list[int]:
    """Return the processes that this one has started and not yet seen end."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(process) for process in text.split()]


def test_no_process_for_little(mappings: tuple[Mapping, ...]) -> None:
    """What is read before START_BYTES is evaluated without another process."""
    before = _open_children()
    with closing(evaluate_in_order(Evaluator(mappings), _units(20), 2)) as results:
        next(results)
        assert _open_children() == before
        for _ in range(10):
            next(results)
        assert len(_open_children()) == len(before) + 2
    assert _open_children() == before


def _plain(results: Iterable[workers.UnitResult | Tick]) -> list[object]:
    """Return results that compare by what is in them."""
    return [each if isinstance(each, Tick) else (each[0], *_values([each[1]])) for each in results]


def _values(results: Iterable[EvaluationResult]) -> list[object]:
    return [
        (
            msgspec.structs.replace(each, updates=Updates()),
            [(*row[:2], msgspec.to_builtins(row[2]), row[3]) for row in each.updates],
        )
        for each in results
    ]


def test_every_kind_of_piece(
    mappings: tuple[Mapping, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ticks, long lines, broken files and blocks over a message's size keep their places."""
    monkeypatch.setattr(in_order, "START_BYTES", 1)
    monkeypatch.setattr(worker, "MESSAGE_BYTES", 2 * workers.TOGETHER_BYTES)
    block = next(_units(1))
    assert isinstance(block, Block)
    large = replace(block, lines=block.lines * 8)
    assert large.size > worker.MESSAGE_BYTES
    units: list[ReadUnit | Tick] = [
        block,
        UnreadableLine("f", 1, b"{", Reason.LINE_TOO_LONG, "99 bytes", 1),
        block,
        Tick(),
        large,
        block,
        UnreadableLine("f", 7, b"{", Reason.UNREADABLE_FILE, "cut off", 2),
        block,
    ]
    one, two = (list(evaluate_in_order(Evaluator(mappings), iter(units), jobs)) for jobs in (1, 2))
    assert [result if isinstance(result, Tick) else result[0] for result in two] == units
    assert _plain(one) == _plain(two)


@pytest.mark.parametrize("held_bytes", [1, worker.HELD_BYTES])
@pytest.mark.parametrize("jobs", [2, 3])
def test_unread_units(
    mappings: tuple[Mapping, ...],
    inputs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    jobs: int,
    held_bytes: int,
) -> None:
    """Unread units are numbered and in order, however long their answers wait."""
    monkeypatch.setattr(worker, "HELD_BYTES", held_bytes)
    evaluator, sources = Evaluator(mappings), expand(inputs)
    kinds = {type(unit) for unit in read_units(sources)}
    assert kinds == {ByteRange, CompressedFile}
    one, many = (
        [
            result[1]
            for result in evaluate_in_order(evaluator, read_units(sources), number)
            if not isinstance(result, Tick)
        ]
        for number in (1, jobs)
    )
    assert _values(one) == _values(many)
    as_lines = [evaluator.evaluate(unit) for source in range(4) for unit in read([sources[source]])]
    assert sum(each.lines for each in one) == sum(each.lines for each in as_lines)
    assert [row[0] for each in one for row in each.updates] == [
        row[0] for each in as_lines for row in each.updates
    ]


@pytest.mark.parametrize("compressed", [False, True])
def test_replaced_file(mappings: tuple[Mapping, ...], tmp_path: Path, *, compressed: bool) -> None:
    """A file that is replaced while it is read is read as by one process."""
    path, other = tmp_path / "events", tmp_path / "other"
    for each, seed in ((path, 7), (other, 8)):
        data = _lines(seed, 14_000)
        each.write_bytes(gzip.compress(data, 1) if compressed else data)
    units = list(read_units(expand([str(path), str(path)])))
    assert len(units) > 1
    other.replace(path)
    one, two = (list(evaluate_in_order(Evaluator(mappings), iter(units), jobs)) for jobs in (1, 2))
    assert _plain(one) == _plain(two)


class _Faulty(Evaluator):
    """Fails behind a line."""

    def __init__(self, mappings: tuple[Mapping, ...], line: int) -> None:
        super().__init__(mappings)
        self._last = line

    def _evaluate_into(self, unit: ReadUnit, result: EvaluationResult) -> None:
        super()._evaluate_into(unit, result)
        if result.end.line > self._last:
            raise ZeroDivisionError("a bug")


@pytest.mark.parametrize("compressed", [False, True])
def test_error_in_an_unread_unit(
    mappings: tuple[Mapping, ...], tmp_path: Path, *, compressed: bool
) -> None:
    """An error in an unread unit is raised here, after what became of the lines before it."""
    path = tmp_path / "events"
    data = _lines(9, 14_000)
    path.write_bytes(gzip.compress(data, 1) if compressed else data)
    units = read_units(expand([str(path), str(path)]))
    evaluator = _Faulty(mappings, 9_000 if compressed else 1_000)
    results = evaluate_in_order(evaluator, units, 2)
    if compressed:
        next(results)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        list(results)


class _Uneven(Evaluator):
    """Takes long in workers, longest for what comes first; notes who evaluates."""

    def __init__(self, mappings: tuple[Mapping, ...], notes: Path) -> None:
        super().__init__(mappings)
        self._parent = os.getpid()
        self._notes = notes

    def evaluate(self, unit: ReadUnit) -> EvaluationResult:
        self._note(is_first=isinstance(unit, Block) and unit.first_line == 1)
        return super().evaluate(unit)

    def evaluate_unread(self, unit: UnreadUnit) -> Iterator[EvaluationResult]:
        yield from super().evaluate_unread(unit)
        self._note(is_first=unit.source == 0)

    def _note(self, *, is_first: bool) -> None:
        with (self._notes / str(os.getpid())).open("ab") as note:
            note.write(b".")
        if os.getpid() != self._parent:
            time.sleep(0.5 if is_first else 0.05)


def _noted(notes: Path) -> dict[int, int]:
    """Return how many units each process has evaluated."""
    return {int(note.name): note.stat().st_size for note in notes.iterdir()}


@pytest.mark.parametrize("kind", [Block, ByteRange, CompressedFile])
@pytest.mark.parametrize("held_bytes", [1, worker.HELD_BYTES])
def test_uneven(
    mappings: tuple[Mapping, ...],
    inputs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: type[InputUnit],
    held_bytes: int,
) -> None:
    """As many workers as jobs evaluate each unit once; blocks are not read far ahead."""
    monkeypatch.setattr(in_order, "START_BYTES", 0)
    monkeypatch.setattr(worker, "HELD_BYTES", held_bytes)
    file = inputs[1 if kind is CompressedFile else 0]
    units = list(_units(40) if kind is Block else read_units(expand([file] * 4)))
    assert {type(unit) for unit in units} == {kind}
    taken = 0
    ahead: list[int] = []
    three: list[workers.UnitResult | Tick] = []

    def read_one_by_one() -> Iterator[InputUnit]:
        nonlocal taken
        for unit in units:
            taken += 1
            yield unit

    one = list(evaluate_in_order(Evaluator(mappings), iter(units), 1))
    for result in evaluate_in_order(_Uneven(mappings, tmp_path), read_one_by_one(), 3):
        three.append(result)
        ahead.append(taken - len(three))
    assert _plain(three) == _plain(one)
    noted = _noted(tmp_path)
    assert sum(noted.values()) == len(units)
    assert len(noted) == 3
    assert os.getpid() not in noted
    if kind is Block:
        assert max(ahead) <= 3 * worker.AHEAD + 2  # one is read, one waits with it for its like


def test_beside_a_compressed_file(
    mappings: tuple[Mapping, ...], inputs: list[str], tmp_path: Path
) -> None:
    """What follows a compressed file need not wait until that is read."""
    units = list(read_units(expand([inputs[1], inputs[0]])))
    assert {type(unit) for unit in units} == {CompressedFile, ByteRange}
    one = list(evaluate_in_order(Evaluator(mappings), iter(units), 1))
    two = list(evaluate_in_order(_Uneven(mappings, tmp_path), iter(units), 2))
    assert _plain(two) == _plain(one)
    noted = _noted(tmp_path)
    assert len(noted) == 2
    assert sum(noted.values()) == len(units)


def test_many_small_blocks() -> None:
    """However much there is to say of a task and to answer, neither side waits for the other."""
    code = (
        "from listrak_sync.input.units import Block\n"
        "from listrak_sync.mapping.file import parse\n"
        "from listrak_sync.jobs import in_order\n"
        "from listrak_sync.evaluation.evaluator import Evaluator\n"
        "from tests.jobs.test_workers import MAPPING_TEXT\n"
        "in_order.START_BYTES = 1\n"
        'event = b\'{"type":"identify","traits":{"email":"nobody"}}\\n\'\n'
        "units = (Block('f' * 250, 1, [event]) for _ in range(40_000))\n"
        "evaluator = Evaluator(parse('m', MAPPING_TEXT))\n"
        "print(sum(1 for _ in in_order.evaluate_in_order(evaluator, units, 2)))\n"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert ended.stdout.split() == [b"40000"]


def test_slow_pipe(mappings: tuple[Mapping, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes slowly is not held until there is much of it."""
    monkeypatch.setattr(in_order, "START_BYTES", 1)
    monkeypatch.setattr(workers, "TOGETHER_SECONDS", 0)
    taken = 0

    def read() -> Iterator[ReadUnit]:
        nonlocal taken
        for number in range(99):
            taken += 1
            yield Block("f", 1 + number, lines_of(b'{"type": "track"}\n'), number)

    results = evaluate_in_order(Evaluator(mappings), read(), 2)
    late = [taken - seen for seen, _ in enumerate(results, 1)]
    assert len(late) == 99
    assert max(late) <= 2 * worker.AHEAD


def test_killed_worker(mappings: tuple[Mapping, ...]) -> None:
    """A worker that is killed ends the run with an error, and the others with it."""
    before = _open_children()
    results = evaluate_in_order(Evaluator(mappings), _units(10_000), 2)
    for _ in range(5):
        next(results)
    killed, _ = sorted(set(_open_children()) - set(before))
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(ExhaustedError, match=f"worker process {killed} died"):
        for _ in results:
            pass
    assert _open_children() == before


def test_error_in_a_worker(mappings: tuple[Mapping, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in a worker is raised here as it would be without workers."""
    monkeypatch.setattr(in_order, "START_BYTES", 1)
    before = _open_children()
    with pytest.raises(ZeroDivisionError, match="a bug"):
        list(evaluate_in_order(_Faulty(mappings, 12_000), _units(20), 2))
    assert _open_children() == before


def test_signals(mappings: tuple[Mapping, ...]) -> None:
    """Workers leave SIGINT and SIGTERM to the process that started them."""
    before = _open_children()
    with closing(evaluate_in_order(Evaluator(mappings), _units(12), 2)) as results:
        for _ in range(5):
            next(results)
        time.sleep(0.1)
        for process in set(_open_children()) - set(before):
            os.kill(process, signal.SIGINT)
            os.kill(process, signal.SIGTERM)
        assert len(list(results)) == 7


def test_open_files(mappings: tuple[Mapping, ...], tmp_path: Path) -> None:
    """Workers keep nothing of the parent's open but its standard streams and their connection."""
    before = _open_children()
    with (tmp_path / "lock").open("wb"):
        results = evaluate_in_order(Evaluator(mappings), _units(12), 2)
        with closing(results):
            last = list(islice(results, 11))[-1]  # so that both have been at work
            assert not isinstance(last, Tick)
            for process in set(_open_children()) - set(before):
                opened = sorted(int(each.name) for each in Path(f"/proc/{process}/fd").iterdir())
                assert len([each for each in opened if each > 2]) == 1


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_killed_parent(mappings: tuple[Mapping, ...], tmp_path: Path) -> None:
    """Workers end by themselves when the process that started them is killed."""
    path = tmp_path / "events.json"
    path.write_bytes(_lines(6, 12_000))
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tests.jobs.test_workers import MAPPING_TEXT, _open_children, _units\n"
        "from listrak_sync.mapping.file import parse\n"
        "from listrak_sync.evaluation.evaluator import Evaluator\n"
        "from listrak_sync.jobs.in_order import evaluate_in_order\n"
        "results = evaluate_in_order(Evaluator(parse('m', MAPPING_TEXT)), _units(99), 2)\n"
        "for _ in range(5): next(results)\n"
        "print(*_open_children(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    processes = ended.stdout.split()
    assert len(processes) == 2
    deadline = time.monotonic() + 10
    while any(_runs(int(process)) for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
