"""The stations in their order: events in, imports accepted, everything answered for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

import msgspec

from listrak_sync.delivery.deliver import Delivery, Phases, Receipt, Route, Undelivered, Unsent
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ListrakSyncError, StoppedError
from listrak_sync.events.rejects import ContactUpdate, RefusedContact, Reject
from listrak_sync.events.sources import Source, read
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.file import Mapping
from listrak_sync.report import Report
from listrak_sync.updates.batches import Limits, batches, single
from listrak_sync.updates.evaluate import Evaluator
from listrak_sync.updates.explain import ExplainingEvaluator, Explanation
from listrak_sync.updates.window import Contact, Window

DEFAULT_WINDOW: Final = 1_000_000

OnReject: TypeAlias = Callable[[Reject | RefusedContact], None]
OnProgress: TypeAlias = Callable[[Report, str, int], None]
"""Called now and then with the report so far, the file and its position in bytes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run reads, and by which rules: the same for dry-run and push."""

    sources: Sequence[Source]
    mappings: Sequence[Mapping]
    ignore_integrations: bool = False
    by_timestamp: bool = True
    window: int = DEFAULT_WINDOW
    limits: Limits = field(default_factory=Limits)
    max_rejects: int | None = None


def _ignore(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told what happens while a run goes on; rejects come from several threads."""

    on_reject: OnReject = _ignore
    on_progress: OnProgress = _ignore
    on_receipt: Callable[[Receipt], None] = _ignore
    on_explanation: Callable[[Explanation], None] | None = None


class Run:
    """One run over the input: its report, and the windows that it gathers."""

    def __init__(self, plan: Plan, watchers: Watchers, stop: Stop | None = None) -> None:
        self.plan = plan
        self.watchers = watchers
        self.stop = stop or Stop()
        self.report = Report([mapping.name for mapping in plan.mappings])
        self.files: list[str] = []
        self._single = [not mapping.enable_batching for mapping in plan.mappings]
        self._window = Window(self._single)
        self._started = time.monotonic()

    def windows(self) -> Iterator[Window]:
        """Read and evaluate the input; yield each window when it is full, and the last.

        Raises the reason to end early, StoppedError where there are more rejects than are
        allowed. What was gathered by then is in `rest`.
        """
        plan, report = self.plan, self.report
        evaluator = self._evaluator()
        pieces = read(plan.sources)
        while (piece := self.stop.next(pieces)) is not None:
            evaluated = evaluator.evaluate(piece)
            file = self._file(evaluated.file)
            report.count_evaluated(evaluated)
            for reject in evaluated.rejects:
                self.watchers.on_reject(reject)
            for line, update in evaluated.updates:
                self._window.add(update, file, line)
                if len(self._window) >= plan.window:
                    self._check_rejects()
                    yield self.rest()
            self._check_rejects()
            self.watchers.on_progress(report, evaluated.file, evaluated.position)
        if isinstance(evaluator, ExplainingEvaluator):
            report.funnels = tuple(evaluator.funnels())
        if len(self._window):
            yield self.rest()

    def rest(self) -> Window:
        """Return what is gathered, counted, and begin a new window."""
        window, self._window = self._window, Window(self._single)
        self.report.count_window(superseded=window.superseded, values_to_send=window.values)
        return window

    def _evaluator(self) -> Evaluator:
        """Return an evaluator that explains only where somebody listens."""
        explain = self.watchers.on_explanation
        make = (
            Evaluator if explain is None else partial(ExplainingEvaluator, on_explanation=explain)
        )
        return make(
            self.plan.mappings,
            ignore_integrations=self.plan.ignore_integrations,
            by_timestamp=self.plan.by_timestamp,
        )

    def phases(self, window: Window) -> Phases:
        """Return a window's batches: those that go alone one by one, then the rest."""
        return (
            (single(window.alone), False),
            (batches(window.together(), self.plan.limits), True),
        )

    def finish(self) -> Report:
        """Return the report with the time the run took."""
        self.report.seconds = time.monotonic() - self._started
        return self.report

    def take_receipt(self, receipt: Receipt) -> None:
        """Count how a batch ended, and hand on its contacts where they were not accepted."""
        self.report.count_receipt(receipt)
        self.watchers.on_receipt(receipt)
        match receipt:
            case Undelivered(batch, reason, detail):
                for contact in batch.contacts:
                    self.watchers.on_reject(self._refused(contact, reason, detail))
            case Unsent(batch, detail):
                for contact in batch.contacts:
                    self.watchers.on_reject(self._refused(contact, "unsent", detail))

    def names(self, contact: Contact) -> list[str]:
        """Return the names of the mappings that gave a contact's values."""
        return [self.report.names[index] for index in contact.mappings if index >= 0]

    def _refused(self, contact: Contact, reason: str, detail: str) -> RefusedContact:
        fields = {str(field_id): value for field_id, value in contact.fields}
        update = ContactUpdate(contact.list_id, contact.email_address, fields)
        names = self.names(contact)
        name = names[0] if len(names) == 1 else None
        return RefusedContact(reason, detail, self.files[contact.file], contact.line, name, update)

    def _file(self, name: str) -> int:
        """Return the index of a file, which is the one read last or a new one."""
        if not self.files or self.files[-1] != name:
            self.files.append(name)
        return len(self.files) - 1

    def _check_rejects(self) -> None:
        limit, count = self.plan.max_rejects, self.report.rejects.total()
        if limit is not None and count > limit:
            hint = "Look at what --rejects FILE holds; allow more with --max-rejects."
            raise StoppedError(f"{count} rejects are more than --max-rejects {limit}", hint)


def dry_run(
    plan: Plan,
    watchers: Watchers,
    *,
    on_request: Callable[[bytes], None] | None = None,
    on_contact: Callable[[bytes], None] | None = None,
    addresses: Addresses | None = None,
    stop: Stop | None = None,
) -> tuple[Report, Exception | None]:
    """Do everything that a push does except to send; return as push does.

    `on_request` is given a JSON line for each request, `on_contact` one for each contact.
    """
    run = Run(plan, watchers, stop)
    addresses = addresses or Addresses()

    def show(window: Window) -> None:
        for phase, _ in run.phases(window):
            for batch in phase:
                run.report.contacts += len(batch.contacts)
                if on_request is not None:
                    url = addresses.profile_fields_url(batch.list_id)
                    on_request(_request_line(url, batch.body))

    try:
        for window in run.windows():
            if on_contact is None:
                show(window)
                continue
            for contact in window.final():
                run.report.contacts += 1
                on_contact(_contact_line(run, contact))
    except ListrakSyncError as error:
        return run.finish(), error
    return run.finish(), None


def push(
    plan: Plan, watchers: Watchers, route: Route, *, in_flight: int = 4, stop: Stop | None = None
) -> tuple[Report, Exception | None]:
    """Send what the input asks for; return the report, and why the run ended early if it did.

    Reading and evaluating go on while a window is sent. What is gathered and not sent when a
    run ends early is answered for as unsent.
    """
    run = Run(plan, watchers, stop)
    delivery = Delivery(route, run.take_receipt, run.stop, in_flight=in_flight)
    try:
        for window in run.windows():
            delivery.start(run.phases(window))
    except Exception as error:  # noqa: BLE001 - handed on when all is answered for
        run.stop.because(error)
        delivery.start(run.phases(run.rest()))
    delivery.finish()
    return run.finish(), run.stop.error


def _request_line(url: str, body: bytes) -> bytes:
    """Return a request as dry-run shows it: the body last, byte for byte."""
    return b'{"method": "POST", "url": %b, "body": %b}' % (msgspec.json.encode(url), body)


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
