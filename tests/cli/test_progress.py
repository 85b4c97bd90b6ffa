"""How a run goes on, off a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options import Progress
from listrak_sync.cli.progress import EVERY, LONG_WAIT, ProgressDisplay, tell_wait
from listrak_sync.delivery.sending import Waiting
from listrak_sync.input.sources import Source
from listrak_sync.report.counts import Report
from listrak_sync.report.list_report import ListReport
from listrak_sync.sandbox import Behaviour, Sandbox
from tests.cli.conftest import ACCOUNT, Cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SOURCES = (Source("a", 600), Source("b", 400))


def lines(
    capsys: pytest.CaptureFixture[str],
    wanted: Progress,
    calls: Iterable[tuple[float, str, int]],
    sources: tuple[Source, ...] = SOURCES,
    *,
    quiet: bool = False,
    sends: bool = True,
) -> list[str]:
    """Return what is shown when a run reports at some moments, in files, at positions."""
    now = [0.0]
    report = Report(
        ["VIP"], contacts=9, lists={1: ListReport(accepted=5), 2: ListReport(accepted=2)}
    )
    messages = Messages(quiet=quiet)
    with ProgressDisplay(wanted, sources, messages, sends=sends, clock=lambda: now[0]) as display:
        for moment, file, position in calls:
            now[0] = moment
            report.lines += 1000
            display(report, file, position)
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


@pytest.mark.parametrize("wanted", [Progress.auto, Progress.text])
def test_a_line_now_and_then(capsys: pytest.CaptureFixture[str], wanted: Progress) -> None:
    """A log gets a line every half minute, with the share of all files that is read."""
    calls = [(1, "a", 100), (EVERY, "a", 300), (EVERY + 1, "a", 600), (2 * EVERY, "b", 200)]
    assert lines(capsys, wanted, calls) == [
        "2,000 lines read (30%), 7 contacts sent, 67 lines/s",
        "4,000 lines read (80%), 7 contacts sent, 67 lines/s",
    ]


def test_unknown_size(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a pipe, whose size is not known, no share is told."""
    shown = lines(capsys, Progress.text, [(EVERY, "-", 300)], (Source("-"),))
    assert shown == ["1,000 lines read, 7 contacts sent, 33 lines/s"]


def test_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run speaks of contacts, not of contacts sent."""
    shown = lines(capsys, Progress.text, [(EVERY, "b", 200)], sends=False)
    assert shown == ["1,000 lines read (80%), 9 contacts, 33 lines/s"]


@pytest.mark.parametrize(("wanted", "quiet"), [(Progress.none, False), (Progress.text, True)])
def test_none(capsys: pytest.CaptureFixture[str], wanted: Progress, *, quiet: bool) -> None:
    """Nothing is told where nothing is wanted, and none when quiet."""
    assert lines(capsys, wanted, [(99, "a", 1), (999, "b", 1)], quiet=quiet) == []


@pytest.fixture
def slow(cli: Cli) -> Iterator[None]:
    """Let imports take a while."""
    with Sandbox(ACCOUNT, Behaviour(resource_ids="one", import_delay=0.6)) as sandbox:
        cli.reach(sandbox)
        yield


def test_long_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """That it takes long is told once, whatever the pauses are."""
    messages, waited = Messages(), 0.0
    for pause in (0.25, 0.5, 1, 2, 4, 8, 15, 15, 15):
        tell_wait(Waiting(2, waited, pause), messages)
        waited += pause
    assert waited > LONG_WAIT
    assert capsys.readouterr().err == "waiting until Listrak has applied 2 imports\n"


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("options", [("--wait",), ("--window", "1")])
def test_waiting_in_detail(cli: Cli, options: tuple[str, ...]) -> None:
    """With --verbose, each pause is told: at the end, and before a window that has to wait."""
    told = "1 import not applied yet, asking again in 0.2 s"
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--verbose", *options)
    assert ran.status == 0
    assert told in ran.err
    assert told not in cli.run("push", "e.ndjson", "-m", "m.yaml", *options).err
