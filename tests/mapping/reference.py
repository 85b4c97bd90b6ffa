"""A plain reading of the trigger language, to hold the compiled one against."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.conditions import (
    All,
    AnyOf,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    Operand,
    PathOf,
    Refuted,
    Truth,
)

Decoded: TypeAlias = "dict[str, Json]"
"""An event, decoded whole."""

NAMES: Final = ("type", "event", "properties", "traits", "a", "b", "0", "1", "length", "größe x")
TEXTS: Final = ("track", "a", "ab", "A b", "", "5", "true", "null", "a*b", "it's", "ß", "日本 x")
NUMBERS: Final = (0, 5, 5.0, -1, 1.5, 2, 1e21, 1e-7, 2**53 + 1, -0.0)
PATTERNS: Final = ("", "*", "a*", "*b", "?", "[a-c]*", "a\\*b", "*a*b*", "[^a]*", "t?a*k", "[5]")
OF_TEXT: Final = ("lowercase", "uppercase", "snakecase", "kebabcase", "titlecase", "string")
OF_ONE: Final = (*OF_TEXT, "length", "typeof", "bool", "number")

scalars: Final = st.sampled_from((*TEXTS, *NUMBERS, True, False, None))
values: Final = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=8,
)
events: Final = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
paths: Final = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(
    lambda names: PathOf(tuple(names))
)
literals: Final = st.builds(Literal, scalars)


def _calls(inner: st.SearchStrategy[Operand]) -> st.SearchStrategy[Operand]:
    one = st.sampled_from(OF_ONE)
    patterns = st.builds(Literal, st.sampled_from(PATTERNS))
    made = st.builds(Call, st.sampled_from(OF_TEXT), st.tuples(paths))
    # Arguments of a type that a function never uses are refused when a trigger is read.
    texts = paths | made | st.builds(Literal, st.sampled_from(TEXTS))
    return st.one_of(
        st.builds(Call, one, st.tuples(texts)),
        st.builds(Call, st.just("typeof"), st.tuples(inner)),
        st.builds(Call, st.just("contains"), st.tuples(texts, texts)),
        st.builds(Call, st.just("match"), st.tuples(paths | made, patterns | paths)),
        st.builds(ListOf, st.lists(inner, max_size=3).map(tuple)),
    )


operands: Final[st.SearchStrategy[Operand]] = st.recursive(paths | literals, _calls, max_leaves=3)
_numeric: Final = paths | st.builds(Literal, st.sampled_from(NUMBERS))
_parts: Final = st.builds(Literal, st.sampled_from((*TEXTS, *NUMBERS, True, False)))
_tests: Final = st.builds(Call, st.just("contains"), st.tuples(paths, _parts)) | st.builds(
    Call, st.just("match"), st.tuples(paths, st.builds(Literal, st.sampled_from(PATTERNS)))
)
_lone: Final = paths | _tests | st.builds(Literal, st.booleans())
leaves: Final[st.SearchStrategy[Condition]] = st.one_of(
    st.builds(Compare, st.sampled_from(("=", "!=")), paths, literals),
    st.builds(Compare, st.sampled_from(("=", "!=")), operands, operands),
    st.builds(Compare, st.sampled_from(("<", "<=", ">", ">=")), _numeric, _numeric),
    st.builds(In, operands, paths | st.builds(ListOf, st.lists(operands, max_size=3).map(tuple))),
    st.builds(Truth, _lone),
    st.builds(Refuted, _tests),
)
conditions: Final[st.SearchStrategy[Condition]] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)


def render(condition: Condition) -> str:
    """Write a condition as a trigger, every group in parentheses."""
    match condition:
        case All(parts):
            return "(" + " and ".join(map(render, parts)) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(map(render, parts)) + ")"
        case Not(inner):
            return f"!({render(inner)})"
        case Compare(operator, left, right):
            return f"{render_operand(left)} {operator} {render_operand(right)}"
        case In(item, container):
            return f"{render_operand(item)} in {render_operand(container)}"
        case Truth(operand):
            return render_operand(operand)
        case Refuted(call):
            return f"!{render_operand(call)}"


def render_operand(operand: Operand) -> str:
    """Write an operand; the first letter of a path is escaped, so that it is not another word."""
    match operand:
        case PathOf(names):
            return "\\" + ".".join(re.sub(r"([^A-Za-z0-9_-])", r"\\\1", name) for name in names)
        case Literal(str() as text):
            return f"'{text}'" if '"' in text else f'"{text}"'
        case Literal(None):
            return "null"
        case Literal(bool() as value):
            return "true" if value else "false"
        case Literal(value):
            return repr(value)
        case ListOf(items):
            return "[" + ", ".join(map(render_operand, items)) + "]"
        case Call(name, arguments):
            return f"{name}({', '.join(map(render_operand, arguments))})"


def holds(condition: Condition, event: Decoded) -> bool:
    """Say whether a condition holds, by reading its tree."""
    match condition:
        case All(parts):
            return all(holds(part, event) for part in parts)
        case AnyOf(parts):
            return any(holds(part, event) for part in parts)
        case Not(inner):
            return not holds(inner, event)
        case Truth(operand):
            return evaluate(operand, event) is True
        case Refuted(call):
            return isinstance(evaluate(call.arguments[0], event), str) and not evaluate(call, event)
        case In(item, container):
            found = evaluate(container, event)
            wanted = key(evaluate(item, event))
            return isinstance(found, list) and wanted in [key(element) for element in found]
        case Compare(operator, left, right):
            return compare(operator, left, right, event)


def compare(operator: str, left: Operand, right: Operand, event: Decoded) -> bool:
    """Compare two operands; with a number written on one side, or by `<`, as numbers."""
    a, b = evaluate(left, event), evaluate(right, event)
    written = any(isinstance(side, Literal) and is_number(side.value) for side in (left, right))
    if not written and operator in {"=", "!="}:
        return (key(a) == key(b)) == (operator == "=")
    if not (is_number(a) and is_number(b)):
        return False
    assert isinstance(a, int | float)
    assert isinstance(b, int | float)
    return {
        "=": a == b,
        "!=": a != b,
        "<": a < b,
        "<=": a <= b,
        ">": a > b,
        ">=": a >= b,
    }[operator]


def key(value: Found) -> object:
    """Return what is equal for the same values alone: a missing one is null, 5 is 5.0."""
    match value:
        case None | str():
            return value
        case bool():
            return ("boolean", value)
        case int() | float():
            return ("number", value)
        case list():
            return ("list", [key(item) for item in value])
        case dict():
            return ("object", {name: key(item) for name, item in value.items()})
    return None


def is_number(value: Found) -> bool:
    """Say whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def evaluate(operand: Operand, event: Decoded) -> Found:
    """Return the value of an operand."""
    match operand:
        case PathOf(names):
            return look_up(event, names)
        case Literal(value):
            return value
        case ListOf(items):
            found = [evaluate(item, event) for item in items]
            return [None if item is UNSET else item for item in found]
        case Call(name, arguments):
            return call(name, [evaluate(argument, event) for argument in arguments])


