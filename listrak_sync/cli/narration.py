"""What a push tells while it goes on: how each request ended, and what is tried again."""

from __future__ import annotations

from typing import Final

from listrak_sync.cli.console import Messages
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.sender import Retry

LONG_PAUSE: Final = 5.0
"""Pauses of so many seconds are told without --verbose, too."""


def tell(receipt: Receipt, messages: Messages) -> None:
    """Say how a request ended, for --verbose."""
    batch = receipt.batch
    what = f"list {batch.list_id}, batch {batch.id}, {len(batch.contacts)} contacts"
    match receipt:
        case Delivered(imports=imports):
            messages.detail(f"{what}: accepted, imports {', '.join(imports) or 'unnamed'}")
        case Undelivered(reason=reason, detail=detail):
            messages.detail(f"{what}: {reason}: {detail}")
        case Unsent(detail=detail):
            messages.detail(f"{what}: not sent: {detail}")


def tell_retry(retry: Retry, messages: Messages) -> None:
    """Say that a request is sent again: not only for --verbose where everything waits long."""
    what = f"attempt {retry.attempt} failed, the next in {retry.seconds:.1f} s: {retry.reason}"
    if retry.held and retry.seconds >= LONG_PAUSE:
        messages.info(f"Listrak asks for a pause: {what}")
    else:
        messages.detail(what)
