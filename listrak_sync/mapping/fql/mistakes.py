"""Says what to write instead of what other languages have and triggers do not."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.faults import suggestion
from listrak_sync.mapping.fql.functions import BY_NAME
from listrak_sync.mapping.fql.globs import escape
from listrak_sync.mapping.fql.tokens import Token, correction, fail, path_text

_VALUE: Final = r"""(?P<value>"[^"]*"|'[^']*'|[^\s()\[\],]+)"""
_NOT: Final = r"(?:(?:is|does|do|did)(?:\s+not|n't)|not|doesn't|isn't)"
_OPERATORS: Final = (
    (rf"{_NOT} in\b", "!({path} in ['a', 'b'])"),
    (rf"(?:{_NOT} exists?|is (?:null|empty|missing|blank|unset|not set))\b", "{path} = null"),
    (r"(?:exists?|is (?:set|present)|(?:is not|isn't) (?:null|empty|missing|blank))\b",
     "{path} != null"),
    (rf"{_NOT} (?:contains?|includes?|has) {_VALUE}", "!contains({path}, {value})"),
    (rf"(?:contains?|includes?|has) {_VALUE}", "contains({path}, {value})"),
    (rf"{_NOT} (?:starts?|begins?) with {_VALUE}", "!match({path}, {value*})"),
    (rf"(?:starts?|begins?) with {_VALUE}", "match({path}, {value*})"),
    (rf"{_NOT} ends? with {_VALUE}", "!match({path}, {*value})"),
    (rf"ends? with {_VALUE}", "match({path}, {*value})"),
    (rf"{_NOT} (?:like|ilike) {_VALUE}", "!match({path}, {like})"),
    (rf"(?:like|ilike) {_VALUE}", "match({path}, {like})"),
    (rf"{_NOT} match(?:es)? {_VALUE}", "!match({path}, {value})"),
    (rf"(?:match(?:es)?|regex|rlike) {_VALUE}", "match({path}, {value})"),
    (rf"(?:{_NOT} (?:equals?|equal to|eq)?|ne|neq) {_VALUE}", "{path} != {value}"),
    (rf"(?:is|equals?|eq)(?: equal)?(?: to)? {_VALUE}", "{path} = {value}"),
    (rf"gte {_VALUE}", "{path} >= {value}"),
    (rf"gt {_VALUE}", "{path} > {value}"),
    (rf"lte {_VALUE}", "{path} <= {value}"),
    (rf"lt {_VALUE}", "{path} < {value}"),
    (r"between (?P<value>\S+) and (?P<high>\S+)", "{path} >= {value} and {path} <= {high}"),
)  # fmt: skip
"""Operators of other languages, the longest first, and what says the same in a trigger.

A blank of a pattern stands for any white space, or underscores, or nothing.
"""

_FUNCTIONS: Final = {
    **dict.fromkeys(("includes", "include", "has", "instr", "strpos"), 'contains({path}, "…")'),
    **dict.fromkeys(("startswith", "starts", "beginswith"), 'match({path}, "…*")'),
    **dict.fromkeys(("endswith", "ends"), 'match({path}, "*…")'),
    **dict.fromkeys(("regex", "regexp", "matches", "like", "glob"), 'match({path}, "…")'),
    **dict.fromkeys(("lower", "lcase", "tolower", "tolowercase", "downcase"), "lowercase({path})"),
    **dict.fromkeys(("upper", "ucase", "toupper", "touppercase", "upcase"), "uppercase({path})"),
    **dict.fromkeys(("len", "size", "count", "strlen"), "length({path})"),
    **dict.fromkeys(("exists", "isset", "has_value", "isnotnull"), "{path} != null"),
    **dict.fromkeys(("missing", "isnull", "empty", "isempty", "blank"), "{path} = null"),
    **dict.fromkeys(("str", "tostring", "text"), "string({path})"),
    **dict.fromkeys(("int", "float", "num", "tonumber", "parseint"), "number({path})"),
    **dict.fromkeys(("boolean", "tobool"), "bool({path})"),
    **dict.fromkeys(("equals", "eq", "is"), '{path} = "…"'),
}
"""Functions of other languages by name, and what says the same in a trigger."""

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_ARGUMENT: Final = re.compile(r"\s*\(\s*((?:[A-Za-z0-9_.-]|\\.)+)", re.ASCII)
_STEPS: Final = re.compile(
    r"""\s*\[\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<index>\d+))\s*\]"""
    r"|\.(?P<name>(?:[A-Za-z0-9_-]|\\.)+)",
    re.ASCII,
)


