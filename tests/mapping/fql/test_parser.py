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

A, B, C = (Truth(PathOf((name,))) for name in ("event", "name", "version"))
P = PathOf(("name",))


def is_(value: str | float | None, operator: str = "=") -> Compare:
    """Compare the path `name` with a value, which may be a boolean too."""
    return Compare(operator, P, Literal(value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("event", A),
        ("  event  ", A),
        ("(((event)))", A),
        ("event and name", All((A, B))),
        ("event and name and version", All((A, B, C))),
        ("event or name or version", AnyOf((A, B, C))),
        ("(event and name) or version", AnyOf((All((A, B)), C))),
        ("event and (name or version)", All((A, AnyOf((B, C))))),
        ("(event or name) and (name or version)", All((AnyOf((A, B)), AnyOf((B, C))))),
        ("((event or name) and version) or event", AnyOf((All((AnyOf((A, B)), C)), A))),
        ("!event", Not(A)),
        ("! event", Not(A)),
        ("!!event", Not(Not(A))),
        ("!(event)", Not(A)),
        ("!(event and name) or version", AnyOf((Not(All((A, B))), C))),
        ("true", Truth(Literal(True))),
        ("!false", Not(Truth(Literal(False)))),
        ('name = "v"', is_("v")),
        ("name = 'v'", is_("v")),
        ("name = 'say \"v\"'", is_('say "v"')),
        (r'name = "a\n"', is_(r"a\n")),
        ('name = ""', is_("")),
        ('name="v"', is_("v")),
        ('name != "v"', is_("v", "!=")),
        ('name = "true"', is_("true")),
        ("name = true", is_(True)),
        ("name = false", is_(False)),
        ("name = null", is_(None)),
        ("name != null", is_(None, "!=")),
        ("name = 5", is_(5)),
        ("name = -5", is_(-5)),
        ("name = +5", is_(5)),
        ("name = 5.25", is_(5.25)),
        ("name < .5", is_(0.5, "<")),
        ("name <= 1e3", is_(1000.0, "<=")),
        ("name > 100000000000000000001", is_(100000000000000000001, ">")),
        ('name < "5"', is_(5.0, "<")),
        ("name >= ' -1.5 '", is_(-1.5, ">=")),
        ("5 = name", Compare("=", Literal(5), P)),
        ('"5" > name', Compare(">", Literal(5.0), P)),
        ("name = event", Compare("=", P, PathOf(("event",)))),
        ("name = [1]", Compare("=", P, ListOf((Literal(1),)))),
        ("name in []", In(P, ListOf(()))),
        ("name in ['a', 5, null,]", In(P, ListOf((Literal("a"), Literal(5), Literal(None))))),
        ("name in [[1], event]", In(P, ListOf((ListOf((Literal(1),)), PathOf(("event",)))))),
        ("'x' in name.q", In(Literal("x"), PathOf(("name", "q")))),
        ('contains(name, "x")', Truth(Call("contains", (P, Literal("x"))))),
        ('contains ( name , "x" , )', Truth(Call("contains", (P, Literal("x"))))),
        ('!contains(name, "x")', Refuted(Call("contains", (P, Literal("x"))))),
        ('! contains(name, "x")', Not(Truth(Call("contains", (P, Literal("x")))))),
        ('!(contains(name, "x"))', Not(Truth(Call("contains", (P, Literal("x")))))),
        ('!!contains(name, "x")', Not(Refuted(Call("contains", (P, Literal("x")))))),
        ('!match(name, "x*")', Refuted(Call("match", (P, Literal("x*"))))),
        ("!bool(name)", Not(Truth(Call("bool", (P,))))),
        ("match(name, event)", Truth(Call("match", (P, PathOf(("event",)))))),
        ("length(name) > 3", Compare(">", Call("length", (P,)), Literal(3))),
        ("3 < length(name)", Compare("<", Literal(3), Call("length", (P,)))),
        (
            'lowercase(string(name)) = "x"',
            Compare("=", Call("lowercase", (Call("string", (P,)),)), Literal("x")),
        ),
        ("typeof(name) in ['list']", In(Call("typeof", (P,)), ListOf((Literal("list"),)))),
        ("order and android", All(tuple(Truth(PathOf((name,))) for name in ("order", "android")))),
        (r"\contains = 5", Compare("=", PathOf(("contains",)), Literal(5))),
        (r"name.or", Truth(PathOf(("name", "or")))),
        (r"\and and \or", All((Truth(PathOf(("and",))), Truth(PathOf(("or",)))))),
        ("true.x", Truth(PathOf(("true", "x")))),
        ("name.0.q", Truth(PathOf(("name", "0", "q")))),
        ("event\nand\tname", All((A, B))),
        ("(event)and(name)", All((A, B))),
    ],
)
def test_tree(text: str, tree: Condition) -> None:
    """A trigger is read into the condition that its grammar states."""
    parsed = parse(text)
    assert parsed == tree
    assert repr(type(parsed)) == repr(type(tree))


