"""The input in bundles that are worth a message from one process to another."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Final, TypeAlias

from listrak_sync.input.blocks import Block
from listrak_sync.input.ranges import InputUnit
from listrak_sync.input.ticks import Tick

TASK_BYTES: Final = 1 << 20
"""How much a process is given at a time, where nothing larger stands on one line."""

TASK_SECONDS: Final = 0.1
"""How long a block of a slow pipe waits for others."""

_Bundle: TypeAlias = list[InputUnit]


def bundles(parts: Iterator[InputUnit | Tick]) -> Iterator[_Bundle | Tick]:
    """Yield blocks in bundles, large ones or what came within a while; all else as it comes."""
    bundle: _Bundle = []
    size, begun = 0, monotonic()
    for part in parts:
        more = part.size if isinstance(part, Block) else TASK_BYTES
        if bundle and size + more > TASK_BYTES:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
        if isinstance(part, Tick):
            yield part
            continue
        bundle.append(part)
        size += more
        if size >= TASK_BYTES or monotonic() - begun > TASK_SECONDS:
            yield bundle
            bundle, size, begun = [], 0, monotonic()
    if bundle:
        yield bundle