def refuse_operator(text: str, left: Span, token: Token) -> None:
    """Refuse a word in the place of an operator, and say what to write instead of it."""
    lower = token.text.lower()
    if token.kind != "word" or token.text in {"and", "or", "in"}:
        return
    if lower in {"and", "or", "in"}:
        fail(f"{token.text} is not an operator", str(correction(token.text)), token.span)
    path = text[left.start : left.end]
    for pattern, instead in _OPERATORS:
        spaced = re.compile(pattern.replace(" ", r"[\s_]*"), re.IGNORECASE)
        found = spaced.match(text, token.span.start)
        if found is not None:
            groups = found.groupdict()
            written = _filled(instead, path, groups.get("value") or "", groups.get("high") or "")
            operator = text[token.span.start : found.start("value")] if "value" in groups else ""
            word = (operator or found[0]).strip()
            span = Span(token.span.start, token.span.start + len(word))
            fail(f"{word} is not an operator", f"write {written}", span)


def refuse_grouped_digits(text: str, number: Span, token: Token) -> None:
    """Refuse a number with commas between its digits."""
    found = _GROUPED.match(text, number.start) if token.text == "," else None
    if found is not None:
        instead = f"write {found[0].replace(',', '')}"
        fail(f"{found[0]} is not a number", instead, Span(*found.span()))


def refuse_function(text: str, name: Token) -> NoReturn:
    """Refuse a function that triggers do not have, and say what to write instead of it."""
    *path, last = name.names
    argument = _ARGUMENT.match(text, name.span.end)
    subject = path_text(tuple(path)) if path else argument[1] if argument else "path"
    if path and last in BY_NAME:
        arguments = ", …" if BY_NAME[last].is_test else ""
        instead = f"write {last}({subject}{arguments})"
    elif known := _FUNCTIONS.get(last.lower().replace("_", "")):
        instead = f"write {known.replace('{path}', subject)}"
    else:
        instead = correction(last) or suggestion(name.text, BY_NAME)
    fail(f"there is no function {name.text}", instead, name.span)


def refuse_brackets(text: str, path: Token, bracket: Token) -> None:
    """Refuse a name or an index in brackets, and say how a path has it."""
    instead, end = path_with_brackets(text, path, bracket)
    fail("a path has no brackets", instead, Span(bracket.span.start, end))


def path_with_brackets(text: str, path: Token, bracket: Token) -> tuple[str, int]:
    """Return how to write a path with names in brackets, and where it ends."""
    names, at = list(path.names), bracket.span.start
    while found := _STEPS.match(text, at):
        name, at = next(group for group in found.groups() if group is not None), found.end()
        names.append(re.sub(r"\\(.)", r"\1", name) if found["name"] else name)
    if at == bracket.span.start:
        return "write what is in brackets as .name, without quotes", bracket.span.end
    return f"write {path_text(tuple(names))}", at


def _filled(instead: str, path: str, value: str, high: str) -> str:
    """Return what says the same, with the path and the value in their places."""
    quote = value[0] if value[:1] in {'"', "'"} else '"'
    inner = value[1:-1] if value[:1] in {'"', "'"} else value
    is_number = re.fullmatch(r"[+-]?\d+(?:\.\d+)?|true|false|null", value) is not None
    texts = {
        "{value*}": f"{quote}{escape(inner)}*{quote}",
        "{*value}": f"{quote}*{escape(inner)}{quote}",
        "{like}": f"{quote}{inner.replace('%', '*').replace('_', '?')}{quote}",
        "{value}": value if is_number else f"{quote}{inner}{quote}",
        "{high}": high,
        "{path}": path,
    }
    return re.sub(r"\{[a-z*]+\}", lambda place: texts[place[0]], instead)
