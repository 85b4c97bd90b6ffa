"""Why a run has to end, told once and heard by all."""

from __future__ import annotations

import signal
import threading
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from listrak_sync.delivery.stop import STOPPING, Stop, interruptible
from listrak_sync.errors import (
    ExhaustedError,
    InterruptedRunError,
    StoppedError,
    UnreachableError,
    start_thread,
)

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


def test_until_the_end() -> None:
    """Where nothing stops the run, all items are handed on."""
    assert list(Stop().until(iter((1, 2)))) == [1, 2]


def test_until_a_reason() -> None:
    """Once there is a reason to end, nothing more is read."""
    stop, items = Stop(), iter((1, 2, 3))
    read = stop.until(items)
    assert next(read) == 1
    stop.because(StoppedError("enough"))
    assert list(read) == []
    assert list(items) == [2, 3]


def test_a_signal_breaks_off_a_read() -> None:
    """A signal ends a read that waits; what was read before is handed on."""
    stop = Stop()

    def waiting() -> Iterator[int]:
        yield 1
        stop.request(signal.SIGINT)
        pytest.fail("the read went on")

    assert list(stop.until(waiting())) == [1]
    assert isinstance(stop.error, InterruptedRunError)


def test_a_signal_between_reads() -> None:
    """While nothing is read, a signal only leaves word."""
    stop = Stop()
    read = stop.until(iter((1, 2)))
    assert next(read) == 1
    stop.request(signal.SIGTERM)
    assert list(read) == []


def test_a_failed_read_is_no_read() -> None:
    """A read that fails is over: a signal after it raises nothing."""
    stop = Stop()
    with pytest.raises(ZeroDivisionError):
        next(stop.until(1 // divisor for divisor in (0,)))
    stop.request(signal.SIGINT)
    assert isinstance(stop.error, InterruptedRunError)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruptible(number: signal.Signals) -> None:
    """The first signal ends the run and is told; the next is the system's; later, as before."""
    before, stop, told = signal.getsignal(number), Stop(), Queue[str]()
    with interruptible(stop, told.put):
        signal.raise_signal(number)
        assert isinstance(stop.error, InterruptedRunError)
        assert told.get(timeout=60) == STOPPING
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(number) == before


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that the system does not give is told as what the machine lacks."""

    def fails(_: threading.Thread) -> None:
        raise RuntimeError

    monkeypatch.setattr(threading.Thread, "start", fails)
    with pytest.raises(ExhaustedError, match="no more threads"):
        start_thread(threading.Thread())
