"""The stations in their order: events go in, and every line and contact is answered for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from listrak_sync.account.comparison import Box
from listrak_sync.account.plan import add_to_plan, change_lines
from listrak_sync.account.state import AccountState, ReadsAccount
from listrak_sync.batching.batches import LIST_IMPORT, Batch, Route
from listrak_sync.batching.window import Contact, Window
from listrak_sync.comparing import Comparing, Verification
from listrak_sync.delivery.delivery import Delivery, Phase, Phases
from listrak_sync.delivery.imports import Summarizing, wait_for_imports
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import UnsentBatch
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import (
    ExhaustedError,
    ListrakSyncError,
    OutputError,
    SettingsError,
    StoppedError,
)
from listrak_sync.evaluation.result import RESENT, Updates
from listrak_sync.evaluation.updates import shared
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.verdicts import Failure, ListInfo
from listrak_sync.report.counts import Report
from listrak_sync.run import Run, RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.switch_off import check_ons, mirrored_boxes, switch_off_previous, told


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

    def show(window: Window) -> None:
        run.report.contacts += window.contacts_to_send
        run.note_field_sets(window)
        if on_request is not None:
            for batch in _batches(run.phases(window)):
                on_request(_request_line(addresses, batch))
        if on_contact is not None:
            for contact in window.final():
                on_contact(_contact_line(run, contact))

    try:
        for window in run.windows():
            show(window)
            del window  # before the next one is gathered
    except ListrakSyncError as error:
        run.report.contacts += run.rest().contacts_to_send
        return RunResult(run.finish(), error)
    return RunResult(run.finish())


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
                run.report.contacts += window.contacts_to_send
                raise
            add_to_plan(run.report.plan, comparison)
            run.report.planned_requests += sum(1 for _ in _batches(run.phases(window)))
            run.report.contacts += window.contacts_to_send
            if on_change is not None:
                for line in change_lines(comparison):
                    on_change(line)
            del window  # before the next one is gathered
    except ListrakSyncError as error:
        run.report.contacts += run.rest().contacts_to_send
        return RunResult(run.finish(), error)
    return RunResult(run.finish())


class Pushing(Summarizing, ReadsAccount, Protocol):
    """The part of Listrak's API that a push needs."""

    def list(self, list_id: int) -> ListInfo | Failure:
        """Return one list."""


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
    _Push(run, listrak, options, journal=journal, verify=verify, stop=stop).send_all()
    report = run.report
    if wait is not None and stop.error is None:
        report.applied = wait_for_imports(listrak, report.imports(), wait, stop, options)
    return RunResult(run.finish(), stop.error)


class _Push:
    """One push: what it sends, and what it leaves where it ends early."""

    def __init__(
        self,
        run: Run,
        listrak: Pushing,
        options: DeliveryOptions,
        *,
        journal: Journal | None,
        verify: float | None,
        stop: Stop,
    ) -> None:
        self.run = run
        self._settings = run.settings
        self._callbacks = run.callbacks
        self._journal = journal
        self._notes_sent = journal is not None and journal.has_rejects()
        self._verifies = verify is not None
        self._stop = stop
        account = AccountState(
            listrak, stop, options, run.callbacks.on_detail, run.callbacks.on_note
        )
        self._verification = Verification(self.run, account, verify)
        self._delivery = Delivery(listrak, self._verification.take_receipt, stop, options, journal)
        self._comparing = Comparing(self.run, account, self._settle)

    def send_all(self) -> None:
        """Send what was left over, and every window; what ends it early is in the stop."""
        try:
            # Before anything new: each window waits for the one before, so the newer values win.
            self._send_left_over()
            for window in self.run.windows():
                self._send(window)
                del window  # before the next one is gathered
            self._plan((), self._end)
        except (StoppedError, SettingsError, OutputError) as error:
            # What a guard held back must not be sent by the next run unseen. Where rejects or the
            # journal cannot be written, planning more would lose answers.
            self._leave(self.run.rest(), error)
        except Exception as error:  # noqa: BLE001 - handed on when all is answered for
            if self._compares:
                # Planned would be what is not compared: it is read again, and compared anew.
                self._leave(self.run.rest(), error)
            else:
                self._stop.because(error)
                with suppress(SettingsError, OutputError, ExhaustedError):
                    self._send(self.run.rest())
        self._delivery.finish()
        if self._journal is not None:
            try:
                self._journal.end()
            except SettingsError as error:
                self._stop.because(error)
        self.run.report.fell_back = self._delivery.fell_back

    @property
    def _end(self) -> Checkpoint:
        return Checkpoint(done=True, rejects=self.run.checkpoint.rejects)

    @property
    def _compares(self) -> bool:
        return self._settings.only_changes or self._settings.switches_off

    def _send_left_over(self) -> None:
        if self._compares:
            # What an earlier run did not follow is not followed now either.
            self._delivery.settle()
            self._delivery.unfollowed.clear()
        window = Window(())
        for phases in _left_over(self._journal, self.run):
            self._delivery.start(_gathering(phases, window) if self._verifies else phases)
        self._verify(window)

    def _send(self, window: Window) -> None:
        if self._settings.only_changes:
            try:
                self._comparing.compare(window)
            except Exception as error:
                self._leave(window, error)
                raise
        route: Route | None = LIST_IMPORT if self._delivery.fell_back else None
        self.run.note_field_sets(window, route)
        phases = self.run.phases(window, route)
        # The one window of a run that switches off is all of its input.
        position = self._end if self._settings.switches_off else self.run.checkpoint
        try:
            planned = self._plan(phases, position, window)
        except (SettingsError, OutputError) as error:
            self._leave(window, error)
            # Not only told: if a later window were planned, this one would never be read again.
            raise
        self._delivery.start(planned)
        self._verify(window)

    def _plan(self, phases: Phases, position: Checkpoint, window: Window | None = None) -> Phases:
        if self._journal is None:
            return phases
        self._callbacks.on_planning()
        sent = window.instants() if window is not None and self._notes_sent else ()
        return self._journal.plan(phases, self.run.files, position, sent)

    def _verify(self, window: Window) -> None:
        """Read back what was sent of a window, where that is wanted."""
        if self._verifies:
            self._delivery.finish()
            self._delivery.unfollowed -= self._verification.verify(window)

    def _settle(self) -> frozenset[int]:
        """Wait for what was sent; return the lists for which it may not show yet."""
        self._delivery.settle()
        if self._stop.error is not None:
            raise self._stop.error
        return frozenset(self._verification.uncertain | self._delivery.unfollowed)

    def _leave(self, window: Window, error: Exception) -> None:
        """Answer for a window that is neither sent nor planned, after the one before."""
        self._delivery.finish()
        self._stop.because(error)
        for batch in _batches(self.run.phases(window)):
            self.run.take_receipt(UnsentBatch(batch, str(error)))


