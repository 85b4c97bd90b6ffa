"""Directives that make or choose a text, and the table of all directives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from listrak_sync.events.key_paths import (
    Event,
    Found,
    KeyPath,
    find,
    finder,
    parse_key_path,
    split_key_path,
)
from listrak_sync.mapping.directives import javascript
from listrak_sync.mapping.directives import objects as object_directives
from listrak_sync.mapping.directives.compiler import (
    NOTHING,
    CompileDirective,
    Compiler,
    DirectiveError,
    Value,
    is_falsy,
)
from listrak_sync.mapping.directives.liquid.directive import liquid_directive
from listrak_sync.mapping.directives.replacing import replace_directive
from listrak_sync.mapping.yaml.document import Node

_PLACEHOLDER: Final = re.compile(r"\{\{\{([^}]+)\}\}\}|\{\{([^}]+)\}\}")

_PATH_AS_TEXT: Final = re.compile(r"\{\s*(?:traits|properties|context)\.|\A\$\.")


def placeholders(template: str) -> tuple[KeyPath, ...]:
    """Return the key paths that a template reads, in order."""
    return tuple(
        split_key_path((found[1] or found[2]).strip(javascript.SPACE))
        for found in _PLACEHOLDER.finditer(template)
    )


def compile_template(template: str) -> Callable[[Event], str]:
    """Return a function that fills in a template from an event; missing or null is left empty.

    Source: the mapping kit of Segment's actions; `{{{…}}}` is the same as `{{…}}`.
    """
    pieces = _PLACEHOLDER.split(template)
    first, rest = pieces[0], pieces[3::3]
    parts = tuple(zip(placeholders(template), rest, strict=True))
    return lambda event: first + "".join(_text(find(event, path)) + text for path, text in parts)


def _text(found: Found) -> str:
    return "" if javascript.is_nothing(found) else javascript.text(found)


def _path(compiler: Compiler, node: Node) -> Value:
    operand = compiler.source_text(node, "the path")
    if isinstance(operand.constant, str) and operand.constant.strip().startswith("{{"):
        inside = operand.constant.strip(" {}").removeprefix("$.")
        compiler.document.fault(node, "a path has no braces", f"write $.{inside}")
    if isinstance(operand.constant, str):
        path = parse_key_path(operand.constant)
        found = finder(path) if compiler.on_event else partial(_find, path)
        return Value(found, frozenset({path}))

    def resolve(event: Event) -> Found:
        path = operand.resolve(event)
        if not isinstance(path, str):
            raise DirectiveError("@path: its operand did not resolve to a text")
        return find(event, parse_key_path(path))

    return Value(resolve, frozenset({()}))


def _find(path: KeyPath, event: Event) -> Found:
    return find(event, path)


def _template(compiler: Compiler, node: Node) -> Value:
    operand = compiler.source_text(node, "the template")
    if isinstance(operand.constant, str):
        paths = placeholders(operand.constant)
        remark = _what_is_hardly_meant(operand.constant)
        if remark is not None:
            compiler.document.remark(node, "template", remark)
        return Value(compile_template(operand.constant), frozenset(paths))

    def resolve(event: Event) -> Found:
        template = operand.resolve(event)
        if not isinstance(template, str):
            raise DirectiveError("@template: its operand did not resolve to a text")
        return compile_template(template)(event)

    return Value(resolve, frozenset({()}))


def _what_is_hardly_meant(template: str) -> str | None:
    """Return a remark on a template that gives another text than it seems to, or None."""
    inside = [found[1] or found[2] for found in _PLACEHOLDER.finditer(template)]
    outside = _PLACEHOLDER.sub("", template)
    filtered = next((each for each in inside if "|" in each), None)
    if filtered is not None:
        return (
            f"{{{{{filtered}}}}} is always empty, as a template has no filters; "
            'write {"@liquid": …} in place of {"@template": …}'
        )
    if "{{" in outside or "}}" in outside:
        wrong = "braces without their other half are a part of the text"
        return f"{wrong}; write {{{{ before a path, }}}} behind it"
    if not inside and _PATH_AS_TEXT.search(template):
        return (
            "the template is a text without a path; write {{traits.plan}} where a value shall stand"
        )
    return None


def _if(compiler: Compiler, node: Node) -> Value:
    known = ("exists", "blank", "then", "else")
    options = compiler.options(node, "@if", known)
    if options is None:
        return NOTHING
    tests = {name: test for name, test in options.items() if name in {"exists", "blank"}}
    if all(map(is_falsy, tests.values())):
        if all(name in known for name in options):
            instead = "write exists: or blank: with a directive under it"
            compiler.document.lacking(node, "@if tests nothing", instead)
        return NOTHING
    name = "exists" if "exists" in tests else "blank"
    operand = compiler.value(tests[name])
    if operand.is_constant:
        message = "a constant is there in every event; write a directive, such as @path"
        compiler.document.remark(tests[name], "always_the_same", message)
    then = compiler.value(options["then"]) if "then" in options else NOTHING
    otherwise = compiler.value(options["else"]) if "else" in options else NOTHING
    if "else" in options and is_falsy(options["else"]):
        otherwise = NOTHING
    test, yes, no = operand.resolve, then.resolve, otherwise.resolve
    fails = javascript.is_nothing if name == "exists" else _is_blank
    return Value(
        lambda event: no(event) if fails(test(event)) else yes(event),
        operand.paths | then.paths | otherwise.paths,
        written=then.written + otherwise.written,
    )


def _case(compiler: Compiler, node: Node) -> Value:
    options = compiler.options(node, "@case", ("operator", "value"), ("operator",))
    if options is None:
        return NOTHING
    operator = compiler.choice(options["operator"], "operator", ("lower", "upper"))
    if "value" not in options:
        return NOTHING
    operand = compiler.text(options["value"], "the value of @case")
    if is_falsy(options["value"]):
        return NOTHING
    change = str.lower if operator == "lower" else str.upper

    def resolve(event: Event) -> Found:
        value = operand.resolve(event)
        return change(value) if isinstance(value, str) else value

    return Value(resolve, operand.paths)


def _is_blank(value: Found) -> bool:
    """Say whether a value is missing, or JavaScript takes it as false or equal to `""`."""
    return not javascript.is_true(value) or (isinstance(value, list) and not javascript.text(value))


def _literal(compiler: Compiler, node: Node) -> Value:
    return compiler.value(node)


COMPILERS: Final[Mapping[str, CompileDirective]] = {
    "@path": _path,
    "@template": _template,
    "@if": _if,
    "@case": _case,
    "@replace": replace_directive,
    "@literal": _literal,
    "@liquid": liquid_directive,
    **object_directives.COMPILERS,
}
"""Every directive by its name. Source: the mapping kit of Segment's actions."""
