"""What is planned is there after any end of the process, and what is answered is gone."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.batching.batches import LIST_IMPORT, Batch, Limits, rebatch
from listrak_sync.delivery.delivery import Phase
from listrak_sync.delivery.isolation import halves
from listrak_sync.delivery.journal import FOLLOW_SECONDS, KEEP_DAYS, Journal
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.errors import SettingsError
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.addresses import API_URL
from listrak_sync.reasons import Reason
from tests.delivery.conftest import some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DONE = Checkpoint(done=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for a journal."""
    return tmp_path / "journal.sqlite3"


def begun(path: Path, *windows: list[Batch], position: Checkpoint = DONE) -> Journal:
    """Return an open journal with a new run of some windows."""
    journal = Journal(path)
    journal.begin(b'{"mapping": "m.yaml"}')
    for window in windows:
        journal.plan((Phase(window),), ["e.ndjson"], position)
    return journal


def unanswered(journal: Journal, run: str | None = None) -> list[list[Batch]]:
    """Return the unanswered batches of a run by window, in the order in which they go out."""
    windows = journal.unanswered(run or journal.run)
    return [[batch for phase in phases for batch in phase.batches] for phases in windows]


def plain(batches: list[Batch]) -> list[tuple[object, ...]]:
    """Return what of batches is to survive."""
    return [(one.list_id, one.route, one.body, tuple(one.contacts)) for one in batches]


def change(path: Path, statement: str, *values: object) -> None:
    """Change a journal behind its back."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement, values)


@contextmanager
def full_disk(size: int = 100_000) -> Iterator[None]:
    """Let no file that this process writes grow over a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a while, where this process may do everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_planned_byte_for_byte(path: Path) -> None:
    """A window's batches are read back as they were planned, whatever their route."""
    file = rebatch(some(3, 8, each=3)[0], Limits(3, 1_000_000), LIST_IMPORT)
    batches = [*some(5, each=2), *file]
    with Journal(path) as journal:
        journal.begin(b"{}")
        phases = journal.plan((Phase(batches),), [], Checkpoint())
        read = [batch for phase in phases for batch in phase.batches]
    assert plain(read) == plain(batches)
    assert len({batch.number for batch in read} - {0}) == len(batches)
    assert [read[0].contacts[0]] == list(read[0].contacts[:1]) == list(batches[0].contacts[:1])


def test_alone_before_together(path: Path) -> None:
    """What goes alone comes first and in order, also when it is read back by another process."""
    alone, together = some(20, 8), some(20, 7)
    with Journal(path) as journal:
        journal.begin(b"{}")
        journal.plan((Phase(alone, alone=True), Phase(together)), [], DONE)
        run = journal.run
    with Journal(path) as journal:
        (phases,) = journal.unanswered(run)
        read = [(phase.alone, list(phase.batches)) for phase in phases]
    assert [(is_alone, plain(batches)) for is_alone, batches in read] == [
        (True, plain(alone)),
        (False, plain(together)),
    ]


def test_answers(path: Path) -> None:
    """What is accepted or refused is answered for; what was not sent stays planned."""
    first, second, third = some(3, each=1)
    with begun(path, [first, second, third]) as journal:
        (read,) = unanswered(journal)
        journal.answer(AcceptedBatch(read[0], ("1", "2")))
        journal.answer(RefusedBatch(read[1], Reason.REFUSED_BY_LISTRAK, "ERROR_X: No."))
        journal.answer(UnsentBatch(read[2], "interrupted"))
        assert not journal.end()
        (info,) = journal.runs()
        assert info.contacts == {"accepted": 1, "refused": 1, "planned": 1}
        assert not info.is_finished
        assert [plain(window) for window in unanswered(journal)] == [plain([third])]
        journal.answer(AcceptedBatch(read[2], ()))
        assert journal.end()
        assert journal.runs()[0].is_finished
        assert unanswered(journal) == []


def test_bytes_go_with_the_answer(path: Path) -> None:
    """Once answered, nothing of a contact is left in the file."""
    with begun(path, some(3000, each=1000), some(5)) as journal:
        for window in unanswered(journal):
            for batch in window:
                journal.answer(AcceptedBatch(batch, ("7",)))
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"@example.com" not in written
    assert len(written) < 500_000


