"""The words of a trigger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.fql.tokens import FqlError, Token, next_token


def tokens(text: str) -> list[Token]:
    """Read every token of a trigger."""
    found = [next_token(text, 0)]
    while found[-1].kind != "end":
        found.append(next_token(text, found[-1].span.end))
    return found[:-1]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", []),
        (" \t\r\n\xa0", []),
        ("a=1", ["word a", "sign =", "number 1"]),
        ("a!=b", ["word a", "sign !=", "word b"]),
        ("a<=1>=2", ["word a", "sign <=", "number 1", "sign >=", "number 2"]),
        ("a<1>b", ["word a", "sign <", "number 1", "sign >", "word b"]),
        ("!(a)", ["sign !", "sign (", "word a", "sign )"]),
        ("['a',\"b\"]", ["sign [", "text 'a'", "sign ,", 'text "b"', "sign ]"]),
        ('"it\'s"', ['text "it\'s"']),
        ("'say \"a\"'", ["text 'say \"a\"'"]),
        ('"a\\"b', ['text "a\\"', "word b"]),
        ('"line\nbreak"', ['text "line\nbreak"']),
        ("5", ["number 5"]),
        ("-5", ["number -5"]),
        ("+5", ["number +5"]),
        (".5", ["number .5"]),
        ("-0.5", ["number -0.5"]),
        ("1e21", ["number 1e21"]),
        ("1.5E-7", ["number 1.5E-7"]),
        ("5a", ["word 5a"]),
        ("2-fa", ["word 2-fa"]),
        ("-", ["word -"]),
        ("a.0.b", ["word a.0.b"]),
        ("and or in", ["word and", "word or", "word in"]),
    ],
)
def test_tokens(text: str, written: list[str]) -> None:
    """A trigger is words, numbers, texts and signs, with any white space between."""
    found = tokens(text)
    assert [f"{token.kind} {token.text}" for token in found] == written
    assert all(text[token.span.start : token.span.end] == token.text for token in found)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("type", ("type",)),
        ("context.traits.email", ("context", "traits", "email")),
        ("properties.arr.0", ("properties", "arr", "0")),
        (r"properties.product\ 1.price", ("properties", "product 1", "price")),
        (r"properties.a\.b", ("properties", "a.b")),
        (r"properties.a\\b", ("properties", "a\\b")),
        (r"properties.\$price", ("properties", "$price")),
        (r"properties.gr\ö\ße", ("properties", "größe")),
        (r"products\[0\].price", ("products", "0", "price")),
        (r"a\[0\]\[12\]", ("a", "0", "12")),
        ("a\\\nb", ("a\nb",)),
        (r"\and", ("and",)),
        (r"\5", ("5",)),
        ("snake_case-kebab", ("snake_case-kebab",)),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    """Dots part names; a backslash keeps any character in one, but a bracket parts names."""
    (only,) = tokens(text)
    assert (only.kind, only.names) == ("word", names)


@pytest.mark.parametrize(
    ("text", "message", "instead", "span"),
    [
        ('a = "b', "the text is not closed", 'write " where it ends', (4, 5)),
        ("'b", "the text is not closed", "write ' where it ends", (0, 1)),
        ("a == 1", "== is not an operator", "write = to compare", (2, 4)),
        ("a && b", "&& is not an operator", "write and", (2, 4)),
        ("a || b", "|| is not an operator", "write or", (2, 4)),
        ("a <> b", "<> is not an operator", "write !=", (2, 4)),
        ("a. = 1", "a name is missing after the dot", "write a name", (1, 2)),
        ("a..b", "a name is missing after the dot", "write a name", (1, 2)),
        (r"\[\] = 1", "brackets alone are not a name", "write a name", (0, 4)),
        ("\\", "a backslash has nothing after it", "write what it escapes", (0, 1)),
        ("ab\\", "a backslash has nothing after it", "write what it escapes", (2, 3)),
        (
            "a = €5",
            "'€' cannot stand here",
            "write it in quotes, or in a name with a backslash before it",
            (4, 5),
        ),
        (
            "größe",
            "'ö' cannot stand here",
            "write it in quotes, or in a name with a backslash before it",
            (2, 3),
        ),
        ("a & b", "& is not an operator", "write and", (2, 3)),
        (
            "a ; b",
            "';' cannot stand here",
            "write it in quotes, or in a name with a backslash before it",
            (2, 3),
        ),
        (
            "a = ٣",
            "'٣' cannot stand here",
            "write it in quotes, or in a name with a backslash before it",
            (4, 5),
        ),
    ],
)
def test_error(text: str, message: str, instead: str, span: tuple[int, int]) -> None:
    """A text that is not a word is a fault: what is wrong, what to write instead, and where."""
    with pytest.raises(FqlError) as caught:
        tokens(text)
    error = caught.value
    assert (error.message, error.instead, error.span) == (message, instead, Span(*span))
    assert str(error) == message


@given(st.text("ab.0\\[]()'\"=!<>&|,- \n€5", max_size=20) | st.text(max_size=20))
def test_tokens_cover_the_text(text: str) -> None:
    """Any text is cut into tokens that leave out white space alone, or faulted within."""
    fault = None
    try:
        spans = [token.span for token in tokens(text)]
    except FqlError as error:
        fault = error.span
    if fault is not None:
        assert 0 <= fault.start < fault.end <= len(text)
        return
    covered = {at for span in spans for at in range(span.start, span.end)}
    assert len(covered) == sum(span.end - span.start for span in spans)
    assert not "".join(text[at] for at in range(len(text)) if at not in covered).strip()
