"""One batch to Listrak: how it ends, or what is to be sent in its place."""

from __future__ import annotations

from listrak_sync.delivery.consequences import Step, error_for, step_for
from listrak_sync.delivery.isolation import Isolation, halves
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.sender import Listrak, Sender
from listrak_sync.delivery.stop import Stop
from listrak_sync.delivery.ways import Ways
from listrak_sync.listrak.verdicts import (
    Accepted,
    BetaClosed,
    Denied,
    Failure,
    NoSuchList,
    NotFound,
    Redirected,
    Refused,
    TooLarge,
    Unavailable,
    Unexpected,
    words_of,
)
from listrak_sync.updates.batches import (
    DEFAULT_LIMITS,
    LIST_IMPORT,
    PROFILE_FIELDS,
    Batch,
    rebatch,
)


class Outcomes:
    """Sends batches, from several threads, and takes the step that each answer leads to."""

    def __init__(self, listrak: Listrak, isolation: Isolation, stop: Stop, ways: Ways) -> None:
        self._listrak = listrak
        self._isolation = isolation
        self._stop = stop
        self._falls_back = ways.fall_back
        self._sender = Sender(listrak, stop, ways.policy, ways.senses, ways.on_retry)
        self._existing: set[int] = set()
        self.fell_back = False
        """Whether the profile-fields route is closed and the rest goes by list import."""

    def of(self, batch: Batch) -> Receipt | list[Batch]:
        """Send a batch; return how it ended, or the parts to send in its place."""
        if self._stop.event.is_set():
            return self._stopped(batch)
        words = self._isolation.verdict_on(batch)
        if words is not None:
            return Undelivered(batch, "list_refused", words)
        if batch.route == PROFILE_FIELDS and self.fell_back:
            return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
        parts = self._isolation.fitting(batch)
        if len(parts) > 1:
            return parts
        match self._sender.send(batch):
            case None:
                return self._stopped(batch)
            case Accepted(resource_ids):
                return Delivered(batch, resource_ids)
            case failure:
                return self._lead(batch, failure)

    def _lead(self, batch: Batch, failure: Failure) -> Receipt | list[Batch]:
        """Take the step that a failure leads to."""
        words = words_of(failure)
        match step_for(failure, len(batch.contacts)):
            case Step.HALVE:
                return halves(batch)
            case Step.SHRINK:
                self._isolation.too_large(batch)
                return self._isolation.fitting(batch)
            case Step.ASK if isinstance(failure, NotFound):
                told = self._tell_apart(batch, failure)
                return self._stopped(batch) if told is None else self._lead(batch, told)
            case Step.REFUSE_CONTACT:
                return Undelivered(batch, "refused_by_listrak", words)
            case Step.REFUSE_LARGE:
                return Undelivered(batch, "too_large", words)
            case Step.REFUSE_LIST:
                self._isolation.give_up(batch.list_id, f"list {batch.list_id}: {words}")
                return Undelivered(batch, "list_refused", f"list {batch.list_id}: {words}")
            case Step.FALL_BACK if self._falls_back and batch.route == PROFILE_FIELDS:
                self.fell_back = True
                return list(rebatch(batch, DEFAULT_LIMITS[LIST_IMPORT], LIST_IMPORT))
            case _:
                error = error_for(failure)
                self._stop.because(error)
                return Unsent(batch, error.message)

    def _stopped(self, batch: Batch) -> Unsent:
        return Unsent(batch, str(self._stop.error))

    def _tell_apart(self, batch: Batch, failure: NotFound) -> Failure | None:
        """Ask whether a list is missing; where it is there, the body was too large.

        A list that was there is asked for again only for a single contact. Returns None where
        the run was stopped before an answer.
        """
        if batch.list_id not in self._existing or len(batch.contacts) == 1:
            match self._sender.ask(lambda: self._listrak.list(batch.list_id)):
                case None:
                    return None
                case NotFound(code, message):
                    return NoSuchList(code, message)
                case Denied() | Unavailable() | Redirected() | Unexpected() as found:
                    return found
                case Refused(code, message) | TooLarge(code, message) | BetaClosed(code, message):
                    return Unexpected(code, message)
            self._existing.add(batch.list_id)
        return TooLarge(failure.code, failure.message)
