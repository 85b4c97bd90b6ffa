"""Coalesces the updates of contacts, which come in input order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from listrak_sync.batching.contact_lines import contact_line
from listrak_sync.batching.window import Contact, Window
from listrak_sync.evaluation.result import Updates
from listrak_sync.evaluation.updates import Changes
from listrak_sync.scale.rows import FINAL, Kind, batch_of, decode_changes
from listrak_sync.scale.settings import Compiled, ScaleSettings, compiled
from listrak_sync.scale.sums import Sums

if TYPE_CHECKING:
    import pyarrow as pa


def final_rows(
    settings: ScaleSettings, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield the lines of a partition's output, and its counts at the end (`FINAL`).

    The batches hold `EVALUATED` rows, sorted by `ORDER`; all rows of a contact are among them.
    Where batches begin and end makes no difference.
    """
    partition = _Partition(settings, compiled(settings))
    for batch in batches:
        yield from partition.batches(batch)
    yield from partition.rest()


class _Partition:
    """The contacts of a partition, one after another."""

    def __init__(self, settings: ScaleSettings, made: Compiled) -> None:
        self._by_timestamp = settings.rules.by_timestamp
        self._made = made
        self._sums = Sums.nothing(made.names)
        self._is_empty = True
        self._contact: tuple[int, str] | None = None
        self._begin()

    def _begin(self) -> None:
        """Begin a window of contacts that are not whole yet, or not there."""
        # A contact's rows are of several files, so they are numbered through: the greatest number
        # is that of the last line, as it is of files and lines in the window of one machine.
        self._window = Window(self._made.single)
        self._places: list[str] = []
        self._lines = array("q")

    def batches(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Yield what a batch of rows completes."""
        self._is_empty &= not batch.num_rows
        kinds = batch.column("kind").to_pylist()
        updates = kinds.count(Kind.UPDATE)  # they are first
        if updates:
            yield from self._coalesce(batch.slice(0, updates))
        if updates < len(kinds):
            yield self._others(kinds[updates:], batch.slice(updates))

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Yield the last contacts, and the counts."""
        if self._is_empty:
            return
        yield from self._whole()
        yield batch_of(FINAL, ([Kind.SUMS], [0], [None], [self._sums.packed()]))

    def _coalesce(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """Add updates to the window; yield all contacts but the last, which may go on."""
        columns: dict[str, list[Any]] = {
            name: batch.column(name).to_pylist() for name in batch.schema.names
        }
        keys = list(zip(columns["list_id"], columns["contact"], strict=True))
        if self._contact is not None and keys[0] != self._contact:
            yield from self._whole()
        last = len(keys) - 1
        while last and keys[last - 1] == keys[-1]:
            last -= 1
        if last:
            self._add(columns, keys, slice(0, last))
            yield from self._whole()
        self._add(columns, keys, slice(last, None))
        self._contact = keys[-1]

    def _add(self, columns: dict[str, list[Any]], keys: list[tuple[int, str]], rows: slice) -> None:
        changes: dict[tuple[int, bytes], Changes] = {}
        several: list[Changes] = []
        for (list_id, _), content in zip(keys[rows], columns["content"][rows], strict=True):
            if (found := changes.get((list_id, content))) is None:
                found = changes[list_id, content] = decode_changes(list_id, content)
            several.append(found)
        addresses = [
            address or contact
            for address, (_, contact) in zip(columns["address"][rows], keys[rows], strict=True)
        ]
        first = len(self._lines)
        self._places += columns["place"][rows]
        self._lines.extend(columns["line"][rows])
        numbers = array("q", range(first, len(self._lines)))
        instants = array("q", columns["instant"][rows])
        self._window.add_all(Updates(numbers, addresses, several, instants), 0)

    def _whole(self) -> Iterator[pa.RecordBatch]:
        """Yield the contacts of the window, which are whole."""
        if not len(self._window):
            return
        lists, lines = list[int](), list[bytes]()
        for contact in self._window.final():
            lists.append(contact.list_id)
            lines.append(contact_line(contact, *self._origin(contact)))
        self._sums.count_window(self._window, by_timestamp=self._by_timestamp)
        self._begin()
        nothing: repeat[None] = repeat(None, len(lines))
        yield batch_of(FINAL, (repeat(Kind.UPDATE, len(lines)), lists, lines, nothing))

    def _origin(self, contact: Contact) -> tuple[list[str] | tuple[str, ...], str, int]:
        if (origin := contact.origin) is not None:
            return origin.mappings, origin.file, origin.line
        names = [self._made.names[index] for index in contact.mappings if index >= 0]
        place = self._places[contact.line].replace("\0", "/")
        return names, place, self._lines[contact.line]

    def _others(self, kinds: list[int], batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows that are not updates: rejects as they are, counts as lines."""
        lines: list[bytes] = []
        places = batch.column("place").to_pylist()
        contents = batch.column("content").to_pylist()
        for kind, place, content in zip(kinds, places, contents, strict=True):
            if kind == Kind.COUNTS:
                sums = Sums.unpacked(content)
                self._sums.add(sums)
                lines.append(sums.file_line(place.replace("\0", "/")))
            else:
                lines.append(content)
        count = len(lines)
        return batch_of(FINAL, (kinds, repeat(0, count), lines, repeat(None, count)))
