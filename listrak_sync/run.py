"""One run over the input: events to windows, receipts to the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Final

import msgspec

from listrak_sync.batching.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    Batch,
    Route,
    batches,
    field_sets,
    single,
)
from listrak_sync.batching.window import Contact, Window
from listrak_sync.delivery.delivery import Phase, Phases
from listrak_sync.delivery.receipts import Receipt, RefusedBatch, UnsentBatch
from listrak_sync.delivery.sending import ignore
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import StoppedError
from listrak_sync.evaluation.evaluator import Evaluator
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.events.rejects import ContactUpdate, RefusedContact
from listrak_sync.fed_back import older_values, without_older
from listrak_sync.input.checkpoints import Checkpoint, ReadPoint, read_from
from listrak_sync.input.positions import Positions
from listrak_sync.input.ranges import InputUnit
from listrak_sync.input.ticks import Tick, with_ticks
from listrak_sync.input.units import Block
from listrak_sync.jobs.in_order import can_fork, evaluate_in_order
from listrak_sync.mapping.model import field_names
from listrak_sync.progress import Ended, Reading, Sending
from listrak_sync.reasons import Reason
from listrak_sync.report.counts import Report
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_checks import RunChecks
from listrak_sync.run_settings import RunSettings

_BROKEN: Final = frozenset({Reason.NOT_JSON, Reason.NOT_UTF8})
"""Why the last line of an input that is cut off is rejected."""

MANY_SETS: Final = 100
"""From how many sets of fields on their number is told: each takes a list import."""


class Run:
    """A run's report and the window that it gathers."""

    def __init__(self, settings: RunSettings, callbacks: RunCallbacks, stop: Stop) -> None:
        self.settings = settings
        self.callbacks = callbacks
        self.stop = stop
        names = [mapping.name for mapping in settings.mappings]
        self.report = Report(
            names,
            mapping_files=settings.mapping_files,
            inputs=settings.inputs,
            last_run=settings.last_run,
            remarks=settings.remarks,
            field_names=field_names(settings.mappings),
        )
        self.checks = RunChecks(settings, self.report)
        self.files: list[str] = []
        self._read_to: ReadPoint | None = None
        self._gathering: tuple[InputUnit, EvaluationResult, Updates] | None = None
        self.on_whole: Callable[[Window], None] | None = None
        """Called with the only window once the whole input is read, before the guards see it."""
        self.is_cut_off: dict[str, bool] = {}
        """Whether the last line of a file, by its name, could not be read."""
        self._single = [not mapping.enable_batching for mapping in settings.mappings]
        self._window = Window(self._single)
        self._gathered = 0
        self._told = set[str]()
        self._may_be_rows = not settings.sources or not settings.sources[0].rows.are_given
        self._positions = Positions(settings.sources)
        self._is_read = self._is_gathered = False
        self._answered = self._retries = 0
        self.to_send = 0
        """Contacts of what is sent so far: of the windows, and of what was left over."""
        self._started = time.monotonic()

    @property
    def checkpoint(self) -> Checkpoint:
        """Return how far the input is read that windows have been made of."""
        if self._read_to is None:
            return self.settings.start
        later = 0
        if self._gathering is not None:
            rejects = self._gathering[1].rejects
            later = sum(reject.line > self._read_to.line for reject in rejects)
        rejected = self.settings.start.rejects + self.report.rejected.total() - later
        return msgspec.structs.replace(self._read_to.checkpoint(), rejects=rejected)

    def windows(self) -> Iterator[Window]:
        """Read and evaluate the input; yield each window when it is full, and the last.

        Raises the reason to end early, StoppedError where a guard says no. What was gathered
        by then is in `rest`.
        """
        evaluator = Evaluator(
            self.settings.mappings,
            self.settings.rules,
            on_explanation=self.callbacks.on_explanation,
        )
        units: Iterator[InputUnit | Tick] = read_from(
            self.settings.sources, self.settings.start, in_units=not self._is_line_by_line
        )
        if self.settings.flush_every is not None:
            units = with_ticks(units, self.settings.flush_every)
        until_stopped = self._to_their_end(self.stop.until(units))
        with closing(
            evaluate_in_order(evaluator, until_stopped, self._jobs, self.stop.event.is_set)
        ) as results:
            for result in results:
                if isinstance(result, Tick):
                    if len(self._window):
                        yield self._full()
                    continue
                unit, evaluated = result
                self._look_for_older(evaluated)
                self._may_be_rows |= not isinstance(unit, Block) or unit.columns is not None
                self._gathering = unit, evaluated, evaluated.updates
                self._count(evaluated)
                yield from self._gather(unit, evaluated)
                self._gathered_all(unit, evaluated)
                self.checks.rejects()
                self._tell_reading(evaluated)
        self.callbacks.on_progress(Ended(Reading))
        if self._retries:
            what = (
                f"ranges of objects that did not come whole were asked for again: {self._retries}"
            )
            self.report.warnings += (what,)
        if self.stop.error is not None:
            raise self.stop.error
        self.report.funnels = evaluator.funnels()
        self.report.warn_of_older(is_skipped=self.settings.skip_older)
        if self.settings.start == Checkpoint() and self.settings.sources:
            taking = [mapping.name for mapping in self.settings.mappings if mapping.enabled]
            self.report.warn_of_nothing(taking)
            if not self._may_be_rows:  # files are looked at before; what a pipe holds is known now
                self.report.warnings += ("the input is not CSV: --audience or --trait did nothing",)
        self.checks.fewest(self._gathered + self._window.contacts)
        if self.on_whole is not None and not self.settings.start.done:
            self.checks.complete(is_cut_off=any(self.is_cut_off.values()))
            self.on_whole(self._window)
        self.checks.change(self._window, is_whole=True)
        self._is_gathered = True
        if len(self._window):
            yield self._full()

    def rest(self) -> Window:
        """Return all that is counted and in no window yet, wherever the run has ended."""
        if self._gathering is not None:
            unit, evaluated, updates = self._gathering
            self._window.add_all(updates, self.file(evaluated.file))
            self._gathered_all(unit, evaluated)
        return self._next_window()

    def phases(self, window: Window, route: Route | None = None) -> Phases:
        """Return a window's batches: those that go alone one by one, then the rest."""
        route = route or self.settings.route
        limits = self.settings.limits or DEFAULT_LIMITS[route]
        return (
            Phase(single(window.alone, route), alone=True),
            Phase(batches(window.together, route, limits)),
        )

    def count_planned(self, window: Window, on_batch: Callable[[Batch], object] = ignore) -> None:
        """Count the batches in which a push would send a window, and hand on each."""
        for batch in batches_of(self.phases(window)):
            self.report.count_planned(batch)
            on_batch(batch)

    def note_field_sets(self, window: Window, route: Route | None = None) -> None:
        """Tell where a window needs many list imports for the sets of fields in it."""
        if (route or self.settings.route) != LIST_IMPORT:
            return
        sets = field_sets(window.together())
        if sets > MANY_SETS:
            self.callbacks.on_note(
                f"{window.contacts:,} contacts set {sets:,} different sets of fields; a list "
                f"import holds contacts that set the same ones: {sets:,} requests or more"
            )

    def finish(self) -> Report:
        """Return the report with the time the run took."""
        self.report.seconds = time.monotonic() - self._started
        return self.report

    def take_receipt(self, receipt: Receipt) -> bool:
        """Count how a batch ended, and hand on its contacts where they were not accepted.

        Returns whether they could be handed on. What a callback raises, or a guard, ends the run;
        its other batches are still answered for.
        """
        self.report.count_receipt(receipt)
        try:
            self.callbacks.on_receipt(receipt)
            match receipt:
                case RefusedBatch(batch, reason, detail):
                    for contact in batch.contacts:
                        self.callbacks.on_reject(self._refused(contact, reason, detail))
                case UnsentBatch(batch, detail):
                    for contact in batch.contacts:
                        self.callbacks.on_reject(self._refused(contact, Reason.UNSENT, detail))
        except Exception as error:  # noqa: BLE001 - told when all is answered for
            self.stop.because(error)
            return False
        try:
            if isinstance(receipt, RefusedBatch):  # what is read meanwhile stops the reader
                self.checks.rejects()
        except Exception as error:  # noqa: BLE001 - as above
            self.stop.because(error)
        self._answered += len(receipt.batch.contacts)
        self.tell_sending()
        return True

    def tell_sending(self) -> None:
        """Tell how many contacts are answered for; what the callback raises ends the run."""
        try:
            self.callbacks.on_progress(Sending(self._answered, self.to_send, self._is_gathered))
        except Exception as error:  # noqa: BLE001 - its contacts are answered for all the same
            self.stop.because(error)

    def reject_contact(self, contact: Contact, reason: Reason, detail: str) -> None:
        """Hand on a contact that is not sent because of what Listrak holds."""
        self.report.refused[reason] += 1
        self.callbacks.on_reject(self._refused(contact, reason, detail))

    def names(self, contact: Contact) -> list[str]:
        """Return the names of the mappings that gave a contact's values."""
        names = self.report.names
        return [names[index] for index in contact.mappings if 0 <= index < len(names)]

    def origin(self, contact: Contact) -> tuple[Sequence[str], str, int]:
        """Return the mappings that gave a contact's values, with the file and line of the last."""
        if contact.origin is not None:
            return contact.origin.mappings, contact.origin.file, contact.origin.line
        return self.names(contact), self.files[contact.file], contact.line

    @property
    def _is_line_by_line(self) -> bool:
        """Say whether each event counts at once."""
        explains = self.callbacks.on_explanation is not None
        return explains or self.settings.flush_every is not None

    @property
    def _jobs(self) -> int:
        """Return how many processes evaluate."""
        return self.settings.jobs if can_fork() and not self._is_line_by_line else 1

    def _to_their_end(self, units: Iterator[InputUnit | Tick]) -> Iterator[InputUnit | Tick]:
        """Yield units, and note when they have ended."""
        yield from units
        self._is_read = True

    def _tell_reading(self, evaluated: EvaluationResult) -> None:
        done = self._positions.of(evaluated.file, evaluated.position)
        total, lines = self._positions.total, self.report.lines
        step = Reading(done, total, lines, is_evaluating=self._is_read)
        self.callbacks.on_progress(step)

    def _look_for_older(self, evaluated: EvaluationResult) -> None:
        """Count the values of rejects that are older than what was sent, or leave them out."""
        newest_sent = self.callbacks.newest_sent
        if not evaluated.fed_back or newest_sent is None:
            return
        older = older_values(evaluated, newest_sent)
        self.report.older_than_sent += len(older)
        if older and self.settings.skip_older:
            without_older(evaluated, older)

    def _count(self, evaluated: EvaluationResult) -> None:
        self.report.count_evaluated(evaluated)
        self.is_cut_off[evaluated.file] = any(
            reject.reason is Reason.UNREADABLE_FILE
            or (reject.line == evaluated.end.line and reject.reason in _BROKEN)
            for reject in evaluated.rejects
        )
        if evaluated.retries:
            self._retries += evaluated.retries
            times = f"asked again, {evaluated.retries} times"
            self.callbacks.on_detail(f"{evaluated.file}: a range did not come whole: {times}")
        for what, line in evaluated.not_events.items():
            if what not in self._told:
                self._told.add(what)
                self.report.warnings += (f"{evaluated.file}:{line}: {what}",)
        for reject in evaluated.rejects:
            self.callbacks.on_reject(reject)

    def _gather(self, unit: InputUnit, evaluated: EvaluationResult) -> Iterator[Window]:
        """Add updates to the window; yield it when it is full, between two lines."""
        file, updates = self.file(evaluated.file), evaluated.updates
        before = start = 0
        while start < len(updates):
            line = updates.lines[start]
            if line != before and self._is_full:
                if self.on_whole is not None:
                    hint = "Give it a larger --window: the whole input says who is switched off."
                    raise StoppedError("the input is more than one window", hint)
                if before:
                    self._read_to = ReadPoint(unit, line - 1, evaluated.begins)
                self._gathering = unit, evaluated, updates.between(start)
                yield self._full()
            # A line's updates stay in one window. Each update takes up to two places in it (a
            # contact, and one that goes out alone), so half of what is left always fits.
            room = self.settings.window - len(self._window)
            some = updates.between(start, start + max(1, room // 2))
            self._window.add_all(some, file)
            before, start = some.lines[-1], start + len(some)

    @property
    def _is_full(self) -> bool:
        """Say whether the window holds as many contacts, or as long values, as it may."""
        contacts, bytes_ = self.settings.window, self.settings.window_bytes
        return len(self._window) >= contacts or self._window.bytes >= bytes_

    def _gathered_all(self, unit: InputUnit, evaluated: EvaluationResult) -> None:
        """Note that everything of a result is in a window."""
        self._read_to = ReadPoint(unit, evaluated.end.line, (evaluated.end,))
        self._gathering = None

    def _full(self) -> Window:
        """Return the window, which the guards let pass."""
        self._gathered += self._window.contacts
        self.checks.window(self._window, self._gathered)
        return self._next_window()

    def _next_window(self) -> Window:
        window, self._window = self._window, Window(self._single)
        self.report.count_window(window)
        if self.settings.rules.by_timestamp:
            self.report.ordered_by_line += window.ordered_by_line
        return window

    def _refused(self, contact: Contact, reason: Reason, detail: str) -> RefusedContact:
        fields = {str(field_id): value for field_id, value in contact.fields}
        update = ContactUpdate(contact.list_id, contact.email_address, fields)
        names, file, line = self.origin(contact)
        name = names[0] if len(names) == 1 else None
        return RefusedContact(reason, detail, file, line, name, update)

    def file(self, name: str) -> int:
        """Return the index of a file, which is the one read last or a new one."""
        if not self.files or self.files[-1] != name:
            self.files.append(name)
        return len(self.files) - 1


def batches_of(phases: Phases) -> Iterator[Batch]:
    """Yield the batches of every phase."""
    for phase in phases:
        yield from phase.batches
