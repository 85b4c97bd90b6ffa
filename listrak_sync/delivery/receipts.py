"""How a batch ended: the answer for each of its contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from listrak_sync.batching.batches import Batch
from listrak_sync.reasons import Reason

ImportKey: TypeAlias = tuple[int, str]
"""A list's id and the id of one of its imports, as Listrak named it."""


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """The contacts of a batch are accepted; `imports` holds the import ids that are known."""

    batch: Batch
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedBatch:
    """The contacts of a batch are refused; `detail` holds Listrak's words."""

    batch: Batch
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class UnsentBatch:
    """The run had to stop: the contacts of a batch were not sent, or we do not know."""

    batch: Batch
    detail: str


Receipt: TypeAlias = AcceptedBatch | RefusedBatch | UnsentBatch


class Ledger(Protocol):
    """Remembers longer than a run what was planned and how it ended."""

    def imports(self) -> list[ImportKey]:
        """Return the imports of earlier runs that may still be running."""

    def answer(self, receipt: Receipt) -> None:
        """Write down how a batch ended."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:
        """Write down the parts that replace a batch; return them with their numbers."""


class NoLedger:
    """A ledger that writes nothing down."""

    def imports(self) -> list[ImportKey]:
        """Return no imports."""
        return []

    def answer(self, receipt: Receipt) -> None:
        """Forget a receipt."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:  # noqa: ARG002 - a Ledger
        """Return the parts as they are."""
        return parts