def test_parts_take_the_place(path: Path) -> None:
    """What a batch is divided into is planned in its place, the batch is not."""
    with begun(path, some(8, each=4)) as journal:
        (window,) = unanswered(journal)
        parts = journal.divide(window[0], halves(window[0]))
        assert len({one.number for one in parts} | {one.number for one in window}) == 4
        journal.answer(AcceptedBatch(parts[0], ("1",)))
        (left,) = unanswered(journal)
    assert plain(left) == plain([parts[1], window[1]])


def test_unplanned_parts(path: Path) -> None:
    """Parts of what was never planned are not planned either."""
    (batch,) = some(4, each=4)
    with begun(path) as journal:
        parts = halves(batch)
        assert journal.divide(batch, parts) == parts
        assert unanswered(journal) == []


def test_parts_wait_their_turn(path: Path) -> None:
    """Parts written down while a window is sent are left to the thread that divided the batch."""
    with Journal(path) as journal:
        journal.begin(b"{}")
        phases = journal.plan((Phase(some(8, each=4)),), [], Checkpoint())
        read = [
            batch for phase in phases for batch in phase.batches if one_is_divided(journal, batch)
        ]
    assert [len(batch.contacts) for batch in read] == [4, 4]


def one_is_divided(journal: Journal, batch: Batch) -> bool:
    """Divide a batch; say so."""
    return len(journal.divide(batch, halves(batch))) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from listrak_sync.delivery.delivery import Phase
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import AcceptedBatch
from listrak_sync.input.checkpoints import Checkpoint
from tests.delivery.conftest import some

def breaks_off():
    yield from some(2, 8)
    os.kill(os.getpid(), signal.SIGKILL)

journal = Journal(Path(sys.argv[1]))
journal.begin(b"{}")
journal.plan((Phase(some(6, each=2)),), ["e.ndjson"], Checkpoint(line=6))
(window,) = journal.unanswered(journal.run)
first = next(batch for phase in window for batch in phase.batches)
journal.answer(AcceptedBatch(first, ("1",)))
journal.plan((Phase(breaks_off()),), ["e.ndjson"], Checkpoint(line=8))
"""


def test_killed(path: Path) -> None:
    """After SIGKILL what was written is there, and of what was being written there is nothing."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    with Journal(path) as journal:
        (info,) = journal.runs()
        assert info.position == Checkpoint(line=6)
        assert info.contacts == {"accepted": 2, "planned": 4}
        (left,) = unanswered(journal, info.id)
    assert plain(left) == plain(some(6, each=2)[1:])


SENT = st.lists(st.sampled_from(["accepted", "refused", "unsent", "divided"]), max_size=6)


