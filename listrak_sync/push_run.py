"""One push: sends what was left over and every window, and answers for what it cannot send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

import msgspec

from listrak_sync.account.state import AccountState, ReadsAccount
from listrak_sync.batching.batches import LIST_IMPORT, Batch, Route
from listrak_sync.batching.window import Window
from listrak_sync.comparing import Comparing
from listrak_sync.delivery.delivery import Delivery, Phase, Phases
from listrak_sync.delivery.imports import Summarizing
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import UnsentBatch
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import ExhaustedError, OutputError, SettingsError, StoppedError
from listrak_sync.evaluation.result import RESENT, Updates
from listrak_sync.evaluation.updates import shared
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.listrak.verdicts import Failure, ListInfo
from listrak_sync.run import Run, batches_of
from listrak_sync.verification import Verification


class Pushing(Summarizing, ReadsAccount, Protocol):
    """The part of Listrak's API that a push needs."""

    def list(self, list_id: int) -> ListInfo | Failure:
        """Return one list."""


class PushRun:
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
        before = self._left_out
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
        self._begin_sending(window, self._left_out - before)
        self._delivery.start(planned)
        self._verify(window)

    @property
    def _left_out(self) -> int:
        """Return how many contacts comparisons have left out so far."""
        lists = self.run.report.lists.values()
        return sum(each.already_right + each.not_on_list + each.unsubscribed for each in lists)

    def _begin_sending(self, window: Window, left_out: int) -> None:
        """Tell how many contacts there are to send."""
        if all(mapping.enable_batching for mapping in self._settings.mappings):
            self.run.to_send += window.contacts - left_out  # counting the rest takes far longer
        else:
            self.run.to_send += window.contacts_to_send
        self.run.tell_sending()

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
        self.run.to_send += window.contacts_to_send
        for batch in batches_of(self.run.phases(window)):
            self.run.take_receipt(UnsentBatch(batch, str(error)))


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
            run.to_send += info.contacts.get("planned", 0)
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
