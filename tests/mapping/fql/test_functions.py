"""The functions of the trigger language."""

from __future__ import annotations

import pytest
from hypothesis import given
from msgspec import UNSET

from listrak_sync.events.key_paths import Found, Json
from listrak_sync.mapping.fql.functions import BY_NAME, same
from tests.mapping import reference

MISSING = UNSET


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("contains", ("abc", "b"), True),
        ("contains", ("abc", ""), True),
        ("contains", ("abc", "B"), False),
        ("contains", ("a5", 5), True),
        ("contains", ("a5", 5.0), True),
        ("contains", ("a true", True), True),
        ("contains", ("a", None), False),
        ("contains", ("a", MISSING), False),
        ("contains", (MISSING, "a"), False),
        ("contains", (None, ""), False),
        ("contains", (55, 5), False),
        ("contains", (["a"], "a"), False),
        ("match", ("abc", "a*"), True),
        ("match", ("abc", "A*"), False),
        ("match", ("a\nb", "a?b"), True),
        ("match", (MISSING, "*"), False),
        ("match", (5, "5"), False),
        ("match", ("5", 5), False),
        ("match", ("a", MISSING), False),
        ("match", ("a", "[a"), False),
        ("length", ("abc",), 3),
        ("length", ("ß日😀",), 9),
        ("length", ("\ud83d",), 3),
        ("length", ([1, [2, 3]],), 2),
        ("length", ("",), 0),
        ("length", (MISSING,), 0),
        ("length", (None,), 0),
        ("length", ({"a": 1},), 0),
        ("length", (12345,), 0),
        ("lowercase", ("ÄBC d",), "äbc d"),
        ("lowercase", (MISSING,), None),
        ("lowercase", (5,), None),
        ("uppercase", ("straße",), "STRASSE"),
        ("uppercase", (None,), None),
        ("snakecase", ("VIP  Shoppers x",), "VIP__Shoppers_x"),
        ("snakecase", (True,), None),
        ("kebabcase", ("VIP Shoppers",), "VIP-Shoppers"),
        ("kebabcase", (MISSING,), None),
        ("titlecase", ("the quick-brown\tfOX",), "The Quick-brown\tFOX"),
        ("titlecase", ("",), ""),
        ("titlecase", ([],), None),
        ("typeof", ("",), "string"),
        ("typeof", (0,), "number"),
        ("typeof", (1.5,), "number"),
        ("typeof", (False,), "bool"),
        ("typeof", ([],), "list"),
        ("typeof", ({},), "object"),
        ("typeof", (None,), "null"),
        ("typeof", (MISSING,), "null"),
        ("bool", (True,), True),
        ("bool", ("true",), True),
        ("bool", ("false",), False),
        ("bool", ("yes",), None),
        ("bool", ("True",), None),
        ("bool", (0,), False),
        ("bool", (2.5,), True),
        ("bool", (MISSING,), None),
        ("bool", ([],), None),
        ("string", ("a",), "a"),
        ("string", (5.0,), "5"),
        ("string", (1e21,), "1e+21"),
        ("string", (float("inf"),), "Infinity"),
        ("string", (True,), "true"),
        ("string", (False,), "false"),
        ("string", (None,), None),
        ("string", ([1],), None),
        ("number", (5,), 5),
        ("number", (True,), 1),
        ("number", (" -1.5e2\n",), -150.0),
        ("number", (".5",), 0.5),
        ("number", ("5.",), 5.0),
        ("number", ("",), None),
        ("number", ("5 apples",), None),
        ("number", ("0x10",), None),
        ("number", ("٣",), None),
        ("number", ("nan",), None),
        ("number", (None,), None),
        ("number", (MISSING,), None),
        ("number", ({},), None),
    ],
)
def test_function(name: str, arguments: tuple[Found, ...], result: Json) -> None:
    """A function gives its result for what it takes, and nothing or false for the rest."""
    found = BY_NAME[name].evaluate(*arguments)
    assert found == result
    assert type(found) is type(result)
    assert len(BY_NAME[name].takes) == len(arguments)


def test_tests_of_a_text() -> None:
    """Only contains and match are tests, which an adjoining `!` refutes for texts alone."""
    assert {name for name, function in BY_NAME.items() if function.is_test} == {"contains", "match"}


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (0, None, False),
        ("1", 1, False),
        ("", None, False),
        (None, None, True),
        ([1, "a"], [1.0, "a"], True),
        ([1], [True], False),
        ([1], [1, 2], False),
        ([1], [1, 1], False),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": None}, {}, False),
        ([], {}, False),
    ],
)
def test_same(a: Json, b: Json, *, equal: bool) -> None:
    """Equality is strict between types, also within lists and objects."""
    assert same(a, b) is equal
    assert same(b, a) is equal


@given(reference.values, reference.values)
def test_same_agrees_with_keys(a: Json, b: Json) -> None:
    """Two values are the same exactly when their plain readings are."""
    assert same(a, b) is (reference.key(a) == reference.key(b))
    assert same(a, a)
