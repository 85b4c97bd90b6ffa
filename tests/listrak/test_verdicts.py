"""Failures in words."""

from __future__ import annotations

import pytest

from listrak_sync.listrak.verdicts import (
    BetaClosed,
    Denied,
    Failure,
    NoSuchList,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    words_of,
)


@pytest.mark.parametrize(
    "kind",
    [Refused, TooLarge, NotFound, NoSuchList, Denied, BetaClosed, Redirected, Unexpected],
)
def test_words(kind: type[Refused]) -> None:
    """A failure is shown with Listrak's code and Listrak's words."""
    failure: Failure = kind("ERROR_X", "No.")
    assert words_of(failure) == "ERROR_X: No."


def test_words_of_a_passing_failure() -> None:
    """A passing failure is shown with its reason."""
    assert words_of(Unavailable("no reply in time", 3.0)) == "no reply in time"