@settings(max_examples=50)
@given(st.lists(SENT, min_size=1, max_size=4), st.randoms())
def test_any_answers(windows: list[list[str]], chance: random.Random) -> None:
    """Whatever is answered in whatever order, what is not is there again, window by window."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "j"
        planned = [some(3 * len(window), index + 1, each=3) for index, window in enumerate(windows)]
        with begun(path, *planned) as journal:
            run = journal.run
            read = {
                (window[0].list_id - 1, index): batch
                for window in unanswered(journal)
                for index, batch in enumerate(window)
            }
            expected: dict[tuple[int, int], list[Batch]] = {}
            for place in chance.sample(sorted(read), len(read)):
                batch = read[place]
                receipt: Receipt = AcceptedBatch(batch, ("1",))
                match windows[place[0]][place[1]]:
                    case "refused":
                        receipt = RefusedBatch(batch, Reason.REFUSED_BY_LISTRAK, "No.")
                    case "unsent":
                        expected[place] = [batch]
                        receipt = UnsentBatch(batch, "interrupted")
                    case "divided":
                        first, second = journal.divide(batch, halves(batch))
                        expected[place] = [second]
                        receipt = AcceptedBatch(first, ("2",))
                journal.answer(receipt)
            assert journal.end() is not bool(expected)
        with Journal(path) as journal:
            left = unanswered(journal, run)
            assert [plain(window) for window in left] == [
                plain(
                    [
                        one
                        for place in sorted(expected)
                        if place[0] == index
                        for one in expected[place]
                    ]
                )
                for index in range(len(windows))
                if any(place[0] == index for place in expected)
            ]


def test_end(path: Path) -> None:
    """A run is finished once all is read and all is answered for, and not before."""
    with begun(path, position=Checkpoint(line=5)) as journal:
        assert not journal.end()
        journal.plan((), [], DONE)
        assert journal.end()
        assert not journal.end()


def test_what_may_still_run(path: Path) -> None:
    """The imports of the window answered last are known to the next run, for a day."""
    with begun(path, some(2), some(2, 8)) as journal:
        assert journal.imports() == []
        first, second = unanswered(journal)
        journal.answer(AcceptedBatch(first[0], ("1",)))
        journal.answer(AcceptedBatch(first[1], ("2", "3")))
        assert journal.imports() == [(7, "1"), (7, "2"), (7, "3")]
        journal.answer(AcceptedBatch(second[0], ("4",)))
        journal.answer(AcceptedBatch(second[1], ()))
    with begun(path, some(1)) as journal:
        assert journal.imports() == [(8, "4")]
    change(path, "UPDATE batches SET answered = answered - ?", FOLLOW_SECONDS)
    with Journal(path) as journal:
        assert journal.imports() == []


def test_another_destination(path: Path) -> None:
    """What runs to another address left, batches and imports, is not looked at by a run."""
    with begun(path, some(2)) as journal:
        ((first, _),) = unanswered(journal)
        journal.answer(AcceptedBatch(first, ("1",)))
        here = journal.run
    for setting, seen in (("https://b.example.com", 1), (API_URL, 2)):
        with Journal(path) as journal:
            journal.begin(msgspec.json.encode({"api_url": setting}))
            assert journal.runs()[0].destination == setting
            assert len(journal.runs_of_destination()) == seen
            assert journal.imports() == ([(7, "1")] if setting == API_URL else [])
            assert journal.runs()[-1].id == here


def test_runs(path: Path) -> None:
    """Runs are listed from the newest, with their settings, files and position."""
    runs = []
    for line in range(3):
        with begun(path, some(line), position=Checkpoint(line=line)) as journal:
            runs.append(journal.run)
    with Journal(path) as journal:
        infos = journal.runs()
    assert [info.id for info in infos] == runs[::-1]
    assert [info.position.line for info in infos] == [2, 1, 0]
    assert {bytes(info.settings) for info in infos} == {b'{"mapping": "m.yaml"}'}
    assert {info.files for info in infos} == {("e.ndjson",)}
    assert [info.contacts for info in infos] == [{"planned": 2}, {"planned": 1}, {}]


@pytest.mark.parametrize("shift", [-400 * 86_400, -1, 400 * 86_400])
def test_a_clock_that_was_set(path: Path, monkeypatch: pytest.MonkeyPatch, shift: float) -> None:
    """Runs, and the imports to follow, are in the order in which they were written down."""
    with begun(path, some(1)) as journal:
        ((first,),) = unanswered(journal)
        journal.answer(AcceptedBatch(first, ("1",)))
        before = journal.run
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    with begun(path, some(1)) as journal:
        assert [info.id for info in journal.runs()] == [journal.run, before]
        ((second,),) = unanswered(journal)
        journal.answer(AcceptedBatch(second, ("2",)))
        assert journal.imports() == [(7, "2")]


def test_the_newest_run_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that jumps ahead does not have the newest run forgotten."""
    with begun(path, []) as journal:
        assert journal.end()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 2 * KEEP_DAYS * 86_400)
    with begun(path) as journal:
        assert len(journal.runs()) == 2


def test_forget(path: Path) -> None:
    """A forgotten run is gone with what was unanswered of it; others stay."""
    with begun(path, some(2)) as journal:
        forgotten = journal.run
    with begun(path, some(3, 8)) as journal:
        journal.forget([forgotten])
        (info,) = journal.runs()
        assert info.id == journal.run
        assert unanswered(journal, forgotten) == []
        assert plain(*unanswered(journal)) == plain(some(3, 8))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM bodies").fetchone() == (3,)


