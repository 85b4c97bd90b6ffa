"""The values of a window beside those that Listrak holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

from listrak_sync.account.lists import KnownList
from listrak_sync.batching.window import LAST, Window


class Standing(IntEnum):
    """How a value of the window stands at Listrak."""

    NOT_ON_LIST = 0
    RIGHT = 1
    UNSET = 2
    """The contact holds nothing for the field."""
    OTHER = 3
    UNSUBSCRIBED = 4
    NOT_COMPARED = 5


TO_SEND: Final = frozenset({Standing.UNSET, Standing.OTHER, Standing.NOT_COMPARED})

_WEIGHT: Final = (
    Standing.NOT_COMPARED,
    Standing.OTHER,
    Standing.UNSET,
    Standing.UNSUBSCRIBED,
    Standing.NOT_ON_LIST,
)
_LEAVE_OUT: Final = bytes(each not in TO_SEND for each in range(256))

Box: TypeAlias = tuple[int, int]
"""A list and a check box of it."""


@dataclass(slots=True)
class ListReading:
    """How a list was read: how many requests for pages, and for single contacts.

    `spellings` are some of the ways in which its check boxes read; None is absent.
    """

    pages: int = 0
    one_by_one: int = 0
    spellings: set[str | None] = field(default_factory=set)


class Comparison:
    """How each value of a window stands at Listrak.

    `standings` has a `Standing` for each row of the window. Only rows for which `wanted` has a
    number other than 0 are compared, all without it. With `keeps_held`, `held` has what was read
    for each row. `others_on` has for each of the `boxes` who reads on, is subscribed, and has no
    value for it in the window. Lists that are `uncertain` are not read: all of them is to be sent.
    """

    def __init__(
        self,
        window: Window,
        lists: Mapping[int, KnownList],
        *,
        wanted: bytearray | None = None,
        boxes: frozenset[Box] = frozenset(),
        uncertain: frozenset[int] = frozenset(),
        keeps_held: bool = False,
    ) -> None:
        count = len(window.rows)
        self.window = window
        self.lists = lists
        self.wanted = wanted
        self.standings = bytearray(count)
        self.held: list[str | None] | None = [None] * count if keeps_held else None
        self.readings: dict[int, ListReading] = {}
        self.others_on: dict[Box, list[str]] = {box: [] for box in sorted(boxes)}
        self._fields = {(change.list_id, change.field) for change in window.rows}
        self.uncertain = uncertain
        if uncertain:
            for row, change in enumerate(window.rows):
                if change.list_id in uncertain:
                    self.standings[row] = Standing.NOT_COMPARED

    def fields(self, list_id: int) -> list[int]:
        """Return the fields of a list to ask for."""
        asked = self._fields | self.others_on.keys()
        return sorted(field for of_list, field in asked if of_list == list_id)

    def rows(self, first: int) -> Iterator[int]:
        """Yield the rows of a contact that are compared."""
        following, wanted, row = self.window.next_rows, self.wanted, first
        while row != LAST:
            if wanted is None or wanted[row]:
                yield row
            row = following[row]

    def extend(self) -> None:
        """Take the rows that the window was given since for values to send."""
        more = len(self.window.rows) - len(self.standings)
        self.standings += bytes([Standing.OTHER]) * more
        if self.held is not None:
            self.held += ["on"] * more

    def left_out(self) -> bytearray:
        """Return a number for each row: 1 where its value is not to be sent."""
        return self.standings.translate(_LEAVE_OUT)

    def values(self) -> Counter[Standing]:
        """Return how many values to send stand how."""
        if not self.window.alone:
            return Counter({each: self.standings.count(each) for each in Standing})
        return Counter(Standing(self.standings[row]) for row in self.window.rows_to_send())

    def contacts(self, list_id: int) -> Counter[Standing]:
        """Return how many contacts of a list stand how: by the value furthest from right."""
        first_rows = self.window.first_rows(list_id)
        if self.wanted is None and self.window.contacts == len(self.window.rows):
            counted = Counter(map(self.standings.__getitem__, first_rows.values()))
            return Counter({Standing(each): count for each, count in counted.items()})
        found: Counter[Standing] = Counter()
        for first in first_rows.values():
            standing = self.standing(first)
            if standing is not None:
                found[standing] += 1
        return found

    def standing(self, first: int) -> Standing | None:
        """Return how a contact stands, None where none of its values was compared."""
        its = {self.standings[row] for row in self.rows(first)}
        if not its:
            return None
        return next((each for each in _WEIGHT if each in its), Standing.RIGHT)