def look_up(value: Found, names: tuple[str, ...]) -> Found:
    """Walk a path as `value && value[name]` does: what counts as false is the result."""
    for name in names:
        if value is UNSET or value is None or (not isinstance(value, list | dict) and not value):
            return value
        if isinstance(value, dict):
            value = value[name] if name in value else UNSET  # noqa: SIM401 - as it is read aloud
        elif isinstance(value, list | str):
            if name == "length":
                value = len(value)
            else:
                index = {str(at): item for at, item in enumerate(value)}
                value = index.get(name, UNSET)
        else:
            return UNSET
    return value


def call(name: str, arguments: list[Found]) -> Found:
    """Return what a function makes of its arguments."""
    first = arguments[0]
    if name == "contains":
        part = written(arguments[1])
        return isinstance(first, str) and part is not None and part in first
    if name == "match":
        pattern = arguments[1]
        both = isinstance(first, str) and isinstance(pattern, str)
        return glob_matches(str(pattern), str(first)) if both else False
    if name in TEXT_CHANGES:
        return TEXT_CHANGES[name](first) if isinstance(first, str) else None
    return CONVERSIONS[name](first)


TEXT_CHANGES: Final[dict[str, Callable[[str], str]]] = {
    "lowercase": str.lower,
    "uppercase": str.upper,
    "snakecase": lambda text: "_".join(text.split(" ")),
    "kebabcase": lambda text: "-".join(text.split(" ")),
    "titlecase": lambda text: " ".join(part[:1].upper() + part[1:] for part in text.split(" ")),
}


def _length(value: Found) -> Json:
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, list) else 0


def _typeof(value: Found) -> Json:
    kinds = {str: "string", bool: "bool", int: "number", float: "number", list: "list"}
    return "object" if isinstance(value, dict) else kinds.get(type(value), "null")


def _bool(value: Found) -> Json:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return bool(value) if isinstance(value, int | float) else None


def _number(value: Found) -> Json:
    if isinstance(value, str):
        return 5.0 if value == "5" else None
    return value + 0 if isinstance(value, int | float) else None


