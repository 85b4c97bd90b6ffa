"""The rules from event to update, written down a second time and as plainly as can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from listrak_sync.events.key_paths import find
from listrak_sync.mapping.values import is_email_address

AUDIENCE = "useAudienceKey"

TRIGGERS: dict[str, Any] = {
    'type = "track"': lambda event: event.get("type") == "track",
    'context.personas.computation_key = "vip"': lambda event: (
        _below(event, "context", "personas", "computation_key") == "vip"
    ),
    'type = "track" and context.personas.computation_key = "vip"': lambda event: (
        event.get("type") == "track"
        and _below(event, "context", "personas", "computation_key") == "vip"
    ),
    'context.personas.computation_key = "vip" or type = "identify"': lambda event: (
        event.get("type") == "identify"
        or _below(event, "context", "personas", "computation_key") == "vip"
    ),
}


@dataclass
class Plain:
    """A mapping as it stands in the file, its values not compiled."""

    list_id: Any = 1
    fields: dict[int, Any] = field(default_factory=lambda: {7: "on"})
    trigger: str | None = None
    email_address: Any = None
    audience_key: Any = None

    def as_json(self, name: str) -> dict[str, Any]:
        """Return the mapping as the file has it; JSON is YAML."""
        entries = {
            "name": name,
            "list_id": self.list_id,
            "profile_field_values": {str(key): value for key, value in self.fields.items()},
            "trigger": self.trigger,
            "email_address": self.email_address,
            "audience_key": self.audience_key,
        }
        return {key: value for key, value in entries.items() if value is not None}


def _below(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


class _Audience:
    """What useAudienceKey written in a mapping resolves to."""


def _resolve(spec: Any, event: Any) -> Any:
    """Return what a constant, `@path`, or `@if exists` of these stands for; None for nothing."""
    if spec == AUDIENCE:
        return _Audience
    if not isinstance(spec, dict):
        return spec
    if "@path" in spec:
        found = find(event, tuple(spec["@path"].removeprefix("$.").split(".")))
        return None if found is UNSET else found
    options = spec["@if"]
    there = _resolve(options["exists"], event) is not None
    return _resolve(options["then" if there else "else"], event)


def _list_id(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == int(value) and 1 <= value < 2**31 else None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, str | int | float) else None


def _member(mapping: Plain, event: Any) -> str | None:
    if mapping.audience_key is not None:
        keys = [_resolve(mapping.audience_key, event)]
    else:
        keys = [
            _below(event, "context", "personas", "computation_key"),
            _below(event, "properties", "audience_key"),
        ]
    key = next((key for key in keys if isinstance(key, str) and key), None)
    if key is None:
        return None
    for value in (_below(event, "properties", key), _below(event, "traits", key)):
        if value is not None:
            words = {"true": "on", "false": "off"}
            return (
                words.get(str(value).lower() if isinstance(value, bool) else value)
                if (isinstance(value, bool | str))
                else None
            )
    return None


def _candidates(mapping: Plain, event: Any) -> list[Any]:
    if mapping.email_address is not None:
        return [_resolve(mapping.email_address, event)]
    entries = _below(event, "context", "externalIds")
    entries = entries if isinstance(entries, list) else []
    return [
        _below(event, "context", "traits", "email"),
        _below(event, "traits", "email"),
        _below(event, "properties", "email"),
        *(_below(entry, "id") for entry in entries if _below(entry, "type") == "email"),
    ]


def expected(mapping: Plain, event: Any) -> str | tuple[int, str, dict[int, str]]:
    """Return the list id, the address and the fields that an event sets, or a reject's reason."""
    list_id = _list_id(_resolve(mapping.list_id, event))
    if list_id is None:
        return "invalid_list_id"
    candidates = _candidates(mapping, event)
    if mapping.email_address is not None and not isinstance(candidates[0], str | None):
        return "invalid_email"
    texts = [text.strip() for text in candidates if isinstance(text, str) and text.strip()]
    if not texts:
        return "missing_email"
    if not is_email_address(texts[0]):
        return "invalid_email"
    fields: dict[int, str] = {}
    for field_id, spec in mapping.fields.items():
        value = _resolve(spec, event)
        if value is None:
            continue
        text = _member(mapping, event) if value is _Audience else _text(value)
        if text is None:
            return "unknown_membership" if value is _Audience else "invalid_field_value"
        fields[field_id] = text
    return (list_id, texts[0], fields) if fields else "no_profile_fields"


def takes(mapping: Plain, event: Any) -> bool:
    """Say whether a mapping's trigger holds for an event."""
    return mapping.trigger is None or bool(TRIGGERS[mapping.trigger](event))
