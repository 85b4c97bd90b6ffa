"""What a run tells while it goes on: what it reads, and how each request ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.output import counted
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.sending import Retry, Waiting
from listrak_sync.input.sources import STANDARD_INPUT, Source

LONG_PAUSE: Final = 5.0
"""Pauses of so many seconds are told without --verbose, too."""

LONG_WAIT: Final = 10.0
"""That imports take longer than so many seconds is told without --verbose, once."""


def announce(sources: Sequence[Source], messages: Messages) -> None:
    """Tell what is read, for --verbose; and somebody at a terminal that it is their typing."""
    for source in sources:
        if source.file != os.devnull:
            messages.detail(f"to be read: {source.name!r}", bytes=source.size)
    if any(source.file == STANDARD_INPUT for source in sources) and sys.stdin.isatty():
        messages.info("reading events from standard input; Ctrl-D ends it")


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


def tell_wait(waiting: Waiting, messages: Messages) -> None:
    """Say that imports are waited for: not only for --verbose once it takes long."""
    imports = counted(waiting.imports, "import")
    if waiting.waited < LONG_WAIT <= waiting.waited + waiting.seconds:
        messages.info(f"waiting until Listrak has applied {imports}")
    else:
        messages.detail(f"{imports} not applied yet, asking again in {waiting.seconds:.1f} s")
