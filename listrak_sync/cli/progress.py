"""Shows how far a run is: as a bar on a terminal, or as lines of a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from math import ceil
from types import TracebackType
from typing import Final, Self

from listrak_sync.cli.bar import Bar
from listrak_sync.cli.folding import cut
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.options.output import Progress
from listrak_sync.cli.progress_line import Line, Pace, details, line, sentence
from listrak_sync.cli.terminal import is_pipe, is_terminal
from listrak_sync.delivery.sending import Retry
from listrak_sync.progress import Ended, Sending, Step, Waiting
from listrak_sync.text import counted, one_line

EVERY: Final = 30.0
"""Seconds between two lines of progress in a log."""

LONG_PAUSE: Final = 5.0
"""A pause of this many seconds is told even where no progress is wanted."""

LONG_WAIT: Final = 10.0
"""That imports take longer than this, in seconds, is told once in a log."""


class ProgressDisplay:
    """Shows how far each phase of a run is, and why it pauses; any thread may tell.

    With `prints`, the command prints data on standard output, with `as_it_runs` while it runs.
    """

    def __init__(
        self,
        wanted: Progress,
        messages: Messages,
        *,
        prints: bool,
        as_it_runs: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if messages.quiet:
            wanted = Progress.none
        elif wanted is Progress.auto:
            wanted = _chosen(messages, prints=prints, as_it_runs=as_it_runs)
        elif wanted is Progress.bar and not is_terminal(sys.stderr):
            wanted = Progress.text
        self._wanted = wanted
        self._messages = messages
        self._clock = clock
        self._lock = threading.Lock()
        self._paces: dict[type[Step], Pace] = {}
        self._told: dict[object, float] = {}
        self._pause = "", 0.0
        self._untold = 0
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        """Show the bar, if it is wanted."""
        if self._wanted is Progress.bar:
            self._bar = Bar(self._lines)
            self._messages.bar = self._bar
            self._bar.show()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.remove()

    def remove(self, _: str = "") -> None:
        """Take the bar away for good, where a signal asks for the end as well."""
        if self._bar is not None:
            self._bar.remove()

    def stopping(self, message: str) -> None:
        """Tell that the run ends early; a second signal finds no bar that would stay."""
        self.remove()
        self._messages.info(message)

    def __call__(self, step: Step | Ended) -> None:
        """Show how far a phase is."""
        if isinstance(step, Waiting) and step.pause:
            self._tell_waiting(step)
        now = self._clock()
        with self._lock:
            match step:
                case Ended(phase):
                    self._paces.pop(phase, None)
                    return
                case Sending(done=done, total=total) if done >= total:
                    self._paces.pop(Sending, None)
                    return
            pace = self._paces.setdefault(type(step), Pace(now))
            pace.add(step, now)
            if self._wanted is not Progress.text or not self._is_due(type(step), now, pace.begun):
                return
            moment = pace.at(now)
        self._messages.info(sentence(moment), **details(moment))

    def retry(self, retry: Retry) -> None:
        """Tell that a request is sent again after a pause."""
        what = f"attempt {retry.attempt} failed, the next in {retry.seconds:.1f} s: {retry.reason}"
        if retry.held:
            what = f"Listrak asks for a pause: {what}"
        is_long, now = retry.held and retry.seconds >= LONG_PAUSE, self._clock()
        with self._lock:
            if now + retry.seconds > self._pause[1]:
                self._pause = retry.reason, now + retry.seconds
            is_text = self._wanted is Progress.text
            is_told = is_long or (is_text and self._is_due(Retry, now, float("-inf")))
            is_told = is_told and not self._shows_bar
            untold, self._untold = self._untold, 0 if is_told else self._untold + 1
        if not is_told:
            self._messages.detail(what)
            return
        more = f"; since the last such line, {untold:,} more failed" if untold else ""
        self._messages.info(f"{what}{more}", attempt=retry.attempt, pause=retry.seconds)

    @property
    def _shows_bar(self) -> bool:
        return self._bar is not None and self._bar.is_shown

    def _is_due(self, what: object, now: float, begun: float) -> bool:
        """Say whether it is time for another line about something. With the lock."""
        if now - self._told.get(what, begun) < EVERY:
            return False
        self._told[what] = now
        return True

    def _lines(self, width: int) -> list[Line]:
        """Return the bar's lines, one for each phase that is under way."""
        now = self._clock()
        with self._lock:
            moments = [pace.at(now) for pace in self._paces.values()]
            reason, until = self._pause
        note = f"pause {ceil(until - now)} s: {one_line(reason)}" if until > now else ""
        if not moments:
            return [Line(cut(note, width))] if note else []
        *others, last = moments
        return [*(line(each, width) for each in others), line(last, width, note)]

    def _tell_waiting(self, waiting: Waiting) -> None:
        """Tell that we wait for imports or values, with --verbose or once it takes long."""
        what = counted(waiting.total - waiting.done, waiting.awaited)
        of_imports = waiting.awaited == "import"
        is_long = waiting.waited < LONG_WAIT <= waiting.waited + waiting.pause
        if is_long and not self._shows_bar:
            aim = f"Listrak has applied {what}" if of_imports else f"what was sent shows for {what}"
            self._messages.info(f"waiting until {aim}")
        else:
            state = "not applied yet" if of_imports else "not seen yet"
            self._messages.detail(f"{what} {state}, asking again in {waiting.pause:.1f} s")


def _chosen(messages: Messages, *, prints: bool, as_it_runs: bool) -> Progress:
    """Return how progress is shown where nobody says how."""
    if not is_terminal(sys.stderr) or messages.log_format is LogFormat.json:
        return Progress.text
    # A bar would stand between lines of data, or in the way of a pager that shows them.
    if (as_it_runs and sys.stdout.isatty()) or (prints and is_pipe(sys.stdout)):
        return Progress.none
    return Progress.bar
