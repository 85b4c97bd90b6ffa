"""The files that a run leaves for others: metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from listrak_sync.cli.messages import Messages
from listrak_sync.errors import DONE, OutputError
from listrak_sync.report.metrics import check_metrics, write_metrics
from listrak_sync.report.record import RunRecord


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Where a run leaves what others look at: the rejects, and metrics.

    Raises UsageError where a package that it needs is not installed.
    """

    rejects: Path | None = None
    metrics: Path | None = None
    started: float = field(default_factory=time.time)

    def check(self) -> None:
        """Raise UsageError where a package is missing, before the run begins."""
        if self.metrics is not None:
            check_metrics()

    def write(self, record: RunRecord, messages: Messages) -> int:
        """Write the files; say what cannot be written, and return the exit status of that."""
        try:
            if self.metrics is not None:
                write_metrics(self.metrics, record, self.started, time.time())
        except OutputError as error:
            messages.error(error)
            return error.exit_status
        return DONE
