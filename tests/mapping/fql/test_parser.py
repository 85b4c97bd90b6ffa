"""Triggers as condition trees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    PathOf,
    Refuted,
    Span,
    Truth,
)
from listrak_sync.mapping.fql.functions import BY_NAME
from listrak_sync.mapping.fql.parser import MAX_DEPTH, parse
from listrak_sync.mapping.fql.tokens import FqlError
from tests.mapping import reference

A, B, C = (Truth(PathOf((name,))) for name in "abc")
P = PathOf(("p",))


def is_(value: str | float | None, operator: str = "=") -> Compare:
    """Compare the path p with a value, which may be a boolean too."""
    return Compare(operator, P, Literal(value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("  a  ", A),
        ("(((a)))", A),
        ("a and b", All((A, B))),
        ("a and b and c", All((A, B, C))),
        ("a or b or c", AnyOf((A, B, C))),
        ("(a and b) or c", AnyOf((All((A, B)), C))),
        ("a and (b or c)", All((A, AnyOf((B, C))))),
        ("(a or b) and (b or c)", All((AnyOf((A, B)), AnyOf((B, C))))),
        ("((a or b) and c) or a", AnyOf((All((AnyOf((A, B)), C)), A))),
        ("!a", Not(A)),
        ("! a", Not(A)),
        ("!!a", Not(Not(A))),
        ("!(a)", Not(A)),
        ("!(a and b) or c", AnyOf((Not(All((A, B))), C))),
        ("true", Truth(Literal(True))),
        ("!false", Not(Truth(Literal(False)))),
        ('p = "v"', is_("v")),
        ("p = 'v'", is_("v")),
        ("p = 'say \"v\"'", is_('say "v"')),
        (r'p = "a\n"', is_(r"a\n")),
        ('p = ""', is_("")),
        ('p="v"', is_("v")),
        ('p != "v"', is_("v", "!=")),
        ('p = "true"', is_("true")),
        ("p = true", is_(True)),
        ("p = false", is_(False)),
        ("p = null", is_(None)),
        ("p != null", is_(None, "!=")),
        ("p = 5", is_(5)),
        ("p = -5", is_(-5)),
        ("p = +5", is_(5)),
        ("p = 5.25", is_(5.25)),
        ("p < .5", is_(0.5, "<")),
        ("p <= 1e3", is_(1000.0, "<=")),
        ("p > 100000000000000000001", is_(100000000000000000001, ">")),
        ('p < "5"', is_(5.0, "<")),
        ("p >= ' -1.5 '", is_(-1.5, ">=")),
        ("5 = p", Compare("=", Literal(5), P)),
        ('"5" > p', Compare(">", Literal(5.0), P)),
        ("p = q", Compare("=", P, PathOf(("q",)))),
        ("p = [1]", Compare("=", P, ListOf((Literal(1),)))),
        ("p in []", In(P, ListOf(()))),
        ("p in ['a', 5, null,]", In(P, ListOf((Literal("a"), Literal(5), Literal(None))))),
        ("p in [[1], q]", In(P, ListOf((ListOf((Literal(1),)), PathOf(("q",)))))),
        ("'x' in p.q", In(Literal("x"), PathOf(("p", "q")))),
        ('contains(p, "x")', Truth(Call("contains", (P, Literal("x"))))),
        ('contains ( p , "x" , )', Truth(Call("contains", (P, Literal("x"))))),
        ('!contains(p, "x")', Refuted(Call("contains", (P, Literal("x"))))),
        ('! contains(p, "x")', Not(Truth(Call("contains", (P, Literal("x")))))),
        ('!(contains(p, "x"))', Not(Truth(Call("contains", (P, Literal("x")))))),
        ('!!contains(p, "x")', Not(Refuted(Call("contains", (P, Literal("x")))))),
        ('!match(p, "x*")', Refuted(Call("match", (P, Literal("x*"))))),
        ("!bool(p)", Not(Truth(Call("bool", (P,))))),
        ("match(p, q)", Truth(Call("match", (P, PathOf(("q",)))))),
        ("length(p) > 3", Compare(">", Call("length", (P,)), Literal(3))),
        ("3 < length(p)", Compare("<", Literal(3), Call("length", (P,)))),
        (
            'lowercase(string(p)) = "x"',
            Compare("=", Call("lowercase", (Call("string", (P,)),)), Literal("x")),
        ),
        ("typeof(p) in ['list']", In(Call("typeof", (P,)), ListOf((Literal("list"),)))),
        ("order and android", All(tuple(Truth(PathOf((name,))) for name in ("order", "android")))),
        ("contains = 5", Compare("=", PathOf(("contains",)), Literal(5))),
        (r"p.or", Truth(PathOf(("p", "or")))),
        (r"\and and \or", All((Truth(PathOf(("and",))), Truth(PathOf(("or",)))))),
        ("true.x", Truth(PathOf(("true", "x")))),
        ("p.0.q", Truth(PathOf(("p", "0", "q")))),
        ("a\nand\tb", All((A, B))),
        ("(a)and(b)", All((A, B))),
    ],
)
def test_tree(text: str, tree: Condition) -> None:
    """A trigger is read into the condition that its grammar states."""
    parsed = parse(text)
    assert parsed == tree
    assert repr(type(parsed)) == repr(type(tree))


@pytest.mark.parametrize(("text", "kind"), [("p = 5", int), ("p = 5.0", float), ("p < '5'", float)])
def test_number_type(text: str, kind: type) -> None:
    """A whole number stays whole, so that it keeps every digit."""
    compare = parse(text)
    assert isinstance(compare, Compare)
    assert isinstance(compare.right, Literal)
    assert type(compare.right.value) is kind


@pytest.mark.parametrize(
    ("text", "message", "instead", "span"),
    [
        ("", "the trigger is empty", 'write a condition: type = "track"', (0, 0)),
        (" \n", "the trigger is empty", 'write a condition: type = "track"', (0, 0)),
        (
            "a and b or c",
            "or follows and on one level",
            "put parentheses around what belongs together",
            (8, 10),
        ),
        (
            "(a or b and c)",
            "and follows or on one level",
            "put parentheses around what belongs together",
            (8, 11),
        ),
        (
            "a b",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (2, 3),
        ),
        (
            "a)",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (1, 2),
        ),
        (
            "a = 1 = 2",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (6, 7),
        ),
        ("a AND b", "this does not continue the condition", "write and, in lower case", (2, 5)),
        ("a OR b", "this does not continue the condition", "write or, in lower case", (2, 4)),
        ("a IN ['b']", "this does not continue the condition", "write in, in lower case", (2, 4)),
        ("NOT (a)", "there is no function NOT", "write !( … )", (0, 3)),
        ("(a", "the parenthesis is not closed", "write ) where it ends", (0, 1)),
        ("((a)", "the parenthesis is not closed", "write ) where it ends", (0, 1)),
        ("(a b)", "b stands where ) should", "write )", (3, 4)),
        ("(a OR b)", "OR stands where ) should", "write or, in lower case", (3, 5)),
        ("length(a", "the parenthesis is not closed", "write ) where it ends", (6, 7)),
        ("length(a b)", "b stands where ) should", "write )", (9, 10)),
        ("a in ['b'", "the list is not closed", "write ] where it ends", (5, 6)),
        ("a in ['b' 'c']", "'c' stands where ] should", "write ]", (10, 13)),
        (
            "a in ('b')",
            "a path or a value is missing: ( stands here",
            "write a path or a value",
            (5, 6),
        ),
        ("a in 'b'", "in needs a list", "write ['a', 'b'] or a path to a list", (5, 8)),
        ("a in length(b)", "in needs a list", "write ['a', 'b'] or a path to a list", (5, 14)),
        ("()", "a path or a value is missing: ) stands here", "write a path or a value", (1, 2)),
        (
            "a and",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (5, 5),
        ),
        (
            "a = ",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (4, 4),
        ),
        (
            "and a",
            "a path or a value is missing: and stands here",
            "write a path or a value",
            (0, 3),
        ),
        (
            "a = and",
            "a path or a value is missing: and stands here",
            "write a path or a value",
            (4, 7),
        ),
        (
            "in [1]",
            "a path or a value is missing: in stands here",
            "write a path or a value",
            (0, 2),
        ),
        ("= 5", "a path or a value is missing: = stands here", "write a path or a value", (0, 1)),
        (
            "a in [,]",
            "a path or a value is missing: , stands here",
            "write a path or a value",
            (6, 7),
        ),
        (
            "!",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (1, 1),
        ),
        ('"a"', "a value alone is not a condition", "compare it with a path", (0, 3)),
        ("5 and a", "a value alone is not a condition", "compare it with a path", (0, 1)),
        ("null", "a value alone is not a condition", "compare it with a path", (0, 4)),
        ("!5", "a value alone is not a condition", "compare it with a path", (1, 2)),
        ("['a']", "a list alone is not a condition", "write a path and in before it", (0, 5)),
        ("!['a']", "a list alone is not a condition", "write a path and in before it", (1, 6)),
        ("!a = 5", "! stands before a comparison", "write !( … ) around the comparison", (3, 4)),
        ("!a in [1]", "! stands before a comparison", "write !( … ) around the comparison", (3, 5)),
        ("a < true", "< compares numbers", "write a number", (4, 8)),
        ("a >= 'many'", ">= compares numbers", "write a number", (5, 11)),
        ("null > a", "> compares numbers", "write a number", (0, 4)),
        ("a <= [1]", "<= compares numbers", "write a number", (5, 8)),
        ("a < '1e400'", "< compares numbers", "write a number", (4, 11)),
        ("a = -1e400", "the number is too large", "write one below 1.8e308", (4, 10)),
        (
            f"a in [{'1' * 1000}]",
            "the number is too large",
            "write one below 1.8e308",
            (6, 1006),
        ),
        ("a[0] = 1", "a path does not end in a bracket", "write an index as .0", (1, 2)),
        ("lower(a)", "there is no function lower", "did you mean lowercase?", (0, 5)),
        ("Contains(a, 'b')", "there is no function Contains", "did you mean contains?", (0, 8)),
        (
            "a and (b or matches(c, 'd'))",
            "there is no function matches",
            "did you mean match?",
            (12, 19),
        ),
        (
            "qqq(a)",
            "there is no function qqq",
            f"known: {', '.join(BY_NAME)}",
            (0, 3),
        ),
        ("length()", "length takes 1 argument, not 0", "give it 1 argument", (0, 8)),
        ("a = length(b, c)", "length takes 1 argument, not 2", "give it 1 argument", (4, 16)),
        ("contains(a)", "contains takes 2 arguments, not 1", "give it 2 arguments", (0, 11)),
        ("match(a, 5)", "the pattern of match is not a text", "write it in quotes", (9, 10)),
        (
            "match(a, 'b[c')",
            "a bracket is not closed",
            "write a backslash before it to mean the character itself",
            (11, 12),
        ),
        (
            'match(a, "ab\\")',
            "a backslash has nothing after it",
            "write a backslash before it to mean the character itself",
            (12, 13),
        ),
        (
            "!match(a, '[z-a]')",
            "the range z-a runs backwards",
            "write a backslash before it to mean the character itself",
            (11, 12),
        ),
    ],
)
def test_error(text: str, message: str, instead: str, span: tuple[int, int]) -> None:
    """A trigger that cannot be read says where, what, and what to write instead."""
    with pytest.raises(FqlError) as caught:
        parse(text)
    error = caught.value
    assert (error.message, error.instead, error.span) == (message, instead, Span(*span))


@pytest.mark.parametrize(
    ("before", "opening", "closing", "after", "message"),
    [
        ("", "(", ")", "", "groups nest deeper than 100"),
        ("", "!", "", "", "groups nest deeper than 100"),
        ("", "!(", ")", "", "groups nest deeper than 100"),
        ("", "lowercase(", ")", " = 'b'", "calls nest deeper than 100"),
        ("a in ", "[", "]", "", "lists nest deeper than 100"),
    ],
)
def test_depth(before: str, opening: str, closing: str, after: str, message: str) -> None:
    """Nesting without end is an error at the first place too deep, never a broken stack."""
    assert parse(f"{before}{opening * 40}a{closing * 40}{after}").span.end
    with pytest.raises(FqlError) as caught:
        parse(f"{before}{opening * 50_000}a{closing * 50_000}{after}")
    assert caught.value.message == message
    assert caught.value.span.start <= len(before) + (MAX_DEPTH + 2) * len(opening)


def test_many_conditions_are_not_deep() -> None:
    """The depth counts nesting, not how many conditions stand side by side."""
    group = parse(" or ".join(["(a)"] * 5000))
    assert isinstance(group, AnyOf)
    assert len(group.conditions) == 5000


def test_spans() -> None:
    """Every part of the tree knows the text that it was read from."""
    text = "a and !(contains(b.c, 'd') or e in [1, 2])"
    tree = parse(text)
    assert isinstance(tree, All)
    negated = tree.conditions[1]
    assert isinstance(negated, Not)
    group = negated.condition
    assert isinstance(group, AnyOf)
    found, member = group.conditions
    assert isinstance(found, Truth)
    assert isinstance(found.operand, Call)
    assert isinstance(member, In)
    cut = [
        text[part.span.start : part.span.end]
        for part in (tree, negated, group, found, found.operand.arguments[1], member.container)
    ]
    assert cut == [
        text,
        "!(contains(b.c, 'd') or e in [1, 2])",
        "(contains(b.c, 'd') or e in [1, 2])",
        "contains(b.c, 'd')",
        "'d'",
        "[1, 2]",
    ]


@given(reference.conditions)
def test_reads_what_is_written(condition: Condition) -> None:
    """A condition written as text is read back as the same condition."""
    text = reference.render(condition)
    parsed = parse(text)
    assert parsed == condition
    assert text[parsed.span.start : parsed.span.end] == text


WORDS = [
    *("a", "b.c", "and", "or", "in", "not", "true", "null", "5", "-1", "'x'", '"y*', "'[a'"),
    *("!", "(", ")", "[", "]", ",", "=", "!=", "<", ">=", "==", "\\", ".", "€"),
    *("contains(", "match(", "length(", "lower("),
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    """No text raises anything but FqlError, and its span lies within the text."""
    outcome: Condition | FqlError
    try:
        outcome = parse(text)
    except FqlError as error:
        outcome = error
    assert 0 <= outcome.span.start <= outcome.span.end <= len(text)
    assert not isinstance(outcome, FqlError) or (outcome.message and outcome.instead)


@given(reference.conditions, st.data())
def test_a_missing_end_is_an_error(condition: Condition, data: st.DataObject) -> None:
    """A group cut off before its end is never read as something else."""
    text = f"({reference.render(condition)})"
    with pytest.raises(FqlError):
        parse(text[: data.draw(st.integers(0, len(text) - 1))])
