"""Where answers and divisions of batches are written down."""

from __future__ import annotations

from typing import Protocol

from listrak_sync.delivery.follow import Import
from listrak_sync.delivery.receipts import Receipt
from listrak_sync.updates.batches import Batch


class Ledger(Protocol):
    """Remembers beyond a run what was planned, and how it ended."""

    def imports(self) -> list[Import]:
        """Return the imports that may still be running, of runs before."""

    def answer(self, receipt: Receipt) -> None:
        """Write down how a batch ended."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:
        """Write down the parts that take a batch's place; return them numbered."""


class NoLedger:
    """Writes nothing down."""

    def imports(self) -> list[Import]:
        """Know of no import."""
        return []

    def answer(self, receipt: Receipt) -> None:
        """Forget a receipt."""

    def divide(self, batch: Batch, parts: list[Batch]) -> list[Batch]:  # noqa: ARG002 - a Ledger
        """Return the parts as they are."""
        return parts
