"""The settings of a subscription as the keys of a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.directives.texts import JAVASCRIPT_SPACE
from listrak_sync.mapping.values import parse_id

_SETTINGS: Final = {
    "listid": "list_id",
    "emailaddress": "email_address",
    "profilefieldvalues": "profile_field_values",
    "segmentaudiencekey": "audience_key",
    "audiencekey": "audience_key",
    "enablebatching": "enable_batching",
}
"""The settings that become keys of a mapping, without case and underscores."""

_OURS: Final = frozenset({"list_id", "profile_field_values"})
"""What only the settings of Listrak (Actions) have."""


def _first(first: str, second: str) -> Json:
    """Return the directive of Segment's screen for: the first if it exists, else the second."""
    paths: list[Json] = [{"@path": path} for path in (first, first, second)]
    return {"@if": dict(zip(("exists", "then", "else"), paths, strict=True))}


_DEFAULTS: Final[dict[str, tuple[Json, ...]]] = {
    "email_address": (
        {"@path": "$.context.traits.email"},
        _first("$.context.traits.email", "$.traits.email"),
    ),
    "audience_key": (
        {"@path": "$.context.personas.computation_key"},
        _first("$.context.personas.computation_key", "$.properties.audience_key"),
    ),
    "enable_batching": (True,),
    "traits_or_props": (_first("$.properties", "$.traits"),),
    "properties": ({"@path": "$.properties"},),
}
"""What the original fills in by itself, so that a mapping need not say it."""

_PARSE_INT: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))")


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """A key of a mapping with its value, and what is remarked above it."""

    key: str
    value: Json
    remarks: tuple[str, ...] = ()


def is_listrak(settings: dict[str, Json]) -> bool:
    """Say whether settings are those of Listrak (Actions) and of no other destination."""
    return any(_key(name) in _OURS for name in settings)


def counterparts(settings: dict[str, Json]) -> tuple[list[MappingEntry], list[str]]:
    """Return the parts of a mapping that settings become, and remarks on what becomes none.

    What the original fills in by itself is in neither.
    """
    taken, others = _sorted(settings)
    parts = [
        make(key, taken[key])
        for key, make in _MAKERS.items()
        if key in taken and taken[key] not in _DEFAULTS.get(key, ())
    ]
    return parts, [
        f"needs a look: the setting {name} = {_shown(value)} has no counterpart"
        for name, value in others.items()
    ]


def _sorted(settings: dict[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the settings by a mapping's keys, and apart from them what has no key.

    Where there are two audience keys, the original reads segment_audience_key, the newer one.
    """
    taken: dict[str, Json] = {}
    others: dict[str, Json] = {}
    for name, given in sorted(settings.items(), key=lambda each: _folded(each[0]) == "audiencekey"):
        value, key = _without_metadata(given), _key(name)
        if key in _MAKERS and key not in taken and value is not None:
            taken[key] = value
        elif value is not None and value not in _DEFAULTS.get(key, ()):
            others[name] = value
    return taken, others


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _key(name: str) -> str:
    return _SETTINGS.get(_folded(name), name)


def _without_metadata(value: Json) -> Json:
    """Return a value whose directives have no `_metadata`, which only Segment's screen reads."""
    match value:
        case dict():
            is_directive = any(name.startswith("@") for name in value)
            return {
                name: _without_metadata(inner)
                for name, inner in value.items()
                if not (is_directive and name == "_metadata")
            }
        case list():
            return [_without_metadata(inner) for inner in value]
    return value


def _list_id(key: str, value: Json) -> MappingEntry:
    return MappingEntry(key, parse_id(value) or value)


def _fields(key: str, values: Json) -> MappingEntry:
    """Return the profile fields, their ids read as JavaScript's parseInt reads them."""
    if not isinstance(values, dict) or any(name.startswith("@") for name in values):
        return MappingEntry(key, values)
    fields: dict[str, Json] = {}
    remarks: list[str] = []
    for name in sorted(values, key=lambda name: str(_parse_int(name)) != name):
        number = _parse_int(name)
        field_id = parse_id(number)
        if number == 0:
            remarks.append(f"needs a look: {_shown(name)} is no id; Segment drops it, too")
        elif field_id is None:
            remarks.append(f"needs a look: {_shown(name)} is left out: Listrak has no such ids")
        elif str(field_id) in fields:
            remarks.append(
                f"needs a look: {_shown(name)} is left out: it is field {field_id} a second time"
            )
        else:
            fields[str(field_id)] = values[name]
            if str(field_id) != name:
                remarks.append(f"{_shown(name)} is field {field_id}, as Segment reads it")
    return MappingEntry(key, fields, tuple(remarks))


def _parse_int(text: str) -> int:
    """Return what JavaScript's parseInt makes of a text, 0 where that is no number."""
    found = _PARSE_INT.match(text.lstrip(JAVASCRIPT_SPACE))
    if found is None:
        return 0
    sign, hexadecimal, decimal = found.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return -number if sign == "-" else number


def _shown(value: Json) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else f"{text[:199]}…"


_MAKERS: Final[dict[str, Callable[[str, Json], MappingEntry]]] = {
    "list_id": _list_id,
    "email_address": MappingEntry,
    "profile_field_values": _fields,
    "audience_key": MappingEntry,
    "enable_batching": MappingEntry,
}
"""How each setting becomes a part of a mapping, in the order in which they are written."""
