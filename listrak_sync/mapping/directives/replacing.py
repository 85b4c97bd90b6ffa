"""The `@replace` directive, which replaces literal texts as JavaScript does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Final

from listrak_sync.events.key_paths import Event, Found, utf16_length
from listrak_sync.mapping.directives.compiler import NOTHING, Compiler, Value, is_falsy
from listrak_sync.mapping.fql.functions import as_text
from listrak_sync.mapping.yaml.document import Node

MAX_LENGTH: Final = 10
"""How long a pattern or a replacement may be, as JavaScript counts characters."""

_OPTIONS: Final = (
    "pattern",
    "replacement",
    "pattern2",
    "replacement2",
    "ignorecase",
    "global",
    "value",
)
_SPECIAL: Final = re.compile(r"\$([$&`'])")
Replace = Callable[[str], str]


def replace_directive(compiler: Compiler, node: Node) -> Value:
    """Compile `@replace`: numbers and booleans become text first, other values become `""`."""
    options = compiler.options(node, "@replace", _OPTIONS, ("pattern", "value"))
    if options is None:
        return NOTHING
    operand = compiler.text(options["value"], "the value of @replace")
    ignore_case = _switch(compiler, options.get("ignorecase"), default=False)
    everywhere = _switch(compiler, options.get("global"), default=True)
    steps: list[Replace] = []
    for name, suffix in (("pattern", ""), ("pattern2", "2")):
        if name in options:
            found = _text(compiler, options, name, shortest=1)
            put = _text(compiler, options, f"replacement{suffix}", shortest=0)
            steps.append(_step(found, put, ignore_case=ignore_case, everywhere=everywhere))
    if is_falsy(options["value"]):
        return NOTHING

    def resolve(event: Event) -> Found:
        text = as_text(operand.resolve(event))
        if text is None:
            return ""
        for step in steps:
            text = step(text)
        return text

    return Value(resolve, operand.paths)


def _switch(compiler: Compiler, node: Node | None, *, default: bool) -> bool:
    if node is None:
        return default
    if not isinstance(node.value, bool):
        compiler.document.fault(node, f"this is {node.kind}", "write true or false")
        return default
    return node.value


def _text(compiler: Compiler, options: Mapping[str, Node], name: str, shortest: int) -> str:
    node = options.get(name)
    if node is None:
        return ""
    given = node.kind
    if isinstance(node.value, str):
        length = utf16_length(node.value)
        if shortest <= length <= MAX_LENGTH:
            return node.value
        given = f"{length} characters long" if length else "empty"
    instead = f"write a text of {shortest} to {MAX_LENGTH} characters"
    compiler.document.fault(node, f"the {name} is {given}", instead)
    return "?"


def _step(pattern: str, replacement: str, *, ignore_case: bool, everywhere: bool) -> Replace:
    written = "".join(map(_any_case, pattern)) if ignore_case else re.escape(pattern)
    replaced = partial(re.compile(written).sub, partial(_expanded, replacement))
    return partial(_apply, replaced, 0 if everywhere else 1)


def _apply(replaced: Callable[..., str], count: int, text: str) -> str:
    return replaced(text, count)


def _expanded(replacement: str, found: re.Match[str]) -> str:
    """Return a replacement with its `$$`, `$&`, `` $` `` and `$'` filled in."""
    text = found.string
    parts = {
        "$": "$",
        "&": found[0],
        "`": text[: found.start()],
        "'": text[found.end() :],
    }
    return _SPECIAL.sub(lambda special: parts[special[1]], replacement)


def _any_case(character: str) -> str:
    """Return a pattern for the letters that JavaScript's flag i, without u, takes as the same."""
    alike = _by_folded().get(_folded(character), {character}) | {character}
    return f"[{''.join(re.escape(letter) for letter in sorted(alike))}]"


def _folded(character: str) -> str:
    upper = character.upper()
    if utf16_length(upper) != 1 or (ord(character) >= 128 > ord(upper)):
        return character
    return upper


@cache
def _by_folded() -> dict[str, set[str]]:
    """Return the letters of the basic plane by the letter that they fold to."""
    alike: dict[str, set[str]] = {}
    for code in range(0x10000):
        character = chr(code)
        if character.upper() != character or character.lower() != character:
            alike.setdefault(_folded(character), set()).add(character)
    return alike
