"""Compares the windows of a run with what Listrak holds."""

from __future__ import annotations

from collections.abc import Callable

from listrak_sync.account.comparison import Comparison, Standing
from listrak_sync.account.state import AccountState
from listrak_sync.batching.window import Window
from listrak_sync.errors import StoppedError
from listrak_sync.reasons import Reason
from listrak_sync.run import Run
from listrak_sync.switch_off import (
    check_ons,
    mirrored_boxes,
    switch_off,
    switch_off_previous,
    switched_off,
)

_UNKNOWN = {Standing.NOT_ON_LIST: Reason.NOT_ON_LIST, Standing.UNSUBSCRIBED: Reason.UNSUBSCRIBED}
_DETAILS = {
    Reason.NOT_ON_LIST: "the contact is not on the list",
    Reason.UNSUBSCRIBED: "the contact is on the list, but unsubscribed",
}


class Comparing:
    """Compares each window once, and switches off who is not in an input where a run asks for it.

    `settle` is called before a list is read. It waits for what was sent before, and returns the
    lists for which that may not show yet. Raises UsageError where nothing can be switched off.
    """

    def __init__(
        self,
        run: Run,
        account: AccountState,
        settle: Callable[[], frozenset[int]] = frozenset,
        *,
        keeps_held: bool = False,
    ) -> None:
        self._run = run
        self._account = account
        self._settle = settle
        self._keeps_held = keeps_held
        self._whole: Comparison | None = None
        self._told: set[int] = set()
        if run.settings.switches_off:
            self._boxes = mirrored_boxes(run.settings.mappings)
            run.on_whole = self._switch_off

    def _switch_off(self, window: Window) -> None:
        """Switch off who is not in the input, which is the only window of the run."""
        run = self._run
        check_ons(self._boxes, window)
        if run.settings.previous:
            switch_off_previous(run, window, self._boxes)
        if run.settings.mirror:
            if self._settle():
                hint = "Run it again later: the mirror needs what Listrak holds then."
                raise StoppedError("what was left over was sent just now, may not show yet", hint)
            found = self._account.compare(
                window, boxes=frozenset(self._boxes), keeps_held=self._keeps_held
            )
            switch_off(run, window, self._boxes, found.others_on)
            found.extend()
            self._whole = found
        for line in switched_off(run):
            run.callbacks.on_note(line)

    def compare(self, window: Window) -> Comparison:
        """Return how a window stands; leave out what is right, and whom it would not reach."""
        found = self._whole
        if found is None:
            uncertain = self._settle()
            for list_id in sorted({*uncertain, *window.lists} & uncertain - self._told):
                self._told.add(list_id)
                self._run.callbacks.on_note(
                    f"list {list_id}: what this run has sent to it may not show yet, so the rest "
                    "is sent without a comparison; with --verify it is compared"
                )
            found = self._account.compare(window, uncertain=uncertain, keeps_held=self._keeps_held)
        if self._run.settings.reject_unknown:
            self._reject_unknown(found)
        self._run.report.count_comparison(found)
        window.leave_out(found.left_out())
        self._run.checks.rejects()
        return found

    def _reject_unknown(self, comparison: Comparison) -> None:
        for contact in comparison.window.final():
            key = contact.email_address.lower()
            first = comparison.window.first_rows(contact.list_id)[key]
            standing = comparison.standing(first)
            if standing is not None and standing in _UNKNOWN:
                reason = _UNKNOWN[standing]
                self._run.reject_contact(contact, reason, _DETAILS[reason])