def written(value: Found) -> str | None:
    """Return a text, or a number or boolean as JavaScript writes it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            known = {1e21: "1e+21", 1e-7: "1e-7", 5.0: "5", 0.0: "0", 1.5: "1.5"}
            return known[value]
    return None


CONVERSIONS: Final[dict[str, Callable[[Found], Json]]] = {
    "length": _length,
    "typeof": _typeof,
    "bool": _bool,
    "string": written,
    "number": _number,
}


def glob_matches(pattern: str, text: str) -> bool:
    """Match a glob by trying everything; an unreadable pattern matches nothing."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob_matches(pattern[1:], text[at:]) for at in range(len(text) + 1))
    if pattern[0] == "[":
        return _set_matches(pattern, text)
    if not text:
        return False
    if pattern[0] == "\\":
        return len(pattern) > 1 and text[0] == pattern[1] and glob_matches(pattern[2:], text[1:])
    return pattern[0] in {"?", text[0]} and glob_matches(pattern[1:], text[1:])


def _set_matches(pattern: str, text: str) -> bool:
    members, rest = pattern[1:].split("]", 1)
    negated = members[0] in "^!"
    chosen: set[str] = set()
    members = members[negated:]
    while members:
        if members[1:2] == "-" and len(members) > 2:
            chosen |= {chr(code) for code in range(ord(members[0]), ord(members[2]) + 1)}
            members = members[3:]
        else:
            chosen.add(members[0])
            members = members[1:]
    return bool(text) and (text[0] in chosen) != negated and glob_matches(rest, text[1:])


class UnresolvableError(ValueError):
    """A directive that cannot be carried out for an event."""


def resolve(value: Json, event: Found) -> Found:
    """Return what a value of the mapping file comes to for an event, by reading it."""
    if isinstance(value, list):
        return cast(Json, [resolve(item, event) for item in value])
    if not isinstance(value, dict):
        return value
    directives = [name for name in value if name.startswith("@")]
    if not directives:
        return cast(Json, {name: resolve(item, event) for name, item in value.items()})
    (name,) = directives
    return DIRECTIVES[name](value[name], event)


def _path(operand: Any, event: Found) -> Found:
    path = resolve(operand, event)
    if not isinstance(path, str):
        raise UnresolvableError
    names = path.replace("$.", "", 1).split(".")
    return look_up(event, tuple(name for name in names if name))


def _template(operand: Any, event: Found) -> Found:
    template = resolve(operand, event)
    if not isinstance(template, str):
        raise UnresolvableError
    text = ""
    while "{{" in template:
        before, _, rest = template.partition("{{")
        name, _, template = rest.partition("}}")
        found = look_up(event, tuple(name.split(".")))
        text += before + ("" if found is None or found is UNSET else spelt(found))
    return text + template


