"""The files that a run leaves for others: a page to read, and metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from listrak_sync.cli.messages import Messages
from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import DONE, OutputError
from listrak_sync.report.metrics import check_metrics, write_metrics
from listrak_sync.report.page import check_page, write_page
from listrak_sync.report.record import RunRecord
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.run_callbacks import OnReject


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Where a run leaves what others look at: the rejects, a page, and metrics.

    `is_part` says that the run goes on with an earlier one, `explains` that each reject is told.
    """

    rejects: Path | None = None
    report: Path | None = None
    metrics: Path | None = None
    samples: RejectSamples = field(default_factory=lambda: RejectSamples(0))
    is_part: bool = False
    explains: bool = False
    started: float = field(default_factory=time.time)

    def check(self) -> None:
        """Raise UsageError where the page cannot be made, before the run begins."""
        if self.report is not None:
            check_page(self.report)

    def check_metrics(self) -> None:
        """Raise UsageError where the metrics cannot be written, before the run begins."""
        if self.metrics is not None:
            check_metrics(self.metrics)

    @property
    def on_reject(self) -> OnReject:
        """Return what is to be called with each reject."""
        return self.samples.add if self.report is not None else ignore

    def write(self, record: RunRecord, messages: Messages) -> int:
        """Write the files; say what cannot be written, and return the exit status of that."""
        status = self.write_metrics(record, messages)
        if self.report is None:
            return status
        try:
            write_page(self.report, record, self.samples, is_part=self.is_part)
        except OutputError as error:
            messages.error(error)
            return error.exit_status
        return status

    def write_metrics(self, record: RunRecord, messages: Messages) -> int:
        """Write the metrics alone, as `write` does: a run that cannot begin has no page."""
        if self.metrics is not None:
            try:
                write_metrics(self.metrics, record, self.started, time.time())
            except OutputError as error:
                messages.error(error)
                return error.exit_status
        return DONE