def _switch_off_previous(run: Run, window: Window, boxes: Mapping[Box, int]) -> None:
    check_ons(boxes, window)
    switch_off_previous(run, window, boxes)
    for line in told(run):
        run.callbacks.on_note(line)


def _left_over(journal: Journal | None, run: Run) -> Iterator[Phases]:
    """Yield what unfinished runs left unanswered, the oldest first; count it apart.

    Runs for another destination are left alone.
    """
    if journal is None:
        return
    infos = journal.runs_of_destination()
    run.files += (file for info in infos if info.id == journal.run for file in info.files)
    for info in reversed(infos):
        if not info.is_finished:
            is_own = info.id == journal.run
            before = 0 if is_own else len(run.files)
            run.files += () if is_own else info.files
            for phases in journal.unanswered(info.id):
                yield _counted(phases, run, before, is_own=is_own)


def _counted(phases: Phases, run: Run, before: int, *, is_own: bool) -> Phases:
    """Count the batches of an earlier window, and number their files as this run does.

    The mappings of another run are dropped: this run does not know their names.
    """

    def batches(phase: Phase) -> Iterator[Batch]:
        for batch in phase.batches:
            run.report.left_over += len(batch.contacts)
            contacts = tuple(
                msgspec.structs.replace(
                    contact,
                    file=contact.file + before,
                    mappings=contact.mappings if is_own else (),
                )
                for contact in batch.contacts
            )
            yield msgspec.structs.replace(batch, contacts=contacts)

    for phase in phases:
        yield Phase(batches(phase), phase.alone)


def _gathering(phases: Phases, window: Window) -> Phases:
    """Add the contacts of every batch to a window as they go."""

    def batches(phase: Phase) -> Iterator[Batch]:
        for batch in phase.batches:
            rows = (
                (0, each.email_address, shared(RESENT, each.list_id, each.fields), NEVER)
                for each in batch.contacts
            )
            window.add_all(Updates.of_rows(rows), 0)
            yield batch

    for phase in phases:
        yield Phase(batches(phase), phase.alone)


def _batches(phases: Phases) -> Iterator[Batch]:
    """Yield the batches of every phase."""
    for phase in phases:
        yield from phase.batches


def _request_line(addresses: Addresses, batch: Batch) -> bytes:
    """Return a request as dry-run shows it: the body last, byte for byte."""
    url = addresses.url_of(batch.list_id, by_list_import=batch.route == LIST_IMPORT)
    return b'{"method": "POST", "url": %b, "body": %b}' % (msgspec.json.encode(url), batch.body)


def _contact_line(run: Run, contact: Contact) -> bytes:
    """Return a contact's final state as dry-run shows it."""
    encode = msgspec.json.encode
    names, file, line = run.origin(contact)
    fields = b", ".join(
        b"%b: %b" % (encode(str(field_id)), encode(value)) for field_id, value in contact.fields
    )
    return (
        b'{"list_id": %d, "email_address": %b, "fields": {%b}, "mappings": [%b], '
        b'"line": %d, "file": %b}'
    ) % (
        contact.list_id,
        encode(contact.email_address),
        fields,
        b", ".join(map(encode, names)),
        line,
        encode(file),
    )
