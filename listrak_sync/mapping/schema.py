"""The JSON Schema of the mapping file, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from listrak_sync.mapping.directives.schema import DEFINITIONS, Schema, or_directive
from listrak_sync.mapping.environment import VARIABLE
from listrak_sync.mapping.keys import DEFAULTS, KEYS
from listrak_sync.mapping.profile_fields import profile_fields_schema
from listrak_sync.mapping.tests_schema import tests_schema
from listrak_sync.mapping.values import MAX_ID, USE_AUDIENCE_KEY
from listrak_sync.mapping.yaml.conditions import OPERATORS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_NAME: Final = r"(?:[A-Za-z0-9_-]|\\.)+"
_PATH: Final = rf"^{_NAME}(?:\.{_NAME})*$"
_VARIABLE: Final = rf"^\s*{VARIABLE}\s*$"
_TYPES: Final = {str: "string", bool: "boolean", int: "number", float: "number"}


_NAMES_A_LIST: Final[Schema] = {"required": ["list_id"]}


def mapping_file_schema() -> Schema:
    """Return the schema, in the 2020-12 dialect.

    It is laxer than the program: it checks neither the syntax of triggers and templates, nor
    what a directive resolves to, nor what two mappings have in common.
    """
    return {
        "$schema": DIALECT,
        "title": "Mapping file of listrak-sync",
        "description": "Which Segment events set which profile fields of which Listrak list.",
        "type": "object",
        "anyOf": [{"required": ["mappings"]}, {"required": ["tests"], "maxProperties": 1}],
        "additionalProperties": False,
        "properties": {
            "mappings": {
                "description": "Each mapping that matches an event makes its own update.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/mapping"},
            },
            "defaults": {
                "description": "What mappings have that do not say it themselves.",
                "type": "object",
                "additionalProperties": False,
                "properties": {key: _PROPERTIES[key] for key in DEFAULTS},
            },
            "consent": {**_PROPERTIES["consent"], "minItems": 1},
            "profile_fields": profile_fields_schema(_id_digits()),
            "tests": tests_schema(_id_digits()),
        },
        "if": {"not": {"required": ["defaults"], "properties": {"defaults": _NAMES_A_LIST}}},
        "then": {"properties": {"mappings": {"items": _NAMES_A_LIST}}},
        "$defs": {
            "mapping": {
                "type": "object",
                "required": ["profile_field_values"],
                "not": {"required": ["trigger", "conditions"]},
                "additionalProperties": False,
                "properties": {key: _PROPERTIES[key] for key in KEYS},
            },
            "conditions": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/condition"},
            },
            "condition": _condition(),
            "operators": _operators(),
            **DEFINITIONS,
        },
    }


def _id_digits() -> str:
    """Return a pattern for the digits of a number from 1 to MAX_ID; zeros may lead."""
    limit = str(MAX_ID)
    shorter = rf"[1-9][0-9]{{0,{len(limit) - 2}}}"
    smaller = [
        f"{limit[:at]}[{0 if at else 1}-{int(digit) - 1}][0-9]{{{len(limit) - at - 1}}}"
        for at, digit in enumerate(limit)
        if int(digit) > (0 if at else 1)
    ]
    return f"^0*(?:{'|'.join((shorter, *smaller, limit))})$"


def _condition() -> Schema:
    conditions = {"$ref": "#/$defs/conditions"}
    groups = {
        "any": {"description": "One of these must hold.", **conditions},
        "all": {"description": "All of these must hold.", **conditions},
        "not": {
            "description": "This must not hold; of a list, not all of it.",
            "anyOf": [{"$ref": "#/$defs/condition"}, conditions],
        },
    }
    return {
        "description": "A path in the event with the value expected there, or any, all, not.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _PATH},
        "properties": groups,
        "additionalProperties": {
            "description": "A value: is. A list of values: is one of them. Or operators.",
            "anyOf": [_operand("is"), {"$ref": "#/$defs/operators"}],
        },
    }


def _operators() -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: _operand(name) for name in OPERATORS},
    }


def _operand(name: str) -> Schema:
    """Return a schema for the operand of an operator: a value, or also a list of values."""
    operator = OPERATORS[name]
    types = sorted({_TYPES[kind] for kind in operator.types})
    single = {"description": f"Takes {operator.takes}.", "type": types}
    if operator.lists is None:
        return single
    several = {"type": "array", "minItems": 1, "items": {"type": types}}
    return {"description": f"Takes {operator.takes}, or a list.", "anyOf": [single, several]}


_PROPERTIES: Final[Mapping[str, Schema]] = {
    "name": {
        "description": "The name of the mapping in reports and rejects; each name once.",
        "type": ["string", "number", "boolean"],
        "pattern": r"\S",
    },
    "enabled": {
        "description": "false: the mapping is left out.",
        "type": "boolean",
        "default": True,
    },
    "trigger": {
        "description": "Which events match, in Segment's filter query language, as its screen "
        "shows it. Without trigger and conditions, every event matches.",
        "type": "string",
        "pattern": r"\S",
        "examples": ['type = "track" and event = "Order Completed"'],
    },
    "conditions": {
        "description": "Which events match, instead of a trigger: all of these must hold.",
        "$ref": "#/$defs/conditions",
    },
    "list_id": or_directive(
        {"type": "integer", "minimum": 1, "maximum": MAX_ID},
        {"type": "string", "pattern": _id_digits()},
        {"type": "string", "pattern": _VARIABLE},
        description="The list; its id is under Help & Support > API ID Information in Listrak.",
    ),
    "email_address": or_directive(
        {"type": "string", "pattern": r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"},
        description="The contact. By default the first address in context.traits, traits, "
        "properties and context.externalIds.",
    ),
    "profile_field_values": {
        "description": "The ids of profile fields, each with the value to set.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"anyOf": [{"pattern": _id_digits()}, {"pattern": _VARIABLE}]},
        "additionalProperties": or_directive(
            {"enum": ["on", "off", USE_AUDIENCE_KEY]},
            {"type": ["string", "number", "boolean"]},
            description=f"on or off; {USE_AUDIENCE_KEY}: on for who is in the audience, off for "
            "who has left it; or a text, a number or a directive.",
        ),
    },
    "audience_key": or_directive(
        {"type": "string", "minLength": 1},
        description=f"The audience that {USE_AUDIENCE_KEY} looks up. By default "
        "context.personas.computation_key, else properties.audience_key.",
    ),
    "enable_batching": {
        "description": "false: each update is sent in its own request.",
        "type": "boolean",
        "default": True,
    },
    "consent": {
        "description": "Categories of Segment's consent that the contact must have agreed to.",
        "type": "array",
        "items": {"type": "string", "pattern": r"\S"},
        "uniqueItems": True,
    },
}
