"""Rejected lines, written so that they can be fixed and fed back; updates as input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from listrak_sync.reasons import Reason
from listrak_sync.text import json_line


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


class GivenUpdate(msgspec.Struct, frozen=True):
    """An update as it stands in a line, not checked yet; UNSET is what it lacks.

    `mappings`, `file` and `line` say where dry-run had its values from.
    """

    list_id: Any = UNSET
    email_address: Any = UNSET
    fields: Any = UNSET
    timestamp: Any = UNSET
    mappings: Any = UNSET
    file: Any = UNSET
    line: Any = UNSET

    @property
    def is_meant(self) -> bool:
        """Say whether it is an update at all."""
        has_more = self.email_address is not UNSET or self.fields is not UNSET
        return self.list_id is not UNSET and has_more


class _Line(msgspec.Struct, frozen=True):
    """A line of a rejects file."""

    reason: str
    detail: str
    file: str
    line: int
    mapping: str | None = None
    event: Raw | UnsetType = UNSET
    raw: str | UnsetType = UNSET
    update: GivenUpdate | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class WrappedEvent:
    """An event read back from a rejects file, and the mapping that rejected it, if one did.

    `row` is the file and line of a CSV row that was rejected as a whole. `has_escaped_bytes` says
    that bytes which are not UTF-8 still stand in it as escapes.
    """

    content: bytes
    mapping: str | None
    row: str | None = None
    has_escaped_bytes: bool = False


Wrapped: TypeAlias = WrappedEvent | GivenUpdate

_ESCAPED_BYTE: Final = re.compile(r"\\x[89a-f][0-9a-f]")
"""How `encode` writes a byte that is not UTF-8."""

_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode: Final = msgspec.json.Decoder(_Line).decode
_decode_update: Final = msgspec.json.Decoder(GivenUpdate).decode


def encode(reject: Reject | RefusedContact) -> bytes:
    """Return a rejects line without its newline; bytes that are not UTF-8 are escaped."""
    line = _Line(reject.reason, reject.detail, reject.file, reject.line, reject.mapping)
    match reject:
        case RefusedContact(update=update):
            given = GivenUpdate(update.list_id, update.email_address, update.fields)
            return json_line(msgspec.structs.replace(line, update=given))
        case Reject(content=content, is_json=True):
            event = content.strip().replace(b"\n", b" ")
            return json_line(line).removesuffix(b"}") + b', "event": ' + event + b"}"
        case Reject(content=content):
            raw = content.rstrip(b"\r\n").decode(errors="backslashreplace")
            return json_line(msgspec.structs.replace(line, raw=raw))


def given_update(line: bytes) -> GivenUpdate | None:
    """Return the update that a line is, None for any other line."""
    try:
        update = _decode_update(line)
    except _UNDECODABLE:
        return None
    return update if update.is_meant else None


def unwrap(line: bytes) -> Wrapped | None:
    """Return the content of a rejects line, None for any other line."""
    try:
        found = _decode(line)
    except _UNDECODABLE:
        return None
    if isinstance(found.update, GivenUpdate):
        if found.mapping is None or found.update.mappings is not UNSET:
            return found.update
        return msgspec.structs.replace(found.update, mappings=[found.mapping])
    if isinstance(found.raw, str):
        row = f"{found.file}:{found.line}" if found.reason == Reason.BAD_ROW else None
        is_escaped = found.reason == Reason.NOT_UTF8 and _ESCAPED_BYTE.search(found.raw)
        return WrappedEvent(found.raw.encode(), found.mapping, row, bool(is_escaped))
    if isinstance(found.event, Raw):
        return WrappedEvent(bytes(found.event), found.mapping)
    return None
