"""Follows imports until they have ended, where Listrak lets us ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from listrak_sync.delivery.polling import StillOpen, poll
from listrak_sync.delivery.receipts import ImportKey
from listrak_sync.delivery.sending import DeliveryOptions, Listrak
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import UnreachableError
from listrak_sync.listrak.verdicts import Failure, ImportSummary, Unavailable

MAX_DIGITS: Final = 10
"""Listrak's ids are numbers of 32 bits: what has more digits is not an id."""


class Summarizing(Listrak, Protocol):
    """The part of Listrak's API that tells how imports ended."""

    def import_summary(self, list_id: int, import_id: int) -> ImportSummary | Failure:
        """Return the counts of an import, or why we cannot have them."""


ImportState: TypeAlias = Literal["ended", "running", "unverified"]


class Applied(msgspec.Struct):
    """What the imports of a list did: imports by what is known, contacts by how they ended."""

    ended: int = 0
    running: int = 0
    unverified: int = 0
    applied: int = 0
    skipped: int = 0
    suppressed: int = 0
    invalid: int = 0
    previously_unsubscribed: int = 0

    def unaccounted(self, accepted: int) -> int | None:
        """Return how many of the accepted contacts Listrak does not mention.

        None where Listrak has not told of every import of the list what it did.
        """
        if self.running or self.unverified:
            return None
        told = self.applied + self.skipped + self.suppressed + self.invalid
        # A contact may have gone along with another one, and is counted twice then.
        return max(0, accepted - told - self.previously_unsubscribed)

    def count(self, summary: ImportSummary) -> None:
        """Add the counts of an import."""
        invalid = summary.invalid_email_count + summary.banned_count
        unsubscribed = summary.previously_unsubscribed_count
        others = summary.skipped_count + summary.suppressed_count + invalid + unsubscribed
        self.applied += max(0, summary.processed_count - others)
        self.skipped += summary.skipped_count
        self.suppressed += summary.suppressed_count
        self.invalid += invalid
        self.previously_unsubscribed += unsubscribed


@dataclass(frozen=True, slots=True)
class Followed:
    """Imports by what is known of them when the waiting ends.

    `unverified` are those of which Listrak tells nothing: the id is not usable, or we may not
    ask about it.
    """

    ended: frozenset[ImportKey]
    running: frozenset[ImportKey]
    unverified: frozenset[ImportKey]


def wait_for_imports(
    listrak: Summarizing,
    imports: Iterable[ImportKey],
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
) -> dict[int, Applied]:
    """Wait for imports, at most `patience` seconds; return for each list what its imports did."""
    lists: dict[int, Applied] = {}
    states = _states(listrak, imports, patience, stop, options, lists)
    for (list_id, _), state in states.items():
        entry = lists.setdefault(list_id, Applied())
        entry.running += state == "running"
        entry.unverified += state == "unverified"
    return lists


def import_states(
    listrak: Summarizing,
    imports: Iterable[ImportKey],
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
) -> dict[ImportKey, ImportState]:
    """Wait for imports, at most `patience` seconds; return what is known of each then."""
    return _states(listrak, imports, patience, stop, options, {})


def _states(
    listrak: Summarizing,
    imports: Iterable[ImportKey],
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
    lists: dict[int, Applied],
) -> dict[ImportKey, ImportState]:
    """Wait for imports; return what is known of each, and add to each list what they did."""
    untold: set[ImportKey] = set()
    unknown: set[ImportKey] = set()

    def count(ended: ImportKey) -> bool:
        list_id, import_id = ended
        entry = lists.setdefault(list_id, Applied())
        match listrak.import_summary(list_id, int(import_id)):
            case ImportSummary() as summary:
                entry.ended += 1
                entry.count(summary)
            case Unavailable():
                untold.add(ended)
                return False
            case _:
                unknown.add(ended)
        return True

    followed = follow(listrak, imports, patience, stop, options, count)
    states: dict[ImportKey, ImportState] = dict.fromkeys(followed.ended, "ended")
    states |= dict.fromkeys(followed.running - untold, "running")
    unverified = followed.unverified | (followed.running & untold) | unknown
    return states | dict.fromkeys(unverified, "unverified")


def follow(
    listrak: Listrak,
    imports: Iterable[ImportKey],
    patience: float,
    stop: Stop,
    options: DeliveryOptions,
    on_end: Callable[[ImportKey], bool] = lambda _: True,
) -> Followed:
    """Ask about imports until all have ended, `patience` seconds are over, or the run stops.

    An import that could not be asked about by then counts as running. `on_end` is called for
    each import that has ended. It may ask about it in the same time; where it returns False, it
    is called again.
    """
    running = dict.fromkeys(imports)
    ended: set[ImportKey] = set()
    unverified: set[ImportKey] = set()

    def ask(is_over: Callable[[], bool]) -> StillOpen:
        pause = 0.0
        for each in tuple(running):
            if is_over():
                break
            match _finished(listrak, each):
                case True if on_end(each):
                    ended.add(each)
                    del running[each]
                case bool():
                    pass
                case Unavailable(retry_after=asked):
                    pause = max(pause, asked or 0.0)
                case _:
                    unverified.add(each)
                    del running[each]
        return StillOpen(len(running), pause)

    if running:
        poll(ask, "import", len(running), patience, stop, options)
    return Followed(frozenset(ended), frozenset(running), frozenset(unverified))


def waited_too_long(running: Collection[ImportKey], seconds: float) -> UnreachableError:
    """Return the error of a run whose imports have not ended after some seconds."""
    named = ", ".join(f"{import_id} of list {list_id}" for list_id, import_id in sorted(running))
    hint = "Newer values must not overtake them: run it again when Listrak has caught up."
    return UnreachableError(f"imports did not end within {seconds:.0f} s: {named}", hint)


def _finished(listrak: Listrak, each: ImportKey) -> bool | Failure | None:
    """Say whether an import has ended, or why we cannot know; None for an unusable id."""
    list_id, import_id = each
    if not import_id.isascii() or not import_id.isdigit() or len(import_id) > MAX_DIGITS:
        return None
    return listrak.import_finished(list_id, int(import_id))
