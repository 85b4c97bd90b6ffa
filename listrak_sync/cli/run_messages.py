"""What is told while a run goes on: what it reads, and how each request ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from listrak_sync.cli.messages import Messages
from listrak_sync.delivery.receipts import AcceptedBatch, Receipt, RefusedBatch, UnsentBatch
from listrak_sync.input.sources import STANDARD_INPUT, Source


def announce(sources: Sequence[Source], messages: Messages) -> None:
    """Tell what is read, with --verbose; tell a person at a terminal that we read from it."""
    for source in sources:
        if source.file != os.devnull:
            messages.detail(f"to be read: {source.name!r}", bytes=source.size)
    if any(source.file == STANDARD_INPUT for source in sources) and sys.stdin.isatty():
        messages.info("reading events from standard input; Ctrl-D ends it")


def tell(receipt: Receipt, messages: Messages) -> None:
    """Tell how a request ended, with --verbose."""
    batch = receipt.batch
    what = f"list {batch.list_id}, batch {batch.id}, {len(batch.contacts)} contacts"
    match receipt:
        case AcceptedBatch(imports=imports):
            messages.detail(f"{what}: accepted, imports {', '.join(imports) or 'unnamed'}")
        case RefusedBatch(reason=reason, detail=detail):
            messages.detail(f"{what}: {reason}: {detail}")
        case UnsentBatch(detail=detail):
            messages.detail(f"{what}: not sent: {detail}")
