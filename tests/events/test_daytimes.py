"""Timestamps of one day are read together; what is not like the others is not."""

from __future__ import annotations

import pytest

from listrak_sync.events.daytimes import of_one_day

MIDNIGHT = 1_769_817_600_000_000_000
"""2026-01-31T00:00:00Z."""


@pytest.mark.parametrize("midnight", [MIDNIGHT, 0, -MIDNIGHT])
def test_together(midnight: int) -> None:
    """Each is so many milliseconds after midnight, whenever that is."""
    text = "2026-01-31T00:00:00.000Z,2026-01-31T12:34:56.789Z,2026-01-31T23:59:59.999Z,"
    found = of_one_day(text, "2026-01-31T", midnight, 3)
    milliseconds = [0, 45_296_789, 86_399_999]
    assert list(found) == [midnight + each * 1_000_000 for each in milliseconds]


@pytest.mark.parametrize(
    "odd",
    [
        "2026-02-01T12:34:56.789Z",
        "2026-01-31T12:34:56.78Z",
        "2026-01-31T12:34:56.7890",
        "2026-01-31T12:34:56,789Z",
        "2026-01-31T12:34:66.789Z",
        "2026-01-31T12:60:56.789Z",
        "2026-01-31T24:00:00.000Z",
        "2026-01-31T29:59:59.999Z",
        "2026-01-31T47:00:00.000Z",
        "2026-01-31T99:59:59.999Z",
        "2026-01-31T1:234:56.789Z",
        "2026-01-31T12:34:5\u0666.789Z",
        "",
    ],
)
@pytest.mark.parametrize("place", range(3))
def test_one_is_odd(odd: str, place: int) -> None:
    """One that is of another day, or spelled otherwise, keeps all from being read together."""
    texts = ["2026-01-31T12:34:56.789Z"] * 3
    texts[place] = odd
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        of_one_day(",".join((*texts, "")), "2026-01-31T", MIDNIGHT, 3)
