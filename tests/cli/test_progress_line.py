"""Lines of progress that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.cli.folding import width_of
from listrak_sync.cli.progress_line import LONGEST_BAR, Pace, line
from listrak_sync.progress import Comparing, Reading, Sending, Step, Verifying, Waiting

COUNTS = st.integers(0, 10**13)
LISTS = st.integers(1, 2**31)
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(Reading, COUNTS, COUNTS | st.none(), COUNTS, st.booleans(), st.booleans()),
    st.builds(Comparing, LISTS, COUNTS),
    st.builds(Verifying, LISTS, COUNTS),
    st.builds(Sending, COUNTS, COUNTS, st.booleans()),
    st.builds(
        Waiting, st.sampled_from(["import", "value"]), COUNTS, COUNTS, COUNTS, st.floats(0, 1e7)
    ),
)


def shown(first: Step, last: Step, width: int, note: str = "") -> str:
    """Return the line of a phase after ten seconds."""
    pace = Pace(0.0)
    pace.add(first, 0.0)
    pace.add(last, 10.0)
    return str(line(pace.at(10.0), width, note))


READING = Reading(0, 2_800_000_000, 0), Reading(1_200_000_000, 2_800_000_000, 1_234_567)
SENDING = Sending(0, 1_000_000, is_all=True), Sending(430_000, 1_000_000, is_all=True)


@pytest.mark.parametrize(
    ("steps", "width", "note", "expected"),
    [
        (READING, 37, "", "reading  42%  1.2G of 2.8G  0:13 left"),
        (
            READING,
            77,
            "",
            "reading  ━━━━━━━━━━━━━━━━━━━━━━━━  42%  1.2 GB of 2.8 GB  120 MB/s  0:13 left",
        ),
        (SENDING, 37, "", "sending  43%  430k of 1.0M  0:13 left"),
        (
            SENDING,
            77,
            "pause 12 s: 429 from Listrak",
            "sending  43%  430,000 of 1,000,000 contacts  pause 12 s: 429 from Listrak",
        ),
        (SENDING, 37, "pause 12 s: 429 from Listrak", "sending  43%  pause 12 s: 429 from L…"),
        ((Comparing(7, 0), Comparing(7, 90_000)), 37, "", "comparing  90,000 contacts read"),
        (
            (Waiting("import", 0, 5, 0, 600), Waiting("import", 2, 5, 9, 600)),
            37,
            "",
            "waiting  40%  2 of 5  0:10 of 10:00",
        ),
        (
            (Reading(0, None, 0), Reading(9000, None, 5)),
            37,
            "",
            "reading  9.0 kB  5 lines  900 B/s",
        ),
        ((Sending(0, 0, is_all=True),) * 2, 77, "", "sending  0 of 0 contacts"),
    ],
)
def test_what_fits(steps: tuple[Step, Step], width: int, note: str, expected: str) -> None:
    """A narrow terminal gets what matters most: how much is done, and how long the rest takes."""
    assert shown(*steps, width, note) == expected


@given(first=STEPS, last=STEPS, width=st.integers(1, 200), note=st.text("abc 日本é😀", max_size=99))
def test_any_width(first: Step, last: Step, width: int, note: str) -> None:
    """A line is never longer than it may be, and of what has no known end no share is shown."""
    text = shown(first, last, width, note)
    assert width_of(text) <= width
    assert text.count("━") <= LONGEST_BAR
    assert "?" not in text
    if isinstance(last, Comparing | Verifying) or (isinstance(last, Reading) and not last.total):
        assert "%" not in text
        assert "left" not in text


def test_the_rate_is_that_of_late() -> None:
    """A phase that was slow at first tells the rest by how quick it is now."""
    pace = Pace(0.0)
    for second, done in ((0, 0), (1000, 10), (1030, 310), (1060, 610)):
        pace.add(Sending(done, 910, is_all=True), float(second))
    assert str(line(pace.at(1060.0), 60)).endswith("67%  610 of 910 contacts  10/s  0:30 left")
