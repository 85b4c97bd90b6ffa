"""Time passes in a stream whether it speaks or not, and nothing of it is lost."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import InterruptedRunError
from listrak_sync.input.ticks import Tick, with_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 3600.0


@contextmanager
def on_alarm(do: Callable[[], None]) -> Iterator[None]:
    """Let a signal that comes soon do something in this thread."""
    before = signal.signal(signal.SIGALRM, lambda *_: do())
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@given(st.lists(st.integers()), st.sampled_from([1e-9, 1e-4, LONG]))
def test_items_in_order(items: list[int], every: float) -> None:
    """Every item comes once and in order, however often time passes."""
    read = with_ticks(iter(items), every)
    assert [item for item in read if not isinstance(item, Tick)] == items


def test_a_silent_stream() -> None:
    """Time passes again and again while a pipe is silent, and then its item comes."""
    reader, writer = os.pipe()

    def lines() -> Iterator[bytes]:
        while line := os.read(reader, 10):
            yield line

    read = with_ticks(lines(), 0.01)
    assert [next(read) for _ in range(3)] == [Tick()] * 3
    os.write(writer, b"now")
    assert next(item for item in read if item != Tick()) == b"now"
    os.close(writer)
    assert set(read) <= {Tick()}
    os.close(reader)


def test_a_stream_that_never_pauses() -> None:
    """Ticks come also where items follow each other at once."""
    now = [0.0]

    def items() -> Iterator[int]:
        for number in range(10):
            now[0] += 1
            yield number

    read = list(with_ticks(items(), 3.0, lambda: now[0]))
    assert read.count(Tick()) == 3
    assert [item for item in read if item != Tick()] == list(range(10))


def test_no_tick_before_its_time() -> None:
    """Where little time passes, there are items alone."""
    assert list(with_ticks(iter("abc"), LONG)) == ["a", "b", "c"]


def test_errors_after_items() -> None:
    """What the stream raises is raised where it is read, after the items before it."""

    def broken() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    read = with_ticks(broken(), LONG)
    assert next(read) == 1
    with pytest.raises(OSError, match="gone"):
        next(read)


def test_read_when_asked_for() -> None:
    """No more is read than is asked for: the rest stays in the pipe."""
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            begun.append(number)
            yield number

    read = with_ticks(items(), LONG)
    assert [next(read), next(read)] == [0, 1]
    threading.Event().wait(0.05)
    assert begun == [0, 1]


def test_a_signal_ends_the_wait() -> None:
    """A signal's error ends the wait for an item."""

    def silent() -> Iterator[int]:
        threading.Event().wait(LONG)
        yield 1

    def interrupt() -> None:
        raise InterruptedRunError(signal.SIGALRM)

    read = with_ticks(silent(), LONG)
    with on_alarm(interrupt), pytest.raises(InterruptedRunError):
        next(read)


def test_a_signal_loses_nothing() -> None:
    """An item that is there when a signal comes is handed on."""
    go, handed = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        go.wait(LONG)
        yield 1
        handed.set()

    def interrupt() -> None:
        go.set()
        threading.Event().wait(0.05)
        raise InterruptedRunError(signal.SIGALRM)

    read = with_ticks(items(), LONG)
    with on_alarm(interrupt):
        assert next(read) == 1
    assert not handed.is_set()