def spelt(value: Json) -> str:
    """Return what JavaScript's String() makes of a value."""
    if isinstance(value, list):
        return ",".join("" if item is None else spelt(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return "null" if value is None else str(written(value))


def _if(options: Any, event: Found) -> Found:
    test = "exists" if "exists" in options else "blank"
    found = resolve(options[test], event)
    passes = found is not None and found is not UNSET
    if test == "blank":
        empty = passes and not isinstance(found, dict) and spelt(cast(Json, found)) == ""
        passes = passes and not (empty or found is False or (is_number(found) and found == 0))
    if passes:
        return resolve(options["then"], event) if "then" in options else UNSET
    written_off = options.get("else")
    if not isinstance(written_off, list | dict) and not written_off:
        return UNSET
    return resolve(written_off, event)


def _case(options: Any, event: Found) -> Found:
    if options["value"] == "":
        return UNSET
    found = resolve(options["value"], event)
    if not isinstance(found, str):
        return found
    return found.upper() if options["operator"] == "upper" else found.lower()


def _replace(options: Any, event: Found) -> Found:
    if options["value"] == "":
        return UNSET
    text = written(resolve(options["value"], event))
    if text is None:
        return ""
    count = -1 if options.get("global", True) else 1
    return text.replace(options["pattern"], options.get("replacement", ""), count)


def _array_path(operands: Any, event: Found) -> Found:
    found = _path(operands[0], event)
    if len(operands) == 1 or not isinstance(found, list | dict):
        return found
    items = [found] if isinstance(found, dict) else found
    return cast(Json, [resolve(operands[1], item) for item in items])


def _flatten(options: Any, event: Found) -> Found:
    flat: dict[str, Found] = {}

    def walk(value: Found, names: list[str]) -> None:
        if isinstance(value, dict):
            for name in in_order(value):
                walk(value[name], [*names, name])
        elif isinstance(value, list) and not options.get("omitArrays"):
            for index, item in enumerate(value):
                walk(item, [*names, str(index)])
        else:
            flat[options["separator"].join(names)] = value

    walk(resolve(options["value"], event), [])
    return cast(Json, flat)


def in_order(value: dict[str, Json]) -> list[str]:
    """Return the names of an object in JavaScript's order: indexes, then as they came."""
    indexes = [name for name in value if name.isdecimal()]
    return sorted(indexes, key=int) + [name for name in value if name not in indexes]


def _json(options: Any, event: Found) -> Found:
    found = resolve(options["value"], event)
    if options["mode"] == "encode":
        return UNSET if found is UNSET else as_json(found)
    if not isinstance(found, str):
        return found
    try:
        return cast(Json, json.loads(found))
    except ValueError:
        return found


def as_json(value: Found) -> str:
    """Write a value as JavaScript's JSON.stringify does; what is missing in a list is null."""
    match value:
        case dict():
            kept = [name for name in in_order(value) if cast(Found, value[name]) is not UNSET]
            members = (f"{as_json(name)}:{as_json(value[name])}" for name in kept)
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(map(as_json, value)) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False)
    return written(value) or "null"


def _merge(options: Any, event: Found) -> Found:
    found = [resolve(each, event) for each in options["objects"]]
    merged: dict[str, Json] = {}
    for each in found if options["direction"] == "right" else found[::-1]:
        if isinstance(each, list | str):
            merged |= {str(index): item for index, item in enumerate(each)}
        elif isinstance(each, dict):
            merged |= {name: each[name] for name in in_order(each)}
    return merged


def _transform(options: Any, event: Found) -> Found:
    if not isinstance(event, dict):
        raise UnresolvableError
    return resolve(options["mapping"], _there(resolve(options["apply"], event)))


def _there(value: Found) -> Found:
    """Return a value without the members that are missing."""
    if isinstance(value, dict):
        members = [(name, _there(member)) for name, member in value.items()]
        return cast(Json, {name: member for name, member in members if member is not UNSET})
    return cast(Json, [_there(item) for item in value]) if isinstance(value, list) else value


def _exclude_when_null(operand: Any, event: Found) -> Found:
    def walk(value: Found) -> Found:
        if isinstance(value, dict):
            return cast(Json, {name: walk(member) for name, member in value.items()})
        return UNSET if value is None else value

    return walk(resolve(operand, event))


DIRECTIVES: Final[dict[str, Callable[[Any, Found], Found]]] = {
    "@path": _path,
    "@template": _template,
    "@literal": resolve,
    "@if": _if,
    "@case": _case,
    "@replace": _replace,
    "@arrayPath": _array_path,
    "@flatten": _flatten,
    "@json": _json,
    "@merge": _merge,
    "@transform": _transform,
    "@excludeWhenNull": _exclude_when_null,
}


def exact(value: Found) -> object:
    """Return what is equal for the very same values alone: missing is not null, true not 1."""
    match value:
        case list():
            return ["list", *map(exact, value)]
        case dict():
            return {name: exact(member) for name, member in value.items()}
    return key(value) if value is not UNSET else "missing"


def _as_directive(value: Json) -> Json:
    """Return a value as a directive, for where a constant may not stand."""
    is_directive = isinstance(value, dict) and any(name.startswith("@") for name in value)
    return value if is_directive else {"@literal": value}


def _directives(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    some = inner.map(_as_directive)
    objects = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3)

    def options(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
        return st.fixed_dictionaries({name: st.fixed_dictionaries(given)})

    return st.one_of(
        st.lists(inner, max_size=3),
        objects,
        *(
            options("@if", **{test: some, "then": inner, "else": inner})
            for test in ("exists", "blank")
        ),
        options("@case", operator=st.sampled_from(("lower", "upper")), value=some),
        options("@replace", pattern=st.sampled_from("aA b5"), value=some),
        st.builds(lambda path, shape: {"@arrayPath": [path, shape]}, _written_paths, objects),
        options("@flatten", separator=st.just("."), value=inner),
        options("@flatten", separator=st.just("_"), value=inner, omitArrays=st.booleans()),
        options("@json", mode=st.sampled_from(("encode", "decode")), value=some),
        options(
            "@merge",
            objects=st.lists(objects | some, max_size=3),
            direction=st.sampled_from(("left", "right")),
        ),
        options("@transform", apply=objects | some, mapping=objects | some),
        st.fixed_dictionaries({"@excludeWhenNull": inner}),
        st.fixed_dictionaries({"@literal": inner}),
    )


_written_paths: Final = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(
    lambda names: "$." + ".".join(names)
)
_leaves: Final[st.SearchStrategy[Json]] = st.one_of(
    scalars,
    st.builds(lambda path: {"@path": path}, _written_paths),
    st.builds(lambda path: {"@template": f"a{{{{{path[2:]}}}}}"}, _written_paths),
    st.builds(lambda path: {"@path": {"@path": path}}, _written_paths),
)
directive_values: Final[st.SearchStrategy[Json]] = st.recursive(_leaves, _directives, max_leaves=8)
"""Values of the mapping file: constants, directives, and both in one another."""
