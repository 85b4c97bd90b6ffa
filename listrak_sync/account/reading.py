"""Reads the contacts of a list: page by page, or one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

from listrak_sync.delivery.outcomes import error_for
from listrak_sync.delivery.sending import DeliveryOptions, Retrying, UnansweredError, ignore
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import (
    AccessRefusedError,
    ListrakSyncError,
    StoppedError,
    UnreachableError,
    start_thread,
)
from listrak_sync.listrak.verdicts import (
    ContactPage,
    Denied,
    Failure,
    HeldContact,
    NoSuchList,
    NotFound,
    Refused,
    SubscriptionState,
    TooLarge,
    words_of,
)

_T = TypeVar("_T")
_START: Final = "Start"

_AREA_HINT: Final = """\
To read a list's contacts, the integration needs the area Contact. Look under Integration
Management in Listrak; then: listrak-sync auth test"""


class ReadsContacts(Protocol):
    """The part of Listrak's API that reads contacts."""

    def contacts(
        self, list_id: int, state: SubscriptionState, fields: Sequence[int], cursor: str
    ) -> ContactPage | Failure:
        """Return a page of a list's contacts with some fields."""

    def contact(self, list_id: int, email: str, fields: Sequence[int]) -> HeldContact | Failure:
        """Return a contact with some fields."""


class PagesRefusedError(StoppedError):
    """Listrak does not give a list's contacts page by page."""


class Reader:
    """Reads contacts with the patience of a delivery, and counts its requests.

    Every method raises the error that a failure means once retries are over, and the reason to
    stop where the run is stopped meanwhile. What was yielded by then is not all of it.
    """

    def __init__(self, api: ReadsContacts, stop: Stop, options: DeliveryOptions) -> None:
        self._api = api
        self._stop = stop
        self._in_flight = options.in_flight
        self._retrying = Retrying(options.policy, stop, options.timing, options.on_retry)
        self.requests = 0
        self.on_read: Callable[[int, int], object] = ignore
        """Told of each list, and of how many more contacts of it are read; from any thread."""

    def pages(
        self, list_id: int, state: SubscriptionState, fields: Sequence[int]
    ) -> Iterator[ContactPage]:
        """Yield the contacts of a list, page by page, with at most 30 fields."""
        cursor: str | None = _START
        seen: set[str] = set()
        while cursor is not None:
            if cursor in seen:
                message = f"list {list_id}: its pages lead in a circle: {cursor!r} came twice"
                raise UnreachableError(message, "Nothing was sent for it. Run it again later.")
            seen.add(cursor)
            page = self._read(list_id, cursor, state, fields)
            self.on_read(list_id, len(page.contacts))
            yield page
            cursor = page.following

    def _read(
        self, list_id: int, cursor: str, state: SubscriptionState, fields: Sequence[int]
    ) -> ContactPage:
        self.requests += 1
        page = self.ask(lambda: self._api.contacts(list_id, state, fields, cursor))
        match page:
            case ContactPage():
                return page
            case Refused():
                error = _error(list_id, page)
                raise PagesRefusedError(error.message, error.hint)
        raise _error(list_id, page)

    def one_by_one(
        self, list_id: int, emails: Sequence[str], fields: Sequence[int]
    ) -> list[HeldContact | None] | None:
        """Return each of some contacts with at most 30 fields, None where it is not on the list.

        In place of all of them it returns None where Listrak does not take one of the addresses:
        pages do not name any.
        """
        found: dict[str, HeldContact | Failure] = {}
        errors: list[ListrakSyncError] = []
        left, lock = iter(emails), threading.Lock()

        def work() -> None:
            try:
                while True:
                    with lock:
                        email = next(left, None)
                        self.requests += email is not None
                    if email is None:
                        return
                    found[email] = self.ask(
                        lambda wanted=email: self._api.contact(list_id, wanted, fields)  # type: ignore[misc]  # bound now
                    )
                    if not isinstance(found[email], HeldContact | NotFound):
                        return
                    self.on_read(list_id, 1)
            except ListrakSyncError as error:
                errors.append(error)

        # Daemons, as those that send: a second signal must end the process.
        count = min(self._in_flight, len(emails))
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        for thread in threads:
            start_thread(thread)
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        failures = [each for each in found.values() if not isinstance(each, HeldContact | NotFound)]
        if any(isinstance(failure, Refused) for failure in failures):
            return None
        if failures:
            raise _error(list_id, failures[0])
        held = map(found.get, emails)
        return [each if isinstance(each, HeldContact) else None for each in held]

    def ask(self, question: Callable[[], _T]) -> _T:
        """Return the answer to a question, or the failure that stays."""
        try:
            return self._retrying.ask(question)
        except UnansweredError:
            raise self._stopped() from None

    def _stopped(self) -> ListrakSyncError:
        error = self._stop.error
        return error if isinstance(error, ListrakSyncError) else StoppedError(str(error))


def _error(list_id: int, failure: Failure) -> ListrakSyncError:
    """Return the error of a run that cannot read a list."""
    what = f"the contacts of list {list_id} cannot be read: {words_of(failure)}"
    match failure:
        case NotFound() | NoSuchList() | Refused() | TooLarge():
            hint = "See: listrak-sync lists; listrak-sync fields LIST_ID"
            return StoppedError(what, hint)
        case Denied():
            return AccessRefusedError(what, _AREA_HINT)
    return error_for(failure)
