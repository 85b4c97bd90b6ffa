"""Follows imports until they have ended, where Listrak lets us ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from listrak_sync.delivery.sender import Listrak
from listrak_sync.delivery.stop import Stop
from listrak_sync.delivery.ways import Waiting, Ways
from listrak_sync.errors import UnreachableError
from listrak_sync.listrak.verdicts import Failure, Unavailable

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 15.0
"""Seconds between two questions about an import: they double from the first to the longest."""

MAX_DIGITS: Final = 10
"""What is longer is no id: all of Listrak's are of 32 bits."""

Import: TypeAlias = tuple[int, str]
"""A list's id and the id of an import of it, as Listrak named it."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Imports by what is known of them once nobody waits any more.

    Of the unverified ones Listrak says nothing: the id is none, or may not be asked about.
    """

    ended: frozenset[Import]
    running: frozenset[Import]
    unverified: frozenset[Import]


def follow(
    listrak: Listrak,
    imports: Iterable[Import],
    patience: float,
    stop: Stop,
    ways: Ways,
    on_end: Callable[[Import], bool] = lambda _: True,
) -> Followed:
    """Ask about imports until all have ended, patience (in seconds) is, or the run is stopped.

    What could not be asked about by then is running, for all that is known. `on_end` is told of
    each import when it has ended, may ask about it in the same time, and says whether that is
    done: else it is told again.
    """
    senses, running = ways.senses, dict.fromkeys(imports)
    ended: set[Import] = set()
    unverified: set[Import] = set()
    until = senses.clock() + patience
    pause = FIRST_PAUSE
    while running:
        for each in tuple(running):
            if stop.event.is_set() or senses.clock() > until:
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
        left = until - senses.clock()
        if not running or left <= 0 or stop.event.is_set():
            break
        pause = min(pause, left)
        ways.on_wait(Waiting(len(running), patience - left, pause))
        senses.rest(stop.event, pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return Followed(frozenset(ended), frozenset(running), frozenset(unverified))


def waited_too_long(running: Collection[Import], seconds: float) -> UnreachableError:
    """Return what to tell where imports have not ended after so many seconds."""
    named = ", ".join(f"{import_id} of list {list_id}" for list_id, import_id in sorted(running))
    hint = "Newer values must not overtake them: run it again when Listrak has caught up."
    return UnreachableError(f"imports did not end within {seconds:.0f} s: {named}", hint)


def _finished(listrak: Listrak, each: Import) -> bool | Failure | None:
    """Say whether an import has ended, or why that is not told; None for what is no id."""
    list_id, import_id = each
    if not import_id.isascii() or not import_id.isdigit() or len(import_id) > MAX_DIGITS:
        return None
    return listrak.import_finished(list_id, int(import_id))
