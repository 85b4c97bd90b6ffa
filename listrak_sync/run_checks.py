"""A run beside its guards."""

from __future__ import annotations

from listrak_sync.batching.window import Window
from listrak_sync.errors import StoppedError
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.report.counts import Report
from listrak_sync.run_settings import RunSettings


class RunChecks:
    """Holds what a run has counted against its guards; each check raises StoppedError."""

    def __init__(self, settings: RunSettings, report: Report) -> None:
        self._settings = settings
        self._guards = settings.guards
        self._report = report

    def rejects(self) -> None:
        """Check how much is rejected so far."""
        self._guards.check_rejects(self._report.reject_count)

    def window(self, window: Window, contacts: int) -> None:
        """Check a full window; `contacts` are those of all windows so far, with this one."""
        self.rejects()
        self._guards.check_contacts(contacts)
        self._guards.check_off(window)
        self.change(window, is_whole=False)

    def fewest(self, contacts: int) -> None:
        """Check the contacts of the whole input."""
        self._guards.check_fewest(contacts)

    def complete(self, *, is_cut_off: bool) -> None:
        """Check that the only window is made of the whole input."""
        if self._settings.start != Checkpoint():
            hint = "Give the whole input again, in a run of its own."
            raise StoppedError("the run cannot read all of its input any more", hint)
        self._guards.check_complete(self._report.rejected.total(), is_cut_off=is_cut_off)

    def change(self, window: Window, *, is_whole: bool) -> None:
        """Check whether a mapping switches on far more or far fewer than the last time."""
        last = self._settings.last_run
        if last is None or self._guards.max_change is None:
            return
        on = {
            mapping.name: self._report.values_of[index].on
            for index, mapping in enumerate(self._settings.mappings)
            if mapping.enabled
        }
        for (index, _, _, value), count in window.value_counts().items():
            if value == "on" and index >= 0:
                on[self._report.names[index]] += count
        self._guards.check_change(on, last.on, last.run, is_whole=is_whole)
