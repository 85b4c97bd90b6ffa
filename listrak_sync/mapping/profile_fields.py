"""The profile fields that a mapping file describes, and the constants set in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.directives.compiler import Value
from listrak_sync.mapping.directives.schema import Schema
from listrak_sync.mapping.faults import suggestion
from listrak_sync.mapping.field_types import (
    DATA_TYPES,
    DescribedField,
    Misfit,
    fitted,
    switch_misfit,
)
from listrak_sync.mapping.values import USE_AUDIENCE_KEY, field_text, parse_id
from listrak_sync.mapping.yaml.document import Document, Node

KEY: Final = "profile_fields"
KEYS: Final = ("name", "type", "max_length")


def read_profile_fields(document: Document, node: Node) -> dict[int, DescribedField]:
    """Return the described fields by their ids, and note faults in the document."""
    if not isinstance(node.value, dict) or not node.value:
        instead = "write what listrak-sync fields LIST_ID --yaml prints"
        document.fault(node, "no profile field is described", instead)
        return {}
    found: dict[int, DescribedField] = {}
    for name, entry in node.value.items():
        field_id = parse_id(name)
        if field_id is None:
            instead = "write a number from 1 to 2147483647"
            document.fault(entry.key, f"{name} is not a profile field id", instead)
        elif field_id in found:
            document.fault(entry.key, f"field {field_id} is given twice", "keep one of them")
        else:
            found[field_id] = _described(document, field_id, entry.value)
    return found


def _described(document: Document, field_id: int, node: Node) -> DescribedField:
    """Return the description of one field."""
    if not isinstance(node.value, dict):
        instead = "write name: …, type: CheckBox"
        document.fault(node, f"the description of a field is {node.kind}", instead)
        return DescribedField(field_id)
    document.known(node.value, KEYS, "a field has no key {}")
    nodes = {key: entry.value for key, entry in node.value.items()}
    name, kind, length = map(nodes.get, KEYS)
    return DescribedField(
        field_id,
        None if name is None else _name(document, name),
        None if kind is None else _data_type(document, kind),
        0 if length is None else _length(document, length),
    )


def _name(document: Document, node: Node) -> str:
    if isinstance(node.value, tuple | dict | None):
        document.fault(node, f"the name is {node.kind}", "write a text, or leave the key out")
    return node.value if isinstance(node.value, str) else document.source(node)


def _data_type(document: Document, node: Node) -> str | None:
    if isinstance(node.value, str) and node.value in DATA_TYPES:
        return node.value
    written = node.value if isinstance(node.value, str) else node.kind
    document.fault(node, f"{written} is not a type", suggestion(written, DATA_TYPES))
    return None


def _length(document: Document, node: Node) -> int:
    if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= 0:
        return node.value
    document.fault(node, "this is not a length", "write a number of characters")
    return 0


def check_constants(document: Document, value: Value, field: DescribedField) -> None:
    """Note every constant that a field cannot hold, also one that only some events choose."""
    for node, misfit in _misfits(value, field):
        document.fault(node, misfit.message, misfit.instead)


def written_misfits(value: Value, field: DescribedField) -> Iterator[Misfit]:
    """Yield why a field cannot hold the constants that some events choose."""
    return (misfit for _, misfit in _misfits(value, field))


def _misfits(value: Value, field: DescribedField) -> Iterator[tuple[Node, Misfit]]:
    for node in value.written:
        text = None if isinstance(node.value, tuple | dict) else field_text(node.value)
        misfit = None if text is None else constant_misfit(field, text)
        if misfit is not None:
            yield node, misfit


def constant_misfit(field: DescribedField, text: str) -> Misfit | None:
    """Return why a field cannot hold a constant, None where it can.

    A constant is not rewritten: what a person writes is what is sent.
    """
    if text in {"on", "off", USE_AUDIENCE_KEY}:
        return switch_misfit(field, text)
    found = fitted(field, text)
    if isinstance(found, Misfit):
        return found
    if found != text:
        message = f"{field} is a {field.data_type}: {text} is not written as MM/DD/YYYY"
        return Misfit("not_a_date", message, f"write {found}")
    return None


def profile_fields_entry(fields: Sequence[DescribedField]) -> dict[str, Json]:
    """Return the value of `profile_fields:` for fields."""
    return {
        str(field.id): {
            key: value
            for key, value in zip(
                KEYS, (field.name, field.data_type, field.max_length), strict=True
            )
            if value
        }
        for field in fields
    }


def profile_fields_schema(id_digits: str) -> Schema:
    """Return the schema of `profile_fields:`; `id_digits` is the pattern of an id in digits."""
    properties: Mapping[str, Schema] = {
        "name": {
            "description": "The field's name in reports.",
            "type": ["string", "number", "boolean"],
        },
        "type": {"description": "The field's data type at Listrak.", "enum": list(DATA_TYPES)},
        "max_length": {
            "description": "How many characters it takes; 0 for any number.",
            "type": "integer",
            "minimum": 0,
        },
    }
    return {
        "description": "Profile fields as listrak-sync fields LIST_ID --yaml writes them. Values "
        "for these are checked, and dates written as their type needs them.",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": id_digits},
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": {key: properties[key] for key in KEYS},
        },
    }
