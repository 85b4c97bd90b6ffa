"""The JSON Schema of values in a mapping file: constants and directives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from listrak_sync.mapping.directives import replacing
from listrak_sync.mapping.directives.liquid.directive import MAX_LENGTH
from listrak_sync.mapping.directives.texts import COMPILERS

Schema: TypeAlias = Mapping[str, object]


def or_directive(*constants: Schema, description: str = "") -> Schema:
    """Return a schema for a constant of some kinds, or a directive."""
    described = {"description": description} if description else {}
    return {**described, "anyOf": [*constants, {"$ref": "#/$defs/directive"}]}


def _options(required: tuple[str, ...], properties: Schema, description: str) -> Schema:
    """Return a schema for the options of a directive."""
    return {
        "description": description,
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


_VALUE: Final = {"$ref": "#/$defs/value"}
_OBJECT: Final = {"$ref": "#/$defs/object"}
_TEXT: Final = {"$ref": "#/$defs/text"}
_PATTERN: Final = {"type": "string", "minLength": 1, "maxLength": replacing.MAX_LENGTH}
_REPLACEMENT: Final = {"type": "string", "maxLength": replacing.MAX_LENGTH}

_DIRECTIVES: Final[Mapping[str, Schema]] = {
    "@path": {
        "description": "The value at a path of the event, such as $.properties.total.",
        **_TEXT,
    },
    "@template": {
        "description": "A text with {{placeholders}}, such as {{properties.currency}}.",
        **_TEXT,
    },
    "@if": {
        **_options(
            (),
            {"exists": _VALUE, "blank": _VALUE, "then": _VALUE, "else": _VALUE},
            "then, if a value is there (exists) or is not empty (blank); else otherwise.",
        ),
        "anyOf": [{"required": ["exists"]}, {"required": ["blank"]}],
    },
    "@case": _options(
        ("operator",),
        {"operator": {"enum": ["lower", "upper"]}, "value": _TEXT},
        "A text in lower or upper case.",
    ),
    "@replace": _options(
        ("pattern", "value"),
        {
            "pattern": _PATTERN,
            "replacement": _REPLACEMENT,
            "pattern2": _PATTERN,
            "replacement2": _REPLACEMENT,
            "ignorecase": {"type": "boolean", "default": False},
            "global": {"type": "boolean", "default": True},
            "value": _TEXT,
        },
        "A text in which one or two literal texts are replaced.",
    ),
    "@literal": {"description": "The value as it is written.", **_VALUE},
    "@liquid": {
        "description": "A Liquid template over the event; needs listrak-sync[liquid].",
        "type": "string",
        "maxLength": MAX_LENGTH,
    },
    "@arrayPath": {
        "description": "The list at a path, with each item in a shape if one is given.",
        "type": "array",
        "minItems": 1,
        "maxItems": 2,
        "prefixItems": [_TEXT, _VALUE],
    },
    "@flatten": _options(
        ("separator", "value"),
        {"separator": {"type": "string", "minLength": 1}, "value": _VALUE, "omitArrays": {}},
        "Nested keys joined by a separator.",
    ),
    "@json": _options(
        ("mode", "value"),
        {"mode": {"enum": ["encode", "decode"]}, "value": _VALUE},
        "A value as JSON text, or the value of a JSON text.",
    ),
    "@merge": _options(
        ("objects", "direction"),
        {
            "objects": {"type": "array", "items": _OBJECT},
            "direction": {"enum": ["left", "right"]},
        },
        "Several objects merged into one; the last one in the direction wins.",
    ),
    "@transform": _options(
        ("apply", "mapping"),
        {"apply": {"minProperties": 1, **_OBJECT}, "mapping": {"minProperties": 1, **_OBJECT}},
        "A mapping that sees what apply makes of the event, and nothing else.",
    ),
    "@excludeWhenNull": {"description": "A value from which null is left out.", **_VALUE},
}

DEFINITIONS: Final[Mapping[str, Schema]] = {
    "value": {
        "description": "A constant, a directive, or a list or mapping of them.",
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": {"$ref": "#/$defs/value"}},
            {"$ref": "#/$defs/object"},
        ],
    },
    "object": {
        "type": "object",
        "if": {"propertyNames": {"pattern": "^(?!@)"}},
        "then": {"additionalProperties": {"$ref": "#/$defs/value"}},
        "else": {"$ref": "#/$defs/directive"},
    },
    "text": or_directive({"type": "string"}),
    "directive": {
        "description": "Where a value comes from: exactly one key that begins with @.",
        "type": "object",
        "additionalProperties": False,
        "properties": {**{name: _DIRECTIVES[name] for name in COMPILERS}, "_metadata": {}},
        "if": {"required": ["_metadata"]},
        "then": {"minProperties": 2, "maxProperties": 2},
        "else": {"minProperties": 1, "maxProperties": 1},
    },
}
"""The definitions that the schema of the file refers to."""
