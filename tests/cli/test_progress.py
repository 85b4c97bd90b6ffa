"""How far a run has come, off a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options import Progress
from listrak_sync.cli.progress import EVERY, ProgressDisplay
from listrak_sync.input.sources import Source
from listrak_sync.report.counts import ListReport, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

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