@pytest.mark.parametrize(
    ("text", "kind"), [("name = 5", int), ("name = 5.0", float), ("name < '5'", float)]
)
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
            "event and name or version",
            "or follows and on one level",
            "put parentheses around what belongs together",
            (15, 17),
        ),
        (
            "(event or name and version)",
            "and follows or on one level",
            "put parentheses around what belongs together",
            (15, 18),
        ),
        (
            "event name",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (6, 10),
        ),
        (
            "event)",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (5, 6),
        ),
        (
            "event = 1 = 2",
            "this does not continue the condition",
            "join conditions with and, or with or",
            (10, 11),
        ),
        ("event AND name", "AND is not an operator", "write and, in lower case", (6, 9)),
        ("event OR name", "OR is not an operator", "write or, in lower case", (6, 8)),
        ("event IN ['b']", "IN is not an operator", "write in, in lower case", (6, 8)),
        ("NOT (event)", "there is no function NOT", "write !( … )", (0, 3)),
        ("(event", "the parenthesis is not closed", "write ) where it ends", (0, 1)),
        ("((event)", "the parenthesis is not closed", "write ) where it ends", (0, 1)),
        ("(event name)", "name stands where ) should", "write )", (7, 11)),
        ("(event OR name)", "OR is not an operator", "write or, in lower case", (7, 9)),
        ("length(event", "the parenthesis is not closed", "write ) where it ends", (6, 7)),
        ("length(event name)", "name stands where ) should", "write )", (13, 17)),
        ("event in ['b'", "the list is not closed", "write ] where it ends", (9, 10)),
        ("event in ['b' 'c']", "'c' stands where ] should", "write ]", (14, 17)),
        (
            "event in ('b')",
            "in needs a list",
            "write it in brackets: ['a', 'b']",
            (9, 10),
        ),
        ("event in 'b'", "in needs a list", "write ['a', 'b'] or a path to a list", (9, 12)),
        (
            "event in length(name)",
            "in needs a list",
            "write ['a', 'b'] or a path to a list",
            (9, 21),
        ),
        ("()", "a path or a value is missing: ) stands here", "write a path or a value", (1, 2)),
        (
            "event and",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (9, 9),
        ),
        (
            "event = ",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (8, 8),
        ),
        (
            "and event",
            "a path or a value is missing: and stands here",
            "write a path or a value",
            (0, 3),
        ),
        (
            "event = and",
            "a path or a value is missing: and stands here",
            "write a path or a value",
            (8, 11),
        ),
        (
            "in [1]",
            "a path or a value is missing: in stands here",
            "write a path or a value",
            (0, 2),
        ),
        ("= 5", "a path or a value is missing: = stands here", "write a path or a value", (0, 1)),
        (
            "event in [,]",
            "a path or a value is missing: , stands here",
            "write a path or a value",
            (10, 11),
        ),
        (
            "!",
            "a path or a value is missing: the trigger ends here",
            "write a path or a value",
            (1, 1),
        ),
        ('"a"', "a value alone is not a condition", "compare it with a path", (0, 3)),
        ("5 and event", "a value alone is not a condition", "compare it with a path", (0, 1)),
        ("null", "a value alone is not a condition", "compare it with a path", (0, 4)),
        ("!5", "a value alone is not a condition", "compare it with a path", (1, 2)),
        ("['a']", "a list alone is not a condition", "write a path and in before it", (0, 5)),
        ("!['a']", "a list alone is not a condition", "write a path and in before it", (1, 6)),
        (
            "!event = 5",
            "! stands before a comparison",
            "write !( … ) around the comparison",
            (7, 8),
        ),
        (
            "!event in [1]",
            "! stands before a comparison",
            "write !( … ) around the comparison",
            (7, 9),
        ),
        ("event < true", "< compares numbers", "write a number", (8, 12)),
        ("event >= 'many'", ">= compares numbers", "write a number", (9, 15)),
        ("null > event", "> compares numbers", "write a number", (0, 4)),
        ("event <= [1]", "<= compares numbers", "write a number", (9, 12)),
        ("event < '1e400'", "< compares numbers", "write a number", (8, 15)),
        ("event = -1e400", "the number is too large", "write one below 1.8e308", (8, 14)),
        (
            f"event in [{'1' * 1000}]",
            "the number is too large",
            "write one below 1.8e308",
            (10, 1010),
        ),
        ("event[0] = 1", "a path has no brackets", "write event.0", (5, 8)),
        ("lower(event)", "there is no function lower", "write lowercase(event)", (0, 5)),
        ("Contains(event, 'b')", "there is no function Contains", "did you mean contains?", (0, 8)),
        (
            "event and (name or matches(version, 'd'))",
            "there is no function matches",
            'write match(version, "…")',
            (19, 26),
        ),
        (
            "qqq(event)",
            "there is no function qqq",
            f"known: {', '.join(BY_NAME)}",
            (0, 3),
        ),
        ("length()", "length takes 1 argument, not 0", "give it 1 argument", (0, 8)),
        (
            "event = length(name, version)",
            "length takes 1 argument, not 2",
            "give it 1 argument",
            (8, 29),
        ),
        ("contains(event)", "contains takes 2 arguments, not 1", "give it 2 arguments", (0, 15)),
        ("match(event, 5)", "match does not take 5 here", "write a text, or a path", (13, 14)),
        (
            "match(event, 'b[c')",
            "a bracket is not closed",
            "write a backslash before it to mean the character itself",
            (15, 16),
        ),
        (
            'match(event, "ab\\")',
            "a backslash has nothing after it",
            "write a backslash before it to mean the character itself",
            (16, 17),
        ),
        (
            "!match(event, '[z-a]')",
            "the range z-a runs backwards",
            "write a backslash before it to mean the character itself",
            (15, 16),
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
        ("event in ", "[", "]", "", "lists nest deeper than 100"),
    ],
)
def test_depth(before: str, opening: str, closing: str, after: str, message: str) -> None:
    """Nesting without end is an error at the first place too deep, never a broken stack."""
    assert parse(f"{before}{opening * 40}event{closing * 40}{after}").span.end
    with pytest.raises(FqlError) as caught:
        parse(f"{before}{opening * 50_000}event{closing * 50_000}{after}")
    assert caught.value.message == message
    assert caught.value.span.start <= len(before) + (MAX_DEPTH + 2) * len(opening)


def test_many_conditions_are_not_deep() -> None:
    """The depth counts nesting, not how many conditions stand side by side."""
    group = parse(" or ".join(["(a)"] * 5000))
    assert isinstance(group, AnyOf)
    assert len(group.conditions) == 5000


def test_spans() -> None:
    """Every part of the tree knows the text that it was read from."""
    text = "event and !(contains(name.c, 'd') or version in [1, 2])"
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
        "!(contains(name.c, 'd') or version in [1, 2])",
        "(contains(name.c, 'd') or version in [1, 2])",
        "contains(name.c, 'd')",
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
    *("event", "b.c", "and", "or", "in", "not", "true", "null", "5", "-1", "'x'", '"y*', "'[a'"),
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
