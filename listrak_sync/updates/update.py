"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec

from listrak_sync.events.event import UNDECODABLE, unreadable
from listrak_sync.events.paths import Event, Path
from listrak_sync.mapping.compiler import DirectiveError
from listrak_sync.mapping.conditions import paths_of
from listrak_sync.mapping.model import Mapping
from listrak_sync.updates.changes import Changes, changes_maker, list_finder
from listrak_sync.updates.email_addresses import EMAIL_PATHS, address_finder
from listrak_sync.updates.membership import audience_paths
from listrak_sync.updates.rejected import RejectedError

TIMESTAMP: Final = ("timestamp",)


Update: TypeAlias = tuple[int, str, Changes, int]
"""A line, an e-mail address, what is to change for it, and when the event happened.

The instant is in nanoseconds since 1970, or NEVER. There is an update for each match, and many
share their changes: so it is a bare tuple.
"""

changes_of: Final[Callable[[Update], Changes]] = itemgetter(2)


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: str
    detail: str


def made_by(made: Update | Rejected) -> int:
    """Return the index of the mapping that made an update or made none."""
    return made.mapping if isinstance(made, Rejected) else changes_of(made)[0].mapping


UNMAKEABLE: Final = (RejectedError, DirectiveError, *UNDECODABLE)
"""What is raised where an event lacks what an update takes."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a mapping's updates of events that it takes.

    `address` and `changes` find what an update is made of, or raise one of UNMAKEABLE.
    """

    mapping: int
    find_list: Callable[[Event], int]
    address: Callable[[Event], str]
    changes: Callable[[Event], Changes]

    def make(self, event: Event, line: int, instant: int) -> Update | Rejected:
        """Return the update of an event, or why there is none."""
        try:
            self.find_list(event)  # of several reasons, this is told
            return line, self.address(event), self.changes(event), instant
        except RejectedError as rejected:
            return Rejected(self.mapping, rejected.reason, rejected.detail)
        except DirectiveError as error:
            return Rejected(self.mapping, "directive_failed", str(error))
        except RecursionError:
            return Rejected(self.mapping, "directive_failed", "a value nests too deep")
        except UNDECODABLE as error:
            unread = unreadable(error)
            return Rejected(self.mapping, unread.reason, unread.detail)


def update_maker(index: int, mapping: Mapping) -> Maker:
    """Return what makes the updates of a mapping."""
    find_list = list_finder(mapping.list_id)
    address = address_finder(mapping.email_address)
    return Maker(index, find_list, address, changes_maker(index, mapping, find_list))


def read_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield every path of an event that decides a mapping's update, but those of `seldom_paths`."""
    yield TIMESTAMP
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)
    yield from mapping.list_id.paths
    if mapping.email_address is not None:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths


def seldom_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield the paths that decide it, too, but of which an event's readers ask for few."""
    if mapping.email_address is None:
        yield from EMAIL_PATHS
    if any(field.may_use_audience for field in mapping.fields):
        yield from audience_paths(mapping)
