"""Writes the mapping of an Engage audience, ready to be put into a mapping file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from listrak_sync.events.key_paths import KeyPath
from listrak_sync.mapping.conditions import All, Compare, Condition, Literal, PathOf
from listrak_sync.mapping.rendering import NotExpressibleError, fql_text, yaml_conditions
from listrak_sync.mapping.values import USE_AUDIENCE_KEY
from listrak_sync.segment_import import yaml_writer

_COMPUTATION_KEY: Final = ("context", "personas", "computation_key")
_AUDIENCE_KEY: Final = ("properties", "audience_key")


@dataclass(frozen=True, slots=True)
class AudienceField:
    """The profile field that an audience switches, with its name where that is known."""

    list_id: int
    field_id: int
    name: str = ""

    def __str__(self) -> str:
        """Return it in words, for a comment."""
        name = f" ({self.name})" if self.name else ""
        return f"field {self.field_id}{name} of list {self.list_id}"


def audience_mapping(key: str, field: AudienceField) -> list[str]:
    """Return the lines of one mapping that switches a field on and off."""
    about = (
        f"The audience {key} switches {field}: on for who is in it, off for who has left it. "
        "Its events may be track or identify."
    )
    trigger = _is(_COMPUTATION_KEY, key)
    return _mapping(about, key, trigger, field, USE_AUDIENCE_KEY)


def separate_mappings(key: str, field: AudienceField) -> list[str]:
    """Return the lines of two mappings: one for who enters, one for who leaves."""
    trait = f"traits.{key}" if key.isidentifier() else "the trait of its key"
    about = (
        f"Who enters the audience {key} gets on in {field}. Where Segment sends the audience as "
        f"identify, test instead whether {trait} is true, and below, whether it is false."
    )
    return [
        *_mapping(about, f"{key}, entered", _event("Audience Entered", key), field, "on"),
        "",
        *_mapping(
            f"Who leaves the audience {key} gets off.",
            f"{key}, exited",
            _event("Audience Exited", key),
            field,
            "off",
        ),
    ]


def _is(path: KeyPath, text: str) -> Condition:
    return Compare("=", PathOf(path), Literal(text))


def _event(name: str, key: str) -> Condition:
    return All((_is(("type",), "track"), _is(("event",), name), _is(_AUDIENCE_KEY, key)))


def _condition(trigger: Condition) -> list[str]:
    """Return the lines of a trigger, or of conditions where no trigger can quote the key."""
    try:
        return yaml_writer.entry("trigger", fql_text(trigger))
    except NotExpressibleError:
        return yaml_writer.entry("conditions", [*yaml_conditions(trigger)])


def _mapping(
    about: str, name: str, trigger: Condition, field: AudienceField, value: str
) -> list[str]:
    """Return the lines of a mapping below a comment, indented as in a file."""
    lines = [
        *yaml_writer.entry("name", name),
        *_condition(trigger),
        *yaml_writer.entry("list_id", field.list_id),
        *yaml_writer.entry("profile_field_values", {str(field.field_id): value}),
    ]
    return yaml_writer.indented([*yaml_writer.comment(about), *yaml_writer.item(lines)])
