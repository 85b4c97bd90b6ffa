"""How a run goes on: what it reads, how far it is, and how each request ended."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options import Progress
from listrak_sync.cli.output import counted, rich_console
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import Retry, Waiting
from listrak_sync.input.sources import STANDARD_INPUT, Source
from listrak_sync.report.counts import Report

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY: Final = 30.0
"""Seconds between two lines of progress in a log."""

WIDE: Final = 120
"""The columns that a terminal needs for a long bar beside the figures."""

LONG_PAUSE: Final = 5.0
"""A pause of this many seconds is told even without --verbose."""

LONG_WAIT: Final = 10.0
"""That imports take longer than this, in seconds, is told once even without --verbose."""


class ProgressDisplay:
    """Shows bytes read, lines, contacts, rate and time left; any thread may report progress."""

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
        """Show the bar, if it is wanted."""
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
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, report: Report, file: str, position: int) -> None:
        """Show the counts so far; `position` is in bytes of the file on disk."""
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


def announce(sources: Sequence[Source], messages: Messages) -> None:
    """Tell what is read, with --verbose; tell a person at a terminal that we read from it."""
    for source in sources:
        if source.file != os.devnull:
            messages.detail(f"to be read: {source.name!r}", bytes=source.size)
    if any(source.file == STANDARD_INPUT for source in sources) and sys.stdin.isatty():
        messages.info("reading events from standard input; Ctrl-D ends it")


def tell(receipt: Receipt, messages: Messages) -> None:
    """Tell how a request ended, with --verbose."""
    batch = receipt.batch
    what = f"list {batch.list_id}, batch {batch.id}, {len(batch.contacts)} contacts"
    match receipt:
        case AcceptedBatch(imports=imports):
            messages.detail(f"{what}: accepted, imports {', '.join(imports) or 'unnamed'}")
        case RefusedBatch(reason=reason, detail=detail):
            messages.detail(f"{what}: {reason}: {detail}")
        case UnsentBatch(detail=detail):
            messages.detail(f"{what}: not sent: {detail}")


def tell_retry(retry: Retry, messages: Messages) -> None:
    """Tell that a request is sent again, with --verbose or where every sender waits long."""
    what = f"attempt {retry.attempt} failed, the next in {retry.seconds:.1f} s: {retry.reason}"
    if retry.held and retry.seconds >= LONG_PAUSE:
        messages.info(f"Listrak asks for a pause: {what}")
    else:
        messages.detail(what)


def tell_wait(waiting: Waiting, messages: Messages) -> None:
    """Tell that we wait for imports or values, with --verbose or once it takes long."""
    what = counted(waiting.count, waiting.awaited)
    of_imports = waiting.awaited == "import"
    if waiting.waited < LONG_WAIT <= waiting.waited + waiting.seconds:
        aim = f"Listrak has applied {what}" if of_imports else f"what was sent shows for {what}"
        messages.info(f"waiting until {aim}")
    else:
        state = "not applied yet" if of_imports else "not seen yet"
        messages.detail(f"{what} {state}, asking again in {waiting.seconds:.1f} s")
