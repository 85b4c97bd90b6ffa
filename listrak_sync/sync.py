"""The stations in their order: events in, imports accepted, everything answered for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from listrak_sync.batching.batches import LIST_IMPORT, Batch
from listrak_sync.batching.window import Contact, Window
from listrak_sync.delivery.delivery import Delivery, Phase, Phases
from listrak_sync.delivery.imports import Summarizing, wait_for_imports
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import Unsent
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError, SettingsError, StoppedError
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.report.counts import Report
from listrak_sync.run import Run, RunCallbacks, RunSettings


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: its report, and why it ended early if it did."""

    report: Report
    error: Exception | None = None


def dry_run(
    plan: RunSettings,
    watchers: RunCallbacks,
    *,
    on_request: Callable[[bytes], None] | None = None,
    on_contact: Callable[[bytes], None] | None = None,
    addresses: Addresses | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Do everything that a push does except to send.

    `on_request` is given a JSON line for each request, `on_contact` one for each contact.
    """
    run = Run(plan, watchers, stop or Stop())
    addresses = addresses or Addresses()

    def show(window: Window) -> None:
        run.report.contacts += window.contacts_to_send
        if on_request is not None:
            for batch in _batches(run.phases(window)):
                on_request(_request_line(addresses, batch))
        if on_contact is not None:
            for contact in window.final():
                on_contact(_contact_line(run, contact))

    try:
        for window in run.windows():
            show(window)
    except ListrakSyncError as error:
        run.report.contacts += run.rest().contacts_to_send
        return RunResult(run.finish(), error)
    return RunResult(run.finish())


def push(  # noqa: PLR0913 - the places where a run's parts come from
    plan: RunSettings,
    watchers: RunCallbacks,
    listrak: Summarizing,
    ways: DeliveryOptions | None = None,
    *,
    journal: Journal | None = None,
    wait: float | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Send what the input asks for, after what earlier runs of the journal left unanswered.

    Reading and evaluating go on while a window is sent. What is gathered and not sent when a
    run ends early is answered for as unsent, and planned in the journal: except where a guard
    stopped the run, or rejects or the journal cannot be written, so that it is read again. With
    `wait`, imports are followed for so many seconds after all is sent.
    """
    stop, ways = stop or Stop(), ways or DeliveryOptions()
    run = Run(plan, watchers, stop)
    delivery = Delivery(listrak, run.take_receipt, stop, ways, journal)

    def leave(window: Window, error: ListrakSyncError) -> None:
        """Answer for a window that is neither sent nor planned, once the one before is sent."""
        delivery.finish()
        stop.because(error)
        for batch in _batches(run.phases(window)):
            run.take_receipt(Unsent(batch, str(error)))

    def send(window: Window) -> None:
        phases = run.phases(window, LIST_IMPORT if delivery.fell_back else None)
        try:
            planned = phases if journal is None else journal.plan(phases, run.files, run.checkpoint)
        except SettingsError as error:
            leave(window, error)
            raise  # or a later window would be planned, and this one never read again
        delivery.start(planned)

    try:
        for phases in _left_over(journal, run):
            delivery.start(phases)
        for window in run.windows():
            send(window)
        if journal is not None:
            journal.plan((), run.files, Checkpoint(done=True))
    except (StoppedError, SettingsError) as error:
        leave(run.rest(), error)
    except Exception as error:  # noqa: BLE001 - handed on when all is answered for
        stop.because(error)
        with suppress(SettingsError):
            send(run.rest())
    delivery.finish()
    if journal is not None:
        try:
            journal.end()
        except SettingsError as error:
            stop.because(error)
    if wait is not None and stop.error is None:
        imports = run.report.imports()
        run.report.applied = wait_for_imports(listrak, imports, wait, stop, ways)
    run.report.fell_back = delivery.fell_back
    return RunResult(run.finish(), stop.error)


def _left_over(journal: Journal | None, run: Run) -> Iterator[Phases]:
    """Yield what unfinished runs left unanswered, the oldest first; count it apart.

    What was meant for another destination stays where it is.
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
    """Count batches of an earlier window, and number their files as this run does.

    Another run's mappings have other names, which nobody knows any more.
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


def unfinished(journal: Journal, run: str | None) -> RunInfo | None:
    """Return the run to resume: the one named, else the newest that is not finished."""
    open_runs = [info for info in journal.runs() if not info.is_finished]
    if run is None:
        return open_runs[0] if open_runs else None
    return next((info for info in open_runs if info.id == run), None)


def _request_line(addresses: Addresses, batch: Batch) -> bytes:
    """Return a request as dry-run shows it: the body last, byte for byte."""
    url = addresses.url_of(batch.list_id, by_list_import=batch.route == LIST_IMPORT)
    return b'{"method": "POST", "url": %b, "body": %b}' % (msgspec.json.encode(url), batch.body)


def _contact_line(run: Run, contact: Contact) -> bytes:
    """Return a contact's final state as dry-run shows it."""
    encode = msgspec.json.encode
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
        b", ".join(map(encode, run.names(contact))),
        contact.line,
        encode(run.files[contact.file]),
    )
