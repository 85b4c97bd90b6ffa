"""The stations in their order: events go in, and every line and contact is answered for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import msgspec

from listrak_sync.account.comparison import Box
from listrak_sync.account.plan import add_to_plan, change_lines
from listrak_sync.account.state import AccountState, ReadsAccount
from listrak_sync.batching.batches import LIST_IMPORT, Batch
from listrak_sync.batching.contact_lines import contact_line
from listrak_sync.batching.window import Window
from listrak_sync.comparing import Comparing
from listrak_sync.delivery.imports import wait_for_imports
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import DONE, SOME_REJECTED, ListrakSyncError, StoppedError, told
from listrak_sync.funnel_sample import sample_funnels
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.push_run import Pushing, PushRun
from listrak_sync.report.counts import Report
from listrak_sync.report.record import RunRecord
from listrak_sync.run import Run
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.switch_off import check_ons, mirrored_boxes, switch_off_previous, switched_off


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its report, and the error that ended it early, if there was one."""

    report: Report
    error: Exception | None = None
    something_to_change: int | None = None
    """The exit status of a plan by which there is something to change, if that is asked for."""

    def or_else(self, error: Exception | None) -> RunResult:
        """Return the result with an error, unless it already has one."""
        return self if self.error is not None else replace(self, error=error)

    def record(self, command: str) -> RunRecord:
        """Return the report of the command that ran, with how it ended."""
        error = None if self.failure is None else str(self.failure)
        return self.report.record(command, self.exit_status, error)

    @property
    def failure(self) -> Exception | None:
        """Return what went wrong: why the run ended early, or which lists Listrak refused."""
        if self.error is not None:
            return told(self.error) or self.error
        refusals = {key: each.refusal for key, each in self.report.lists.items() if each.refusal}
        if not refusals:
            return None
        # The reason of a refused list begins with its name, since a reject has to say it.
        lines = (
            f"list {key}: {why.removeprefix(f'list {key}: ')}" for key, why in refusals.items()
        )
        hint = "Fix the mapping, see: listrak-sync mapping check --online; push the input again."
        return StoppedError("\n".join(lines), hint)

    @property
    def exit_status(self) -> int:
        """Return the exit status that tells a script how the run went."""
        match self.failure:
            case None if self.something_to_change is not None:
                return self.something_to_change
            case None:
                return SOME_REJECTED if self.report.reject_count + self.report.amiss else DONE
            case ListrakSyncError(exit_status=status):
                return status
        return 1


def _with_funnels(run: Run) -> Report:
    """Return the report with funnels, where they are wanted and nothing is explained."""
    if run.settings.samples_funnels and not run.report.funnels:
        sample = sample_funnels(run.settings)
        run.report.funnels, run.report.explained_lines = sample.funnels, sample.lines
    return run.finish()


def dry_run(
    settings: RunSettings,
    callbacks: RunCallbacks,
    *,
    on_request: Callable[[bytes], None] | None = None,
    on_contact: Callable[[bytes], None] | None = None,
    addresses: Addresses | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Do everything that a push does, except send.

    `on_request` is called with a JSON line for each request, `on_contact` with one for each
    contact.
    """
    run = Run(settings, callbacks, stop or Stop())
    addresses = addresses or Addresses()
    if settings.previous:
        boxes = mirrored_boxes(settings.mappings)
        run.on_whole = lambda window: _switch_off_previous(run, window, boxes)

    def on_batch(batch: Batch) -> None:
        if on_request is not None:
            on_request(_request_line(addresses, batch))

    def show(window: Window) -> None:
        run.note_field_sets(window)
        run.count_planned(window, on_batch)
        if on_contact is not None:
            for contact in window.final():
                on_contact(contact_line(contact, *run.origin(contact)))

    try:
        for window in run.windows():
            show(window)
            del window  # before the next one is gathered
    except ListrakSyncError as error:
        run.count_planned(run.rest())
        return RunResult(run.finish(), error)
    return RunResult(_with_funnels(run))


def plan(
    settings: RunSettings,
    callbacks: RunCallbacks,
    listrak: ReadsAccount,
    options: DeliveryOptions | None = None,
    *,
    on_change: Callable[[bytes], None] | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Say what a push would change at Listrak, and change nothing.

    `on_change` is called with a JSON line for each contact of which something is not right.
    """
    stop = stop or Stop()
    run = Run(settings, callbacks, stop)
    account = AccountState(
        listrak, stop, options or DeliveryOptions(), callbacks.on_detail, callbacks.on_note
    )
    comparing = Comparing(run, account, keeps_held=on_change is not None)
    try:
        for window in run.windows():
            try:
                comparison = comparing.compare(window)
            except ListrakSyncError:
                run.count_planned(window)
                raise
            add_to_plan(run.report.plan, comparison)
            run.count_planned(window)
            if on_change is not None:
                for line in change_lines(comparison):
                    on_change(line)
            del window  # before the next one is gathered
    except ListrakSyncError as error:
        run.count_planned(run.rest())
        return RunResult(run.finish(), error)
    return RunResult(_with_funnels(run))


def push(  # noqa: PLR0913 - the parts of a run come from as many places
    settings: RunSettings,
    callbacks: RunCallbacks,
    listrak: Pushing,
    options: DeliveryOptions | None = None,
    *,
    journal: Journal | None = None,
    wait: float | None = None,
    verify: float | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Send what earlier runs of the journal left unanswered, then what the input asks for.

    Reading and evaluating go on while a window is sent. When a run ends early, what is gathered
    and not sent is answered for as unsent and planned in the journal. It is not planned, but read
    again by a later run, where a guard stopped the run, an output could not be written, or the run
    compares with what Listrak holds. With `wait`, imports are followed for that many seconds after
    everything is sent; with `verify`, each window is read back for that many seconds.
    """
    stop, options = stop or Stop(), options or DeliveryOptions()
    run = Run(settings, callbacks, stop)
    PushRun(run, listrak, options, journal=journal, verify=verify, stop=stop).send_all()
    report = run.report
    if wait is not None and stop.error is None:
        report.applied = wait_for_imports(listrak, report.imports(), wait, stop, options)
    return RunResult(_with_funnels(run), stop.error)


def _switch_off_previous(run: Run, window: Window, boxes: Mapping[Box, int]) -> None:
    check_ons(boxes, window)
    switch_off_previous(run, window, boxes)
    for line in switched_off(run):
        run.callbacks.on_note(line)


def _request_line(addresses: Addresses, batch: Batch) -> bytes:
    """Return a request as dry-run shows it: the body last, byte for byte."""
    url = addresses.url_of(batch.list_id, by_list_import=batch.route == LIST_IMPORT)
    return b'{"method": "POST", "url": %b, "body": %b}' % (msgspec.json.encode(url), batch.body)
