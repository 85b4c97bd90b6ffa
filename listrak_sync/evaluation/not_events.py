"""JSON objects that are not events, and what to do with them."""

from __future__ import annotations

from typing import Final

import msgspec

from listrak_sync.events.decoding import UNDECODABLE

NO_TYPE: Final = (
    'this object has no "type", so it is not an event; events have "type": "identify", "track", …, '
    "and updates have list_id, email_address and fields"
)
BATCH: Final = (
    "this is a body of Segment's /v1/batch, not an event; take its events out: jq -c '.batch[]'"
)


class _Body(msgspec.Struct):
    batch: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode: Final = msgspec.json.Decoder(_Body).decode


def what_it_is(line: bytes) -> str:
    """Return what an object without a type is, and what to do, for a message."""
    try:
        body = _decode(line)
    except UNDECODABLE:
        return NO_TYPE
    is_list = isinstance(body.batch, msgspec.Raw) and bytes(body.batch).startswith(b"[")
    return BATCH if is_list else NO_TYPE
