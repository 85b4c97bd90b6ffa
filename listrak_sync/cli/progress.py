"""How far a run has come, as a bar on a terminal or as lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options import Progress
from listrak_sync.cli.output import rich_console
from listrak_sync.input.sources import Source
from listrak_sync.report.counts import Report

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY: Final = 30.0
"""Seconds between two lines in a log."""

WIDE: Final = 120
"""From so many columns on there is room for a long bar beside the figures."""


class ProgressDisplay:
    """Shows bytes read, lines, contacts, rate and time left, as it was asked to, to any thread."""

    def __init__(
        self,
        wanted: Progress,
        sources: Sequence[Source],
        messages: Messages,
        *,
        sends: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if messages.quiet:
            wanted = Progress.none
        elif wanted is Progress.auto:
            wanted = Progress.bar if sys.stderr.isatty() else Progress.text
        self._wanted = wanted
        self._messages = messages
        self._clock = clock
        self._sends = sends
        self._lock = threading.Lock()
        self._before: dict[str, int] = {}
        self._total = 0
        for source in sources:
            if source.name not in self._before:
                self._before[source.name] = self._total
                self._total += source.size
        self._started = self._said = clock()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Show the bar if one is wanted."""
        if self._wanted is Progress.bar:
            from rich import progress  # noqa: PLC0415 - slow, and only on a terminal
            from rich.table import Column  # noqa: PLC0415 - as above

            console, whole = rich_console(stderr=True), Column(no_wrap=True)
            self._bar = progress.Progress(
                progress.TextColumn("{task.description}", table_column=whole),
                progress.BarColumn(bar_width=40 if console.width >= WIDE else 8),
                progress.DownloadColumn(table_column=whole),
                progress.TransferSpeedColumn(table_column=whole),
                progress.TextColumn("{task.fields[counts]}", table_column=whole),
                progress.TimeRemainingColumn(table_column=whole),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task("reading", total=self._total or None, counts="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: Report, file: str, position: int) -> None:
        """Show the counts so far; `position` is in bytes of the file as it lies on disk."""
        if self._wanted is Progress.none:
            return
        done = self._before.get(file, 0) + position
        with self._lock:
            if self._bar is not None and self._task is not None:
                sent = f"{report.accepted:,} sent" if self._sends else self._contacts(report)
                counts = f"{report.lines:,} lines, {sent}"
                is_read = self._sends and done >= self._total > 0
                what = "sending" if is_read else "reading"
                self._bar.update(self._task, description=what, completed=done, counts=counts)
            elif self._wanted is Progress.text and self._clock() - self._said >= EVERY:
                self._said = self._clock()
                self._messages.info(self._line(report, done))

    def _contacts(self, report: Report) -> str:
        if self._sends:
            return f"{report.accepted:,} contacts sent"
        return f"{report.contacts:,} contacts"

    def _line(self, report: Report, done: int) -> str:
        seconds = self._clock() - self._started
        share = f" ({done / self._total:.0%})" if self._total else ""
        rate = report.lines / seconds if seconds else 0
        return f"{report.lines:,} lines read{share}, {self._contacts(report)}, {rate:,.0f} lines/s"
