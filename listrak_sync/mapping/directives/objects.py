"""Directives that build objects and lists, or take them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec
from msgspec import UNSET

from listrak_sync.events.key_paths import Event, Found, Json, KeyPath, find, parse_key_path
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives.compiler import (
    NOTHING,
    CompileDirective,
    Compiler,
    DirectiveError,
    Value,
    is_falsy,
)
from listrak_sync.mapping.yaml.document import Node


def _array_path(compiler: Compiler, node: Node) -> Value:
    """Compile `[path, shape]`: the list at a path, with each item in the shape if it is given."""
    if not isinstance(node.value, tuple) or not 1 <= len(node.value) <= 2:
        given = f"{len(node.value)} items" if isinstance(node.value, tuple) else node.kind
        message = f"@arrayPath needs a list of one or two items, not {given}"
        compiler.document.fault(node, message, "write a list of a path and a shape")
        return NOTHING
    where = node.value[0]
    if isinstance(where.value, str):
        path = parse_key_path(where.value)
        root = Value(lambda event: find(event, path), frozenset({path}))
    else:
        root = compiler.source_text(where, "the path of @arrayPath")
    if len(node.value) == 1 or not isinstance(node.value[1].value, dict) or not node.value[1].value:
        return root
    shape = compiler.inside().value(node.value[1]).resolve

    def resolve(event: Event) -> Found:
        found = root.resolve(event)
        if not isinstance(found, list | dict):
            return found
        items = found if isinstance(found, list) else [found]
        return cast(Json, [shape(cast(Event, item)) for item in items])

    return Value(resolve, root.paths)


def _flatten(compiler: Compiler, node: Node) -> Value:
    """Compile `separator`, `value`, `omitArrays`: an object whose nested keys are joined."""
    needed = ("separator", "value")
    options = compiler.options(node, "@flatten", (*needed, "omitArrays"), needed)
    if options is None:
        return NOTHING
    operand = compiler.value(options["value"])
    separator = options["separator"]
    joiner = separator.value
    if not isinstance(joiner, str) or not joiner:
        written = "empty" if joiner == "" else separator.kind
        compiler.document.fault(
            separator, f"the separator is {written}", "write a text such as '.'"
        )
        return NOTHING
    omit = "omitArrays" in options and bool(options["omitArrays"].value)

    def resolve(event: Event) -> Found:
        return cast(Json, dict(_flat(operand.resolve(event), "", joiner, omit_lists=omit)))

    return Value(resolve, operand.paths, written=(node,))


def _flat(
    value: Found, prefix: str, separator: str, *, omit_lists: bool
) -> Iterator[tuple[str, Found]]:
    members: Iterator[tuple[str, Found]]
    match value:
        case dict():
            members = iter(javascript.in_order(value).items())
        case list() if not omit_lists:
            members = ((str(index), item) for index, item in enumerate(value))
        case _:
            yield prefix, value
            return
    for name, member in members:
        inner = f"{prefix}{separator}{name}" if prefix else name
        yield from _flat(member, inner, separator, omit_lists=omit_lists)


def _json(compiler: Compiler, node: Node) -> Value:
    """Compile `mode: encode|decode` and `value`: JSON text from a value, or back."""
    options = compiler.options(node, "@json", ("mode", "value"), ("mode", "value"))
    if options is None:
        return NOTHING
    mode = compiler.choice(options["mode"], "mode", ("encode", "decode"))
    value = options["value"]
    operand = compiler.value(value)
    if is_falsy(value):
        given = "an empty text" if value.value == "" else value.kind
        compiler.document.fault(value, f"@json is given {given}", "write a directive")
        return NOTHING
    change = _encoded if mode == "encode" else _decoded
    return Value(lambda event: change(operand.resolve(event)), operand.paths)


def _encoded(value: Found) -> Found:
    """Return a value as compact JSON, as JavaScript writes it; nothing stays nothing."""
    return UNSET if value is UNSET else javascript.json_text(value)


def _decoded(value: Found) -> Found:
    """Return the value of a JSON text; any other value stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return cast(Json, msgspec.json.decode(value))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def _merge(compiler: Compiler, node: Node) -> Value:
    """Compile `objects` and `direction: left|right`: several objects merged into one."""
    options = compiler.options(node, "@merge", ("objects", "direction"), ("objects", "direction"))
    if options is None:
        return NOTHING
    direction = compiler.choice(options["direction"], "direction", ("left", "right"))
    objects = options["objects"]
    if not isinstance(objects.value, tuple):
        compiler.document.fault(objects, f"objects is {objects.kind}", "write a list")
        return NOTHING
    for each in objects.value:
        if not isinstance(each.value, dict):
            instead = "write a mapping or a directive"
            compiler.document.fault(each, f"@merge is given {each.kind}", instead)
    values = [compiler.value(each) for each in objects.value]
    if direction == "left":
        values.reverse()
    paths = frozenset[KeyPath]().union(*(value.paths for value in values))
    return Value(
        lambda event: _merged([value.resolve(event) for value in values]), paths, written=(node,)
    )


def _merged(values: list[Found]) -> Found:
    merged: dict[str, Json] = {}
    for value in values:
        match value:
            case dict():
                merged.update(javascript.in_order(value))
            case list() | str():
                merged.update({str(index): item for index, item in enumerate(value)})
    return merged


def _transform(compiler: Compiler, node: Node) -> Value:
    """Compile `apply` and `mapping`: mapping sees only what apply makes of the event."""
    options = compiler.options(node, "@transform", ("apply", "mapping"), ("apply", "mapping"))
    if options is None:
        return NOTHING
    for name in ("apply", "mapping"):
        option = options[name]
        if not isinstance(option.value, dict) or not option.value:
            given = "empty" if option.value == {} else option.kind
            instead = "write a mapping or a directive"
            compiler.document.fault(option, f"{name} is {given}", instead)
    first = compiler.value(options["apply"])
    second = compiler.inside().value(options["mapping"])

    whole_event = compiler.on_event

    def resolve(event: Event) -> Found:
        if not whole_event and not isinstance(event, dict):
            raise DirectiveError("@transform: it is not applied to an object")
        return second.resolve(cast(Event, _without_missing(first.resolve(event))))

    return Value(resolve, first.paths, written=second.written)


def _without_missing(value: Found) -> Found:
    match value:
        case dict():
            return {
                name: cast(Json, _without_missing(item))
                for name, item in value.items()
                if cast(Found, item) is not UNSET
            }
        case list():
            return [cast(Json, _without_missing(item)) for item in value]
    return value


def _exclude_when_null(compiler: Compiler, node: Node) -> Value:
    """Compile a value from which null is left out."""
    operand = compiler.value(node)

    def resolve(event: Event) -> Found:
        value = operand.resolve(event)
        return UNSET if value is None else _without_null(value)

    return Value(resolve, operand.paths, written=operand.written)


def _without_null(value: Found) -> Found:
    if not isinstance(value, dict):
        return value
    return cast(
        Json,
        {name: UNSET if item is None else _without_null(item) for name, item in value.items()},
    )


COMPILERS: Final[Mapping[str, CompileDirective]] = {
    "@arrayPath": _array_path,
    "@flatten": _flatten,
    "@json": _json,
    "@merge": _merge,
    "@transform": _transform,
    "@excludeWhenNull": _exclude_when_null,
}
"""The directives of this module by name. Source: the mapping kit of Segment's actions."""
