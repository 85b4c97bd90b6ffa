"""A mapping and an event that it takes: the update, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, Final, TypeAlias

import msgspec

from listrak_sync.events.paths import Event, Path
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.mapping.compiler import DirectiveError
from listrak_sync.mapping.conditions import paths_of
from listrak_sync.mapping.model import Mapping
from listrak_sync.updates.changes import Change, change_maker, list_finder
from listrak_sync.updates.email_addresses import EMAIL_PATHS, address_finder
from listrak_sync.updates.membership import audience_paths
from listrak_sync.updates.rejected import RejectedError

TIMESTAMP: Final = ("timestamp",)


Update: TypeAlias = tuple[int, str, Change, int]
"""A line, an e-mail address, what is to change for it, and when the event happened.

The instant is in nanoseconds since 1970, or NEVER. There is an update for each match, and many
share a change: so it is a bare tuple.
"""

change_of: Final[Callable[[Update], Change]] = itemgetter(2)


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Why a mapping that takes an event makes no update of it."""

    mapping: int
    reason: str
    detail: str


def mapping_of(made: Update | Rejected) -> int:
    """Return the index of the mapping that made an update or made none."""
    return made.mapping if isinstance(made, Rejected) else change_of(made).mapping


MakeUpdate: TypeAlias = Callable[[Event, int], Update | Rejected]
"""Makes an update of an event and its line."""


def update_maker(index: int, mapping: Mapping, *, by_timestamp: bool) -> MakeUpdate:
    """Return the function that makes a mapping's update of an event that it takes."""
    list_id = list_finder(mapping.list_id)
    email_address = address_finder(mapping.email_address)
    change = change_maker(index, mapping)
    happened = _happened if by_timestamp else _never

    def make(event: Event, line: int) -> Update | Rejected:
        try:
            of_list = list_id(event)
            return line, email_address(event), change(event, of_list), happened(event)
        except RejectedError as rejected:
            return Rejected(index, rejected.reason, rejected.detail)
        except DirectiveError as error:
            return Rejected(index, "directive_failed", str(error))
        except RecursionError:
            return Rejected(index, "directive_failed", "a value nests too deep")

    return make


def read_paths(mapping: Mapping) -> Iterator[Path]:
    """Yield every path of an event that decides a mapping's update."""
    yield TIMESTAMP
    if mapping.trigger is not None:
        yield from paths_of(mapping.trigger)
    yield from mapping.list_id.paths
    if mapping.email_address is None:
        yield from EMAIL_PATHS
    else:
        yield from mapping.email_address.paths
    for field in mapping.fields:
        yield from field.value.paths
    if any(field.may_use_audience for field in mapping.fields):
        yield from audience_paths(mapping)


def _happened(event: Any) -> int:  # noqa: ANN401 - a Part has a slot for each path that is read
    """Return when an event happened."""
    if isinstance(event, dict):
        return instant(event.get("timestamp"))
    return instant(event.timestamp_)


def _never(_: Event) -> int:
    """Return that nobody asks when an event happened."""
    return NEVER
