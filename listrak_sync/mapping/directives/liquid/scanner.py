"""Reads the words, texts and numbers of a template, character by character."""

from __future__ import annotations

import re
from typing import Final

from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EXPRESSION, Token

BLANK: Final = (
    "\t\n\v\f\r \xa0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""White space between the words of a template."""

_BLANKS: Final = re.compile(f"[{BLANK}]*")
_WORD: Final = re.compile(f"(?:[A-Za-z0-9_?-]|[^\x00-\x7f{BLANK}\u201c\u201d])*")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.(?!\.)[0-9]*)?")
_QUOTED: Final = re.compile(r"""(?s)(["'])(?:\\.|(?!\1).)*(?:\1|\\?\Z)""")
_ESCAPE: Final = re.compile(r"(?s)\\(?:u([0-9a-fA-F]{0,4})|([0-7]{1,3})|(.))")
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def syntax_error(token: Token, message: str, instead: str) -> LiquidSyntaxError:
    """Return the fault of a token: what is wrong, and what to write instead."""
    return LiquidSyntaxError(message, instead, token=token)


def fault_at(source: str, start: int, end: int, message: str, instead: str) -> LiquidSyntaxError:
    """Return the fault of a part of a template."""
    token = Token(TOKEN_EXPRESSION, source[start:end], start, source)
    return syntax_error(token, message, instead)


class Scanner:
    """A place in a template, and what is read from there up to an end."""

    def __init__(self, source: str, start: int, end: int) -> None:
        self.source = source
        self.at = start
        self.end = end

    @classmethod
    def of(cls, token: Token) -> Scanner:
        """Return a scanner of a token's text, at its beginning."""
        return cls(token.source, token.start_index, token.start_index + len(token.value))

    def fault(self, message: str, instead: str, start: int | None = None) -> LiquidSyntaxError:
        """Return the fault of what stands at the scanner's place, or from a start on."""
        start = self.at if start is None else start
        return fault_at(self.source, start, max(self.end, start + 1), message, instead)

    def is_at_end(self) -> bool:
        """Say whether everything is read."""
        return self.at >= self.end

    def peek(self, ahead: int = 0) -> str:
        """Return the character at the scanner's place or further on, `""` at the end."""
        at = self.at + ahead
        return self.source[at] if at < self.end else ""

    def skip_blank(self) -> None:
        """Go on to what is not white space."""
        found = _BLANKS.match(self.source, self.at, self.end)
        self.at = found.end() if found else self.at

    def take(self, text: str) -> bool:
        """Go on behind a text if it stands here; say whether it does."""
        found = self.source.startswith(text, self.at, max(self.at, self.end))
        self.at += len(text) * found
        return found

    def skip_past(self, text: str) -> bool:
        """Go on behind the next place of a text, or to the end; say whether it was found."""
        at = self.source.find(text, self.at, max(self.at, self.end))
        self.at = self.end if at < 0 else at + len(text)
        return at >= 0

    def word(self) -> str:
        """Read a word after white space, which may be empty."""
        self.skip_blank()
        found = _WORD.match(self.source, self.at, max(self.at, self.end))
        start, self.at = self.at, found.end() if found else self.at
        return self.source[start : self.at]

    def keyword(self, pattern: re.Pattern[str]) -> str | None:
        """Read one of some words and signs; behind a word no character of another may stand."""
        found = pattern.match(self.source, self.at, max(self.at, self.end))
        if found is None or (found[0].isalpha() and _is_word(self.peek(len(found[0])))):
            return None
        self.at = found.end()
        return found[0]

    def number(self) -> float | None:
        """Read a number; None, and nothing is read, where there is none."""
        found = _NUMBER.match(self.source, self.at, max(self.at, self.end))
        if found is None:
            return None
        end = found.end()
        after = self.source[end : min(end + 2, self.end)]
        if _is_word(after[:1]) or ("." in found[0] and after[:1] == "." and after != ".."):
            return None
        self.at = end
        value = float(found[0])
        return int(value) if abs(value) < 2**53 and value == int(value) else value

    def skip_quoted(self) -> bool:
        """Go on behind a text in quotes; say whether there is one. It may lack its end."""
        found = _QUOTED.match(self.source, self.at, max(self.at, self.end))
        self.at = found.end() if found else self.at
        return found is not None

    def quoted(self) -> str | None:
        """Read a text in quotes; None where there is none."""
        start = self.at
        if not self.skip_quoted():
            return None
        # Where the closing quote is missing, the last character is taken for it.
        return _ESCAPE.sub(_unescape, self.source[start + 1 : self.at - 1])


def _is_word(character: str) -> bool:
    return bool(character and _WORD.fullmatch(character))


def _unescape(found: re.Match[str]) -> str:
    code, octal, character = found.groups()
    if code is not None:
        return chr(int(code or "0", 16))
    return chr(int(octal, 8)) if octal else _ESCAPED.get(character, character)
