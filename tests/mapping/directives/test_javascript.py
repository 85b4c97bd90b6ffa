"""Values as JavaScript reads, compares and prints them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.mapping.directives import javascript

TEXTS = st.text()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, 0),
        (True, 1),
        (False, 0),
        ("", 0),
        (" \n\ufeff", 0),
        (" 12.50 ", 12.5),
        ("-.5", -0.5),
        ("5.", 5),
        ("1e3", 1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("0o17", 15),
        ("+Infinity", math.inf),
        ("-Infinity", -math.inf),
        ([], 0),
        ([7], 7),
        (["8"], 8),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (2**53 + 1, 2**53),
    ],
)
def test_number(value: object, number: float) -> None:
    """Texts, lists, booleans and null become numbers as Number() reads them."""
    assert javascript.number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *(UNSET, {}, [1, 2], "x", "1,5", "1_000", "--1", "++Infinity", "infinity", "0x", "0xg"),
        *("-0x1", "1e", "\u0663", "nan", "0b2"),
    ],
)
def test_not_a_number(value: object) -> None:
    """What Number() cannot read is not a number."""
    assert math.isnan(javascript.number(value))


@given(st.floats(allow_nan=False))
def test_numbers_are_read_as_printed(number: float) -> None:
    """A number that is printed is read as the same number."""
    assert javascript.number(javascript.text(number)) == number


@pytest.mark.parametrize("value", [None, UNSET, False, 0, 0.0, -0.0, math.nan, ""])
def test_false(value: object) -> None:
    """Nothing, 0, NaN, false and the empty text are taken as false."""
    assert not javascript.is_true(value)


@pytest.mark.parametrize("value", [True, 1, -0.5, math.inf, " ", "0", "false", [], {}])
def test_true(value: object) -> None:
    """Everything else is taken as true, an empty list as well."""
    assert javascript.is_true(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a", "b"),
        ("10", "9"),
        ("9", 10),
        (None, 1),
        (False, True),
        ([1], "2"),
        ("Z", "a"),
        ("\U0001f600", "\uffff"),
        (2**53, float(2**53 + 2)),
    ],
)
def test_less(left: object, right: object) -> None:
    """Two texts compare by their code units, all else as numbers."""
    assert javascript.is_less(left, right)
    assert javascript.is_at_most(left, right)
    assert not javascript.is_less(right, left)
    assert not javascript.is_at_most(right, left)


@pytest.mark.parametrize("right", [UNSET, "x", {}, math.nan, [1, 2]])
def test_not_a_number_has_no_order(right: object) -> None:
    """What is not a number is neither less nor more than a number."""
    for compare in (javascript.is_less, javascript.is_at_most):
        assert not compare(1, right)
        assert not compare(right, 1)


@given(TEXTS, TEXTS)
def test_texts_are_ordered(left: str, right: str) -> None:
    """Of two texts either one is less, or both are the same."""
    is_less = javascript.is_less(left, right)
    assert is_less + javascript.is_less(right, left) + javascript.is_same(left, right) == 1
    assert javascript.is_at_most(left, right) == (is_less or left == right)


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, UNSET, False),
        (None, None, True),
        (math.nan, math.nan, False),
        ([], [], False),
        (2**53, 2**53 + 1, True),
    ],
)
def test_same(left: object, right: object, *, is_same: bool) -> None:
    """Values are the same if they are of one type and equal; a list is only the same as itself."""
    assert javascript.is_same(left, right) is is_same


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (1, 2, 3.0),
        ("1", 2, "12"),
        (1, "2", "12"),
        (None, True, 1.0),
        ([1], 2, "12"),
        ({}, "", "[object Object]"),
        (1, UNSET, None),
    ],
)
def test_plus(left: object, right: object, result: object) -> None:
    """A sum is a text where one of the two is or becomes one."""
    found = javascript.plus(left, right)
    assert found == result or (result is None and found != found)  # noqa: PLR0124 - NaN


def test_half_a_character_in_json() -> None:
    """Half of a surrogate pair is escaped in JSON, two halves are one character."""
    assert javascript.json_text(["\ud83d", "\ud83d\ude00", "é"]) == '["\\ud83d","😀","é"]'
