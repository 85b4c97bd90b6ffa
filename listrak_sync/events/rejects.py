"""Rejected lines, written so that they can be fixed and fed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from listrak_sync.reasons import Reason


class Reject(msgspec.Struct, frozen=True, gc=False):
    """A line, or what a mapping makes of it, that cannot be used: why, and where it stood.

    `content` is the line as it was read; `is_json` says whether it is JSON. `mapping` is the name
    of the mapping that rejects it, None where the whole line is rejected.
    """

    reason: Reason
    detail: str
    file: str
    line: int
    mapping: str | None
    content: bytes
    is_json: bool = True


class RefusedContact(msgspec.Struct, frozen=True, gc=False):
    """A contact's values that did not reach Listrak: why, and where the last of them stood."""

    reason: Reason
    detail: str
    file: str
    line: int
    mapping: str | None
    update: ContactUpdate


class ContactUpdate(msgspec.Struct, frozen=True, gc=False):
    """Values for profile fields of one contact of one list, by field id as text."""

    list_id: int
    email_address: str
    fields: dict[str, str]


class _Line(msgspec.Struct, frozen=True):
    """A line of a rejects file."""

    reason: str
    detail: str
    file: str
    line: int
    mapping: str | None = None
    event: Raw | UnsetType = UNSET
    raw: str | UnsetType = UNSET
    update: ContactUpdate | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class WrappedEvent:
    """An event read back from a rejects file, and the mapping that rejected it, if one did."""

    content: bytes
    mapping: str | None


Wrapped: TypeAlias = WrappedEvent | ContactUpdate

_decode: Final = msgspec.json.Decoder(_Line).decode
_encode: Final = msgspec.json.Encoder().encode


def encode(reject: Reject | RefusedContact) -> bytes:
    """Return a rejects line without its newline; bytes that are not UTF-8 are escaped."""
    line = _Line(reject.reason, reject.detail, reject.file, reject.line, reject.mapping)
    match reject:
        case RefusedContact(update=update):
            line = msgspec.structs.replace(line, update=update)
        case Reject(content=content, is_json=True):
            line = msgspec.structs.replace(line, event=Raw(content.strip().replace(b"\n", b" ")))
        case Reject(content=content):
            raw = content.rstrip(b"\r\n").decode(errors="backslashreplace")
            line = msgspec.structs.replace(line, raw=raw)
    return _encode(line)


def unwrap(line: bytes) -> Wrapped | None:
    """Return the content of a rejects line, None for any other line."""
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(found.update, ContactUpdate):
        return found.update
    if isinstance(found.raw, str):
        return WrappedEvent(found.raw.encode(), found.mapping)
    if isinstance(found.event, Raw):
        return WrappedEvent(bytes(found.event), found.mapping)
    return None
