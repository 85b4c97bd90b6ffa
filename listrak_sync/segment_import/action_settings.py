"""Turns the settings of Segment's action into the keys of a mapping."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.values import parse_id

_SETTINGS: Final = {
    "listid": "list_id",
    "emailaddress": "email_address",
    "profilefieldvalues": "profile_field_values",
    "segmentaudiencekey": "audience_key",
    "audiencekey": "audience_key",
    "enablebatching": "enable_batching",
}
"""The keys of a mapping by the settings that become them, in lower case without underscores."""

_OURS: Final = "profile_field_values"
"""The key that only settings of Listrak (Actions) become; many destinations have a list_id."""

_SLUGS: Final = frozenset({"updateEmailContactProfileFields", "updateContactProfileFields"})
"""The slugs that the action of Listrak (Actions) has had."""

_WITHOUT_EFFECT: Final = frozenset({"batchsize", "batchkeys"})
"""Settings of how Segment makes its requests, which are made otherwise here."""


def _first(first: str, second: str) -> Json:
    """Return the directive that picks the first path if it exists, and the second otherwise."""
    paths: list[Json] = [{"@path": path} for path in (first, first, second)]
    return {"@if": dict(zip(("exists", "then", "else"), paths, strict=True))}


_DEFAULTS: Final[dict[str, tuple[Json, ...]]] = {
    "audience_key": (
        {"@path": "$.context.personas.computation_key"},
        _first("$.context.personas.computation_key", "$.properties.audience_key"),
    ),
    "enable_batching": (True,),
    "traits_or_props": (_first("$.properties", "$.traits"),),
    "properties": ({"@path": "$.properties"},),
}
"""Values that Segment fills in by default, and that mean what leaving them out means here.

None of an e-mail address does: it would be looked for in four places.
"""

_PARSE_INT: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))")


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """A key of a mapping with its value, and remarks for comments beside it."""

    key: str
    value: Json
    remarks: tuple[str, ...] = ()


def is_listrak(settings: dict[str, Json], slug: str = "") -> bool:
    """Say whether settings belong to Listrak (Actions), not to another destination.

    The slug of their action decides; where it is not known, what the settings name.
    """
    return slug in _SLUGS if slug else any(_key(name) == _OURS for name in settings)


def counterparts(settings: dict[str, Json]) -> tuple[list[MappingEntry], list[str]]:
    """Return the entries that settings become, and remarks on settings without a counterpart.

    Defaults are in neither.
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
    """Return the settings by the keys they become, and the other settings by their names.

    Of two audience keys, Segment reads the newer one, segment_audience_key.
    """
    taken: dict[str, Json] = {}
    others: dict[str, Json] = {}
    for name, given in sorted(settings.items(), key=lambda each: _folded(each[0]) == "audiencekey"):
        value, key = _meant(given), _key(name)
        if key in _MAKERS and key not in taken and value is not None:
            taken[key] = value
        elif value is None or _folded(name) in _WITHOUT_EFFECT:
            continue
        elif value not in _DEFAULTS.get(key, ()):
            others[name] = value
    return taken, others


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _key(name: str) -> str:
    return _SETTINGS.get(_folded(name), name)


def _meant(value: Json) -> Json:
    """Return a value without what Segment's screen leaves in directives and nothing reads.

    That is `_metadata`, and a `pattern2` that is empty.
    """
    match value:
        case dict():
            is_directive = any(name.startswith("@") for name in value)
            kept = {name: _meant(inner) for name, inner in value.items()}
            if is_directive:
                kept.pop("_metadata", None)
            replacing = kept.get("@replace")
            if isinstance(replacing, dict) and replacing.get("pattern2") == "":
                del replacing["pattern2"]
                replacing.pop("replacement2", None)
            return kept
        case list():
            return [_meant(inner) for inner in value]
    return value


def _list_id(key: str, value: Json) -> MappingEntry:
    return MappingEntry(key, parse_id(value) or value)


def _fields(key: str, values: Json) -> MappingEntry:
    """Return the profile fields, with ids as JavaScript's parseInt reads them."""
    if not isinstance(values, dict) or any(name.startswith("@") for name in values):
        return MappingEntry(key, values)
    fields: dict[str, Json] = {}
    remarks: list[str] = []
    for name in sorted(values, key=lambda name: str(_parse_int(name)) != name):
        number = _parse_int(name)
        field_id = parse_id(number)
        if number == 0:
            remarks.append(f"needs a look: {_shown(name)} is not an id; Segment drops it as well")
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
    """Return the number that JavaScript's parseInt reads from a text, 0 if there is none."""
    found = _PARSE_INT.match(text.lstrip(javascript.SPACE))
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
"""How each key gets its value, in the order in which the keys are written."""
