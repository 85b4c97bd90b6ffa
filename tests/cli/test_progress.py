"""How a run goes on, off a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.options.output import Progress
from listrak_sync.cli.progress import EVERY, LONG_WAIT, ProgressDisplay
from listrak_sync.delivery.sending import Retry
from listrak_sync.progress import Comparing, Ended, Reading, Sending, Step, Verifying, Waiting
from listrak_sync.sandbox import Behaviour, Reply, Rule, Sandbox
from tests.cli.conftest import ACCOUNT, Cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.cli.conftest import Start


class Told:
    """A display off a terminal, and what it tells."""

    def __init__(
        self,
        capsys: pytest.CaptureFixture[str],
        wanted: Progress = Progress.auto,
        messages: Messages | None = None,
    ) -> None:
        self._capsys = capsys
        self.now = 0.0
        self.display = ProgressDisplay(
            wanted, messages or Messages(), prints=False, clock=lambda: self.now
        )

    def at(self, told: Iterable[tuple[float, Step | Ended | Retry]]) -> list[str]:
        """Return the lines that are shown when steps and retries are told at some moments."""
        with self.display:
            for self.now, each in told:
                if isinstance(each, Retry):
                    self.display.retry(each)
                else:
                    self.display(each)
        out, err = self._capsys.readouterr()
        assert out == ""
        return err.splitlines()


@pytest.mark.parametrize("wanted", [Progress.auto, Progress.text, Progress.bar])
def test_a_line_now_and_then(capsys: pytest.CaptureFixture[str], wanted: Progress) -> None:
    """A log gets a line for each phase every half minute, with what is known of the rest."""
    steps: list[tuple[float, Step]] = [
        (0, Reading(0, 100_000, 0)),
        (1, Reading(1000, 100_000, 1000)),
        (10, Sending(0, 500, is_all=False)),
        (EVERY, Reading(30_000, 100_000, 2000)),
        (EVERY + 1, Reading(40_000, 100_000, 3000)),
        (EVERY + 10, Sending(150, 500, is_all=False)),
        (2 * EVERY + 10, Sending(300, 500, is_all=True)),
    ]
    assert Told(capsys, wanted).at(steps) == [
        "reading: 30 kB of 100 kB (30%), 2,000 lines, 1.0 kB/s, 1:10 left",
        "sending: 150 of 500 contacts so far, 5/s",
        "sending: 300 of 500 contacts (60%), 5/s, 0:40 left",
    ]


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (Reading(0, None, 0), Reading(3000, None, 9), "reading: 3.0 kB, 9 lines, 100 B/s"),
        (
            Reading(0, 10, 0, is_earlier=True),
            Reading(3, 10, 1, is_earlier=True),
            "reading earlier: 3 B of 10 B (30%), 1 line, 0 B/s, 1:10 left",
        ),
        (Comparing(7, 0), Comparing(7, 6000), "comparing: list 7, 6,000 contacts read, 200/s"),
        (Verifying(7, 0), Verifying(7, 6000), "verifying: list 7, 6,000 contacts read, 200/s"),
        (
            Waiting("import", 0, 5, 0, 600),
            Waiting("import", 2, 5, 30, 600),
            "waiting: 2 of 5 imports applied (40%), 0:30 of 10:00 at most",
        ),
    ],
)
def test_phases(capsys: pytest.CaptureFixture[str], first: Step, second: Step, line: str) -> None:
    """Each phase tells what it counts; of what has no known end, no share and no rest is told."""
    assert Told(capsys).at([(0, first), (EVERY, second)]) == [line]


def test_a_phase_that_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """The clock of a phase begins with each of its own beginnings."""
    steps: list[tuple[float, Step | Ended]] = [
        (0, Comparing(7, 1)),
        (1, Ended(Comparing)),
        (EVERY, Comparing(7, 2)),
    ]
    assert Told(capsys).at(steps) == []


@pytest.mark.parametrize(("wanted", "quiet"), [(Progress.none, False), (Progress.text, True)])
def test_none(capsys: pytest.CaptureFixture[str], wanted: Progress, *, quiet: bool) -> None:
    """Nothing is told where nothing is wanted, and none when quiet."""
    steps = [(99, Reading(1, 2, 1)), (999, Reading(2, 2, 2))]
    assert Told(capsys, wanted, Messages(quiet=quiet)).at(steps) == []


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """In a log of JSON lines, a line of progress has its numbers as keys."""
    messages = Messages(log_format=LogFormat.json)
    steps = [(0, Sending(0, 100, is_all=True)), (EVERY, Sending(30, 100, is_all=True))]
    (line,) = Told(capsys, messages=messages).at(steps)
    record = json.loads(line)
    assert record.pop("time")
    assert record == {
        "level": "info",
        "message": "sending: 30 of 100 contacts (30%), 1/s, 1:10 left",
        "phase": "sending",
        "done": 30,
        "total": 100,
        "rate": 1.0,
        "seconds_left": 70.0,
    }


def test_retries(capsys: pytest.CaptureFixture[str]) -> None:
    """A log tells the first retry at once, then those of half a minute in one line."""
    retries = [(number, Retry(1, 0.5, "503 from Listrak", held=False)) for number in range(31)]
    once = "attempt 1 failed, the next in 0.5 s: 503 from Listrak"
    assert Told(capsys).at(retries) == [once, f"{once}; since the last such line, 29 more failed"]


@pytest.mark.parametrize("wanted", Progress)
def test_long_pauses(capsys: pytest.CaptureFixture[str], wanted: Progress) -> None:
    """A long pause that Listrak asks for is always told."""
    pause = Retry(1, 60, "429 from Listrak", held=True)
    assert (
        Told(capsys, wanted).at([(0, pause), (60, pause)])
        == ["Listrak asks for a pause: attempt 1 failed, the next in 60.0 s: 429 from Listrak"] * 2
    )


def test_long_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """That it takes long is told once, whatever the pauses are."""
    steps, waited = list[tuple[float, Step]](), 0.0
    for pause in (0.25, 0.5, 1, 2, 4, 8, 15):
        steps.append((waited, Waiting("import", 0, 2, waited, 600, pause)))
        waited += pause
    assert waited > LONG_WAIT
    assert Told(capsys).at(steps) == ["waiting until Listrak has applied 2 imports"]


@pytest.fixture
def slow(cli: Cli) -> Iterator[None]:
    """Let imports take a while."""
    with Sandbox(ACCOUNT, Behaviour(resource_ids="one", import_delay=0.6)) as sandbox:
        cli.reach(sandbox)
        yield


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("options", [("--wait",), ("--window", "1")])
def test_waiting_in_detail(cli: Cli, options: tuple[str, ...]) -> None:
    """With --verbose, each pause is told: at the end, and before a window that has to wait."""
    told = "1 import not applied yet, asking again in 0.2 s"
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--verbose", *options)
    assert ran.status == 0
    assert told in ran.err
    assert told not in cli.run("push", "e.ndjson", "-m", "m.yaml", *options).err


def test_retries_of_a_push(cli: Cli, start: Start) -> None:
    """A push tells off a terminal that Listrak fails, without --verbose."""
    failing = Rule(action=Reply(status=503), route="profile-fields", times=2)
    start(Behaviour(faults=(failing,)))
    cli.hasten()
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml")
    assert ran.status == 0
    assert ran.err.count("attempt 1 failed, the next in ") == 1
    assert "attempt 2" not in ran.err
    quiet = cli.run("push", "e.ndjson", "-m", "m.yaml", "--quiet")
    assert (quiet.status, quiet.err) == (0, "")
