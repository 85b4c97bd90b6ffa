"""Writes many rows of an exported audience or computed trait as events, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from operator import contains
from typing import Final

import msgspec

from listrak_sync.input.columns import Columns, Role
from listrak_sync.input.row_template import Template, escaped, scalar
from listrak_sync.input.rows import Table

_encode: Final = msgspec.json.Encoder().encode
_decode_texts: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _ExternalId(msgspec.Struct, gc=False):
    id: str
    type: str


_ONCE: Final = (Role.USER, Role.ANONYMOUS, Role.EXTERNAL_IDS, Role.TRAITS)
"""What the usual rows have in one column at most."""

_decode_ids: Final = msgspec.json.Decoder(list[list[_ExternalId]]).decode


class TableWriter:
    """Writes the usual rows of one file: those with one address, and JSON taken over as it is.

    That is three times as fast as reading them cell by cell, and comes to the same events.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._options = columns.options
        self._emails = columns.of(Role.EMAIL)
        self._ids = columns.of(Role.EXTERNAL_IDS)
        self._traits = columns.of(Role.TRAITS)
        self._value = columns.of(Role.VALUE)
        self._objects = (*self._ids, *self._traits)
        self._is_unusual = any(len(columns.of(role)) > 1 for role in _ONCE)

    def usual_lines(self, table: Table) -> dict[int, bytes]:
        """Return the events of the usual rows of a table, by index."""
        if not table or self._is_unusual or self._may_hold_a_header(table[0]):
            return {}
        usual: Sequence[int] = range(len(table[0]))
        usual, table = _without(usual, table, self._unusual_cells(table))
        if not usual or not all(map(_are_json, map(table.__getitem__, self._objects))):
            return {}
        addresses = self._addresses(table)
        wrong = {at for at, address in enumerate(addresses) if not address}
        for index in self._objects if self._options.takes_all_addresses else ():
            wrong |= _mention_others(table[index], addresses)
        if wrong:
            addresses = [each for at, each in enumerate(addresses) if at not in wrong]
            usual, table = _without(usual, table, wrong)
        return dict(zip(usual, self._joined(table, addresses), strict=True)) if usual else {}

    def _may_hold_a_header(self, first: Sequence[str]) -> bool:
        """Say whether a first column may hold the header once more, as in files put together."""
        return self._columns.names[0] in first or "\ufeff" in "".join(first)

    def _unusual_cells(self, table: Table) -> set[int]:
        """Return the indices of rows with a second address, or with JSON over several lines."""
        found: set[int] = set()
        for index in self._emails[1:]:
            if any(table[index]):
                found |= {at for at, cell in enumerate(table[index]) if cell}
        for index in self._objects:
            if "\n" in "".join(table[index]):
                found |= {at for at, cell in enumerate(table[index]) if "\n" in cell}
        return found

    def _addresses(self, cells: Table) -> Sequence[str]:
        """Return the one address of each row, an empty one where it has none or several."""
        if self._emails:
            return list(map(str.strip, cells[self._emails[0]]))
        column = cells[self._ids[0]] if self._ids else ()
        try:
            entries = _decode_ids(f"[{','.join(cell or '[]' for cell in column)}]")
        except (msgspec.DecodeError, RecursionError):
            return [""] * len(cells[0])
        if not self._ids:
            return [""] * len(cells[0])
        emails = ([each.id for each in row if each.type == "email"] for row in entries)
        return [each[0] if len(each) == 1 else "" for each in emails]

    def _joined(self, cells: Table, addresses: Sequence[str]) -> Iterator[bytes]:
        """Put events together: a template, filled in with columns."""
        line = Template()
        line.text('{"type":"identify"')
        for role, name in ((Role.USER, "userId"), (Role.ANONYMOUS, "anonymousId")):
            for index in self._columns.of(role):
                line.member(name, cells[index])
        line.text(',"traits":{')
        for index in self._traits:
            inner = [cell.strip()[1:-1].strip() for cell in cells[index]]
            line.cells([f"{each}," if each else "" for each in inner])
        line.text('"email":"')
        line.cells(escaped(addresses))
        line.text('"')
        for index, name in self._named(Role.TRAIT):
            if name != "email":  # the address takes its place
                line.member(name, cells[index])
        line.text(f",{_encode(self._options.key).decode()}:")
        if self._value:
            line.cells(list(map(scalar, cells[self._value[0]])))
        else:
            line.text("true" if self._options.is_member else "false")
        line.text(f'}},"context":{{"personas":{_encode(self._options.personas).decode()}')
        for index in self._ids:
            line.optional(',"externalIds":', cells[index], "")
        line.text("}}\n")
        return line.filled()

    def _named(self, role: Role) -> Iterator[tuple[int, str]]:
        return ((index, self._columns.names[index]) for index in self._columns.of(role))


def _are_json(cells: Sequence[str]) -> bool:
    """Say whether each cell is a JSON value, or empty."""
    cells = list(filter(None, cells))
    joined = ",".join(cells)
    try:
        values = _decode_texts(f"[{joined}]")
    except (msgspec.DecodeError, RecursionError):
        return False
    # Cells that are no JSON may be so together: their number and their ends tell.
    return len(values) == len(cells) and b",".join(values) == joined.encode()


def _mention_others(cells: Sequence[str], addresses: Sequence[str]) -> set[int]:
    """Return the indices of JSON cells that may hold another address than that of their row."""
    joined = "".join(cells)
    if "\\u0040" not in joined and joined.count("@") == len(cells):
        quoted = [f'"{address}"' for address in addresses]
        if "".join(addresses).count("@") == len(cells) and all(map(contains, cells, quoted)):
            return set()
    return {
        at
        for at, (cell, address) in enumerate(zip(cells, addresses, strict=True))
        if "\\u0040" in cell
        or (
            "@" in cell
            and (cell.count("@") > 1 or "@" not in address or f'"{address}"' not in cell)
        )
    }


def _without(indices: Sequence[int], table: Table, places: Set[int]) -> tuple[Sequence[int], Table]:
    """Return indices and a table without some of their rows."""
    if not places:
        return indices, table
    kept = [at for at in range(len(indices)) if at not in places]
    return [indices[at] for at in kept], [[column[at] for at in kept] for column in table]
