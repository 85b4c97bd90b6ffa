"""Why a run has to end, told once and heard by all."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import InterruptedRunError, StoppedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_first_reason_counts() -> None:
    """The first reason is the run's; later ones change nothing."""
    stop = Stop()
    assert not stop.event.is_set()
    first = UnreachableError("gone")
    stop.because(first)
    stop.because(StoppedError("later"))
    stop.request(signal.SIGTERM)
    assert stop.error is first
    assert stop.event.is_set()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_exit_status_of_signals(number: int, status: int) -> None:
    """A signal ends the run with 128 and its number."""
    stop = Stop()
    stop.request(number)
    assert isinstance(stop.error, InterruptedRunError)
    assert stop.error.exit_status == status


def test_next() -> None:
    """Items come one by one, then None."""
    stop, items = Stop(), iter((1, 2))
    assert [stop.next(items) for _ in range(4)] == [1, 2, None, None]


def test_next_after_a_reason() -> None:
    """Once there is a reason to end, nothing more is read."""
    stop, items = Stop(), iter((1, 2))
    error = StoppedError("enough")
    stop.because(error)
    with pytest.raises(StoppedError) as caught:
        stop.next(items)
    assert caught.value is error
    assert next(items) == 1


def test_a_signal_breaks_off_a_read() -> None:
    """A signal ends a read that waits; while nothing is read, it only leaves word."""
    stop = Stop()

    def waiting() -> Iterator[int]:
        stop.request(signal.SIGINT)
        yield 1

    with pytest.raises(InterruptedRunError):
        stop.next(waiting())
    later = Stop()
    assert later.next(iter((1,))) == 1
    later.request(signal.SIGINT)
    with pytest.raises(InterruptedRunError):
        later.next(iter((1,)))


def test_a_failed_read_is_no_read() -> None:
    """After a read that failed, a signal breaks off nothing."""
    stop = Stop()

    with pytest.raises(ZeroDivisionError):
        stop.next(1 // divisor for divisor in (0,))
    stop.request(signal.SIGINT)
    assert isinstance(stop.error, InterruptedRunError)
