"""Evaluates one file, whose content is in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.evaluation.result import EvaluationResult, Updates
from listrak_sync.evaluation.updates import Changes
from listrak_sync.events.rejects import Reject, encode
from listrak_sync.events.timestamps import NEVER
from listrak_sync.input.blocks import read_content
from listrak_sync.input.sources import Source
from listrak_sync.input.units import Block, ReadUnit
from listrak_sync.scale.rows import EVALUATED, Kind, batch_of, encode_changes
from listrak_sync.scale.settings import ScaleSettings, compiled
from listrak_sync.scale.sums import Sums

if TYPE_CHECKING:
    import pyarrow as pa


def file_rows(settings: ScaleSettings, path: str, content: bytes) -> Iterator[pa.RecordBatch]:
    """Yield what becomes of a file's lines, in batches of some thousand rows (`EVALUATED`).

    `content` is the file as it is stored, compressed or not. Its counts come last. Where it cannot
    be used, or this machine lacks something, a row tells.
    """
    source = Source(path, len(content), settings.rows)
    file = _File(path, Sums.nothing(settings.names))
    try:
        units = file.seen(read_content(source, content))
        for result in compiled(settings).evaluator.evaluate_all(units):
            yield from file.batches(result)
    except (UsageError, SettingsError) as error:
        yield file.one_row(Kind.FAULT, f"{error.message}\n{error.hint}".encode())
    file.sums.has_rows |= not content
    file.sums.files = 1
    yield file.one_row(Kind.COUNTS, file.sums.packed())


class _File:
    """A file's counts, and the numbers of its updates and rejects."""

    def __init__(self, path: str, sums: Sums) -> None:
        self.sums = sums
        self._place = path.replace("/", "\0")
        self._updates = self._rejects = 0

    def seen(self, units: Iterator[ReadUnit]) -> Iterator[ReadUnit]:
        """Yield the units; note whether they are rows of CSV."""
        for unit in units:
            self.sums.has_rows |= isinstance(unit, Block) and unit.columns is not None
            yield unit

    def batches(self, result: EvaluationResult) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a result."""
        self.sums.count_evaluated(self._place, result)
        if updates := result.updates:
            yield self._update_rows(updates)
        if rejects := result.rejects:
            yield self._reject_rows(rejects)

    def _update_rows(self, updates: Updates) -> pa.RecordBatch:
        count, first = len(updates), self._updates
        self._updates += count
        contacts = list(map(str.lower, updates.addresses))
        encoded: defaultdict[Changes, bytes] = _Encoded()
        return batch_of(
            EVALUATED,
            (
                repeat(Kind.UPDATE, count),
                [changes[0].list_id for changes in updates.changes],
                contacts,
                repeat(self._place, count),
                range(first, first + count),
                updates.lines,
                [
                    None if address == contact else address
                    for address, contact in zip(updates.addresses, contacts, strict=True)
                ],
                updates.instants,
                [encoded[changes] for changes in updates.changes],
            ),
        )

    def _reject_rows(self, rejects: list[Reject]) -> pa.RecordBatch:
        count, first = len(rejects), self._rejects
        self._rejects += count
        lines = [reject.line for reject in rejects]
        return self._rows(Kind.REJECT, list(map(encode, rejects)), lines, first)

    def one_row(self, kind: Kind, content: bytes) -> pa.RecordBatch:
        """Return a row that is about the file as a whole."""
        return self._rows(kind, [content], [0])

    def _rows(
        self, kind: Kind, contents: list[bytes], lines: list[int], first: int = 0
    ) -> pa.RecordBatch:
        count = len(contents)
        places = [self._place] * count
        numbers = range(first, first + count)
        nothing: repeat[None] = repeat(None, count)
        return batch_of(
            EVALUATED,
            (
                repeat(kind, count),
                repeat(0, count),
                places,
                places,
                numbers,
                lines,
                nothing,
                repeat(NEVER, count),
                contents,
            ),
        )


class _Encoded(defaultdict[Changes, bytes]):
    """Changes as bytes: each once, because many updates share theirs."""

    def __missing__(self, changes: Changes) -> bytes:
        """Encode changes that are new."""
        found = self[changes] = encode_changes(changes)
        return found
