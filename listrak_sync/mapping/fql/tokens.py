"""Cuts a trigger into tokens: paths, values and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias
from typing import Literal as OneOf

from listrak_sync.events.acceptance import EVENT_FIELDS
from listrak_sync.events.key_paths import KeyPath
from listrak_sync.mapping.conditions import Span

TokenKind: TypeAlias = OneOf["word", "number", "text", "sign", "end"]

_SPACE: Final = re.compile(r"\s*")
_TEXT: Final = re.compile(r'"[^"]*"|\'[^\']*\'')
_NUMBER: Final = re.compile(
    r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_\\-])", re.ASCII
)
_NAME: Final = re.compile(r"(?:[A-Za-z0-9_-]|\\.)+", re.DOTALL)
_SIGN: Final = re.compile(r"!=|<=|>=|[=!<>()\[\],]")
_ESCAPED: Final = re.compile(r"[^A-Za-z0-9_-]")
_NO_PATH: Final = re.compile(r"-?\.?[0-9].*|and|or|in|true|false|null", re.DOTALL)
"""Paths that would be read as something else if they were not escaped."""

_TYPOGRAPHIC: Final = {**dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛‹›′`´", "'")}  # noqa: RUF001
"""Quotes that word processors and chats write, and those that a trigger has."""

MISTAKES: Final = {
    "===": "write = to compare",
    "!==": "write !=",
    "==": "write = to compare",
    "=~": 'write match(path, "…")',
    "=>": "write >=",
    "=<": "write <=",
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write or",
    "<>": "write !=",
    "NOT": "write !( … )",
}
"""Signs and words that are not in the language, the longest first, and what to write instead."""

_WORDS: Final = frozenset({"and", "or", "in"})
_FOREIGN: Final = tuple(sign for sign in MISTAKES if not sign.isalpha())


class FqlError(ValueError):
    """A trigger that cannot be read: what is wrong, what to write instead, and where (offsets)."""

    def __init__(self, message: str, instead: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.instead = instead
        self.span = span


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the trigger: its text as written, and the names of a key path if it is one."""

    kind: TokenKind
    text: str
    span: Span
    names: tuple[str, ...] = ()


def next_token(text: str, after: int) -> Token:
    """Read the token that follows an offset."""
    spaces = _SPACE.match(text, after)
    start = spaces.end() if spaces else after
    if start == len(text):
        return Token("end", "", Span(start, start))
    if found := _TEXT.match(text, start):
        return Token("text", found[0], Span(*found.span()))
    if found := _NUMBER.match(text, start):
        return Token("number", found[0], Span(*found.span()))
    if _NAME.match(text, start):
        return _word(text, start)
    for mistake in _FOREIGN:
        if text.startswith(mistake, start):
            span = Span(start, start + len(mistake))
            fail(f"{mistake} is not an operator", MISTAKES[mistake], span)
    if found := _SIGN.match(text, start):
        return Token("sign", found[0], Span(*found.span()))
    if text[start] in "\"'":
        fail(
            "the text is not closed",
            f"write {text[start]} where it ends",
            Span(start, start + 1),
        )
    wrong = text[start]
    if wrong in _TYPOGRAPHIC:
        _refuse_typographic(text, start)
    if wrong == "\\":
        fail("a backslash has nothing after it", "write what it escapes", Span(start, start + 1))
    instead = "write it in quotes, or in a name with a backslash before it"
    return fail(f"{wrong!r} cannot stand here", instead, Span(start, start + 1))


def _word(text: str, start: int) -> Token:
    """Read a keyword, or the dotted names of a key path."""
    names: list[str] = []
    at = start
    while True:
        found = _NAME.match(text, at)
        if found is None:
            if text[at : at + 1].isalnum():
                _refuse_character(text, at)
            fail("a name is missing after the dot", "write a name", Span(at - 1, at))
        names += _unescape(found[0])
        at = found.end()
        if text[at : at + 1] != ".":
            if not names:
                fail("brackets alone are not a name", "write a name", Span(start, at))
            return Token("word", text[start:at], Span(start, at), tuple(names))
        at += 1


def _refuse_character(text: str, at: int) -> NoReturn:
    """Refuse a character that stands in a name without a backslash."""
    instead = f"write a backslash before it: \\{text[at]}"
    fail(f"{text[at]!r} cannot stand in a name", instead, Span(at, at + 1))


def _refuse_typographic(text: str, start: int) -> NoReturn:
    """Refuse all typographic quotes from here on that are not inside a text, at the first."""
    rest = _TEXT.sub("", text[start:])
    kinds = dict.fromkeys(character for character in rest if character in _TYPOGRAPHIC)
    instead = ", ".join(
        f"{' '.join(kind for kind in kinds if _TYPOGRAPHIC[kind] == quote)} by {quote}"
        for quote in dict.fromkeys(map(_TYPOGRAPHIC.__getitem__, kinds))
    )
    fail("typographic quotes cannot stand here", f"replace {instead}", Span(start, start + 1))


def path_text(path: KeyPath) -> str:
    r"""Return a key path as a trigger has it.

    A single name that is not a field of an event begins with a backslash, as it would be taken
    for a text without its quotes.
    """
    text = ".".join(_ESCAPED.sub(r"\\\g<0>", name) for name in path)
    is_bare = len(path) == 1 and path[0] not in EVENT_FIELDS and not text.startswith("\\")
    return f"\\{text}" if is_bare or _NO_PATH.fullmatch(text) else text


def correction(word: str) -> str | None:
    """Return what to write instead of a sign or word of another language, or None."""
    lower = word.lower()
    return (
        f"write {lower}, in lower case" if lower in _WORDS - {word} else MISTAKES.get(word.upper())
    )


def fail(message: str, instead: str, span: Span) -> NoReturn:
    """Raise FqlError."""
    raise FqlError(message, instead, span)


def _unescape(name: str) -> list[str]:
    r"""Return a name without its backslashes; an escaped bracket separates names.

    Segment's screen writes an index as `products\[0\]`.
    """
    names = [""]
    escaped = False
    for character in name:
        if not escaped and character == "\\":
            escaped = True
            continue
        if escaped and character in "[]":
            names.append("")
        else:
            names[-1] += character
        escaped = False
    return [part for part in names if part]
