"""The stations in their order: events go in, and every line and contact is answered for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec

from listrak_sync.batching.batches import LIST_IMPORT, Batch, Route
from listrak_sync.batching.window import Contact, Window
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
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.report.counts import Report
from listrak_sync.run import Run, RunCallbacks
from listrak_sync.run_settings import RunSettings


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its report, and the error that ended it early, if there was one."""

    report: Report
    error: Exception | None = None

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


def push(  # noqa: PLR0913 - the parts of a run come from as many places
    settings: RunSettings,
    callbacks: RunCallbacks,
    listrak: Summarizing,
    options: DeliveryOptions | None = None,
    *,
    journal: Journal | None = None,
    wait: float | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Send what earlier runs of the journal left unanswered, then what the input asks for.

    Reading and evaluating go on while a window is sent. When a run ends early, what is gathered
    and not sent is answered for as unsent and planned in the journal. It is not planned, but read
    again by a later run, where a guard stopped the run or an output could not be written. With
    `wait`, imports are followed for that many seconds after everything is sent.
    """
    stop, options = stop or Stop(), options or DeliveryOptions()
    run = Run(settings, callbacks, stop)
    delivery = Delivery(listrak, run.take_receipt, stop, options, journal)

    notes_sent = journal is not None and journal.has_rejects()

    def leave(window: Window, error: ListrakSyncError) -> None:
        """Answer for a window that is neither sent nor planned, after the one before."""
        delivery.finish()
        stop.because(error)
        for batch in _batches(run.phases(window)):
            run.take_receipt(UnsentBatch(batch, str(error)))

    def plan(phases: Phases, position: Checkpoint, window: Window | None = None) -> Phases:
        if journal is None:
            return phases
        callbacks.on_planning()
        sent = window.instants() if window is not None and notes_sent else ()
        return journal.plan(phases, run.files, position, sent)

    def send(window: Window) -> None:
        route: Route | None = LIST_IMPORT if delivery.fell_back else None
        run.note_field_sets(window, route)
        phases = run.phases(window, route)
        try:
            planned = plan(phases, run.checkpoint, window)
        except (SettingsError, OutputError) as error:
            leave(window, error)
            # Not only told: if a later window were planned, this one would never be read again.
            raise
        delivery.start(planned)

    try:
        # Before anything new: each window waits for the one before, so the newer values win.
        for phases in _left_over(journal, run):
            delivery.start(phases)
        for window in run.windows():
            send(window)
        plan((), Checkpoint(done=True, rejects=run.checkpoint.rejects))
    except (StoppedError, SettingsError, OutputError) as error:
        # What a guard held back must not be sent by the next run unseen. Where rejects or the
        # journal cannot be written, planning more would lose answers.
        leave(run.rest(), error)
    except Exception as error:  # noqa: BLE001 - handed on when all is answered for
        stop.because(error)
        with suppress(SettingsError, OutputError, ExhaustedError):
            send(run.rest())
    delivery.finish()
    if journal is not None:
        try:
            journal.end()
        except SettingsError as error:
            stop.because(error)
    if wait is not None and stop.error is None:
        imports = run.report.imports()
        run.report.applied = wait_for_imports(listrak, imports, wait, stop, options)
    run.report.fell_back = delivery.fell_back
    return RunResult(run.finish(), stop.error)


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
