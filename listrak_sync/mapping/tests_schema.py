"""The JSON Schema of the tests in a mapping file."""

from __future__ import annotations

from listrak_sync.mapping.directives.schema import Schema
from listrak_sync.mapping.expected import REJECT_REASONS, REJECTED, SKIPPED
from listrak_sync.mapping.tests import TEST_KEYS
from listrak_sync.reasons import SKIP_REASONS, Reason


def tests_schema(id_digits: str) -> Schema:
    """Return the schema of `tests:`; `id_digits` is the pattern of an id in digits."""
    event = {"description": "An event of Segment's.", "type": "object"}
    fields = {
        "description": "Every field that is set, with the value that is sent.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": id_digits},
        "additionalProperties": {
            "type": ["string", "number", "boolean"],
            "not": {"const": "useAudienceKey"},
        },
    }
    contacts = {
        "description": "Every contact of this list whose fields are set.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"},
        "additionalProperties": fields,
    }
    properties: dict[str, Schema] = {
        "name": {
            "description": "The name of the test; each name once.",
            "type": ["string", "number", "boolean"],
            "pattern": r"\S",
        },
        "event": event,
        "events": {
            "description": "Events that are sent together: the newest value of a field counts.",
            "type": "array",
            "minItems": 1,
            "items": event,
        },
        "expect": {
            "description": "All that the events must come to.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                REJECTED: _reasons(REJECT_REASONS),
                SKIPPED: _reasons(SKIP_REASONS),
            },
            "patternProperties": {id_digits: contacts},
            "additionalProperties": False,
        },
    }
    return {
        "description": "What mapping test runs: events, and what they must come to.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["expect"],
            "oneOf": [{"required": ["event"]}, {"required": ["events"]}],
            "additionalProperties": False,
            "properties": {key: properties[key] for key in TEST_KEYS},
        },
    }


def _reasons(known: frozenset[Reason]) -> Schema:
    """Return a schema for one reason, or a list of them."""
    one = {"enum": sorted(known)}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}
