"""How a batch ended: the answer for each of its contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from listrak_sync.batching.batches import Batch


@dataclass(frozen=True, slots=True)
class Delivered:
    """The contacts of a batch are accepted; ids of the imports, as far as they are known."""

    batch: Batch
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The contacts of a batch are refused, in Listrak's words."""

    batch: Batch
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """The contacts of a batch were not sent, or nobody knows, because the run had to stop."""

    batch: Batch
    detail: str


Receipt: TypeAlias = Delivered | Undelivered | Unsent
