"""Why no update can be made of an event that a mapping takes."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from listrak_sync.events.key_paths import Found


class RejectedError(Exception):
    """Carries a reason out of the steps of an update."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def shown(value: Found) -> str:
    """Return a value for a message, shortened."""
    if value is UNSET:
        return "nothing"
    text = msgspec.json.encode(value, enc_hook=lambda _: None).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
