"""A stand-in for an engine: it shuffles rows, and spreads them over partitions, as it likes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from random import Random
from typing import Any

import pyarrow as pa

from listrak_sync.scale.file_rows import file_rows
from listrak_sync.scale.final_rows import final_rows
from listrak_sync.scale.rows import EVALUATED, ORDER, TOGETHER, Kind
from listrak_sync.scale.settings import ScaleSettings
from listrak_sync.scale.sums import Sums

_together = itemgetter(*TOGETHER)
_order = itemgetter(*ORDER)


@dataclass
class Output:
    """What an engine wrote: lines by their kind, and the counts of all partitions."""

    lines: dict[Kind, list[bytes]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    sums: Sums = field(default_factory=lambda: Sums.nothing([]))


def run(settings: ScaleSettings, files: Mapping[str, bytes], seed: int) -> Output:
    """Return what files come to, evaluated and coalesced in partitions."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    rows = [
        row
        for path, content in files.items()
        for batch in file_rows(settings, path, content)
        for row in batch.to_pylist()
    ]
    chance.shuffle(rows)
    partitions: list[list[dict[str, Any]]] = [[] for _ in range(chance.randint(1, 5))]
    salt = chance.random()
    for row in rows:
        partitions[hash((salt, *_together(row))) % len(partitions)].append(row)
    output = Output(sums=Sums.nothing(settings.names))
    for partition in partitions:
        for batch in final_rows(settings, _batches(sorted(partition, key=_order), chance)):
            _take(batch.to_pylist(), output)
    return output


def _batches(rows: list[dict[str, Any]], chance: Random) -> Iterator[pa.RecordBatch]:
    """Yield rows in batches of any sizes, some of them empty."""
    start = 0
    while start < len(rows):
        end = start + chance.randint(0, 7)
        yield pa.RecordBatch.from_pylist(rows[start:end], schema=EVALUATED)
        start = end


def _take(rows: list[dict[str, Any]], output: Output) -> None:
    for row in rows:
        kind = Kind(row["kind"])
        if kind is Kind.SUMS:
            output.sums.add(Sums.unpacked(row["sums"]))
        else:
            output.lines[kind].append(row["line"].encode())