def test_old_runs_go(path: Path) -> None:
    """A new run forgets those that finished over 30 days ago, and never what is unfinished."""
    kept = []
    for days, is_finished in ((KEEP_DAYS + 1, True), (KEEP_DAYS - 1, True), (KEEP_DAYS + 1, False)):
        with begun(path, some(0 if is_finished else 1)) as journal:
            journal.end()
            kept += [journal.run] if days < KEEP_DAYS or not is_finished else []
            run = journal.run
        then = time.time() - days * 86_400
        change(
            path,
            "UPDATE runs SET started = ?, ended = ended - ended + ? WHERE id = ?",
            then,
            then,
            run,
        )
    with begun(path) as journal:
        assert {info.id for info in journal.runs()} == {*kept, journal.run}


def test_owner_only(tmp_path: Path) -> None:
    """From their creation on, every file and the folder are their owner's alone."""
    folder = tmp_path / "state" / "listrak-sync"
    before = os.umask(0)
    try:
        with begun(folder / "j", some(2)):
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("j", "j.lock", "j-wal", "j-shm"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def noise(path: Path) -> None:
    """Write something that is not a database."""
    path.write_bytes(random.Random(5).randbytes(50_000))  # noqa: S311 - chance, not a secret


def text(path: Path) -> None:
    """Write text instead of a database."""
    path.write_text("mappings: []\n")


def cut_off(path: Path) -> None:
    """Write half a journal."""
    begun(path, some(3000, each=1000)).__exit__()
    os.truncate(path, path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    """Write noise over all but a journal's beginning."""
    begun(path, some(3000, each=1000)).__exit__()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(5).randbytes(path.stat().st_size - 4096))  # noqa: S311 - chance


def foreign(path: Path) -> None:
    """Write another application's database."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE runs (id); PRAGMA user_version = 1;")


def newer(path: Path) -> None:
    """Write a journal of a version to come."""
    begun(path, some(1)).__exit__()
    change(path, "PRAGMA user_version = 99")


def read_all(path: Path) -> None:
    """Read everything in a journal."""
    with Journal(path) as journal:
        for info in journal.runs():
            for window in unanswered(journal, info.id):
                assert plain(window)


MOVE = "Otherwise move it away"
UNUSABLE = "the journal cannot be used"


@pytest.mark.parametrize(
    ("damage", "message", "hint"),
    [
        (noise, UNUSABLE, MOVE),
        (text, UNUSABLE, MOVE),
        (cut_off, UNUSABLE, MOVE),
        (overwritten, UNUSABLE, MOVE),
        (foreign, "another kind of database, not a journal", MOVE),
        (newer, "this journal has another version: 99", "version of listrak-sync that wrote it"),
    ],
)
def test_damaged(path: Path, damage: Callable[[Path], None], message: str, hint: str) -> None:
    """A file that is damaged or not a journal is refused with what to do, and left as it is."""
    damage(path)
    before = path.read_bytes()
    with pytest.raises(SettingsError) as caught:
        read_all(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert path.read_bytes() == before
    Journal(path.with_name("other")).__exit__()


@pytest.mark.parametrize("damage", [b"{", b'"\xff"', b"[" * 5000, b"[]"])
def test_damaged_row(path: Path, damage: bytes) -> None:
    """A row that is not JSON, not UTF-8, too deep or of another shape is a damaged journal."""
    with begun(path, some(1)):
        change(path, "UPDATE runs SET position = ?", damage)
    with Journal(path) as journal, pytest.raises(SettingsError, match="damaged") as caught:
        journal.runs()
    assert MOVE in caught.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE bodies SET contacts = x'c1'",
        "UPDATE bodies SET body = CAST(replace(CAST(body AS TEXT), 'on', 'oN') AS BLOB)",
        "UPDATE batches SET list = list + 1",
    ],
)
def test_damaged_batch(path: Path, damage: str) -> None:
    """A batch of which a bit has changed is a damaged journal; it is not sent."""
    with begun(path, some(2, each=2)):
        change(path, damage)
    with Journal(path) as journal, pytest.raises(SettingsError, match="damaged"):
        list(unanswered(journal, journal.runs()[0].id))


def test_damaged_contacts(path: Path) -> None:
    """Contacts of an earlier version that cannot be read are a damaged journal once looked at."""
    with begun(path, some(2, each=2)):
        change(path, "UPDATE bodies SET contacts = ?", b"\xc1")
        change(path, "UPDATE batches SET detail = NULL")
    with Journal(path) as journal:
        ((batch,),) = unanswered(journal, journal.runs()[0].id)
        assert len(batch.contacts) == 2
        with pytest.raises(SettingsError, match="damaged"):
            list(batch.contacts)


def test_refused_and_let_go(path: Path) -> None:
    """A journal that cannot be used is not held: once it is moved away, a new one begins."""
    noise(path)
    for _ in range(2):
        with pytest.raises(SettingsError):
            Journal(path)
    path.unlink()
    Journal(path).__exit__()


def test_unusable_places(tmp_path: Path) -> None:
    """A folder, a file as a folder, a folder that may not be written: each is told by its name."""
    file = tmp_path / "file"
    file.touch()
    for place in (tmp_path, file / "j"):
        with pytest.raises(SettingsError, match=str(place)):
            Journal(place)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with unprivileged(), pytest.raises(SettingsError, match="Permission denied") as caught:
        Journal(closed / "j")
    assert "--journal PATH" in caught.value.hint
    assert "--no-journal" in caught.value.hint


def test_full_disk(path: Path) -> None:
    """Where the disk is full, a window is planned wholly or not at all, and that is told."""
    first, second = some(2), some(3000, 8, each=1000)
    with begun(path, first, position=Checkpoint(line=2)) as journal:
        with full_disk(), pytest.raises(SettingsError) as caught:
            journal.plan((Phase(second),), [], Checkpoint(line=5))
        assert "the journal cannot be used" in caught.value.message
        assert "Make room" in caught.value.hint
        assert "--resume" in caught.value.hint
        (window,) = unanswered(journal)
        assert plain(window) == plain(first)
        journal.answer(AcceptedBatch(window[0], ("1",)))
        run = journal.run
    with Journal(path) as journal:
        assert journal.runs()[0].position == Checkpoint(line=2)
        assert [plain(window) for window in unanswered(journal, run)] == [plain(first[1:])]


def test_full_disk_for_an_answer(path: Path) -> None:
    """An answer that cannot be written is told, and its batch stays planned."""
    with begun(path, some(4)) as journal:
        (window,) = unanswered(journal)
        used = (path.with_name(f"{path.name}-wal")).stat().st_size
        with full_disk(used), pytest.raises(SettingsError, match="cannot be used"):
            journal.answer(AcceptedBatch(window[0], ("1",)))
        journal.answer(AcceptedBatch(window[1], ("2",)))
    with Journal(path) as journal:
        (left,) = unanswered(journal, journal.runs()[0].id)
    assert plain(left) == plain([window[0], *window[2:]])


def test_a_failure_within_a_window(path: Path) -> None:
    """Where a window's batches cannot be made, none of them is planned and later ones are."""

    def broken() -> Iterator[Batch]:
        yield from some(2)
        raise ValueError("no batch")

    with begun(path) as journal:
        with pytest.raises(ValueError, match="no batch"):
            journal.plan((Phase(broken()),), [], Checkpoint(line=9))
        journal.plan((Phase(some(1, 8)),), [], Checkpoint(line=3))
        assert [plain(window) for window in unanswered(journal)] == [plain(some(1, 8))]
        assert journal.runs()[0].position == Checkpoint(line=3)


def test_settings_as_they_were(path: Path) -> None:
    """What a run was asked to do is kept byte for byte."""
    settings = msgspec.json.encode({"mapping": "näme\n.yaml"})
    with Journal(path) as journal:
        journal.begin(settings)
        assert bytes(journal.runs()[0].settings) == settings
