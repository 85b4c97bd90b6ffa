"""Numbers as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.numbers import number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (5, "5"),
        (5.0, "5"),
        (-5.0, "-5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.000001, "0.000001"),
        (0.0000015, "0.0000015"),
        (0.0001, "0.0001"),
        (0.00009999999999999999, "0.00009999999999999999"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (-1.25e-10, "-1.25e-10"),
        (5e-324, "5e-324"),
        (100.0, "100"),
        (123456.789, "123456.789"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.2345e21, "1.2345e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (2**53 + 1, "9007199254740993"),
        (2.0**53, "9007199254740992"),
        (-9999999999999998.0, "-9999999999999998"),
        (1e16, "10000000000000000"),
        (1.2345678901234568e16, "12345678901234568"),
        (10**30, "1" + "0" * 30),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_number_to_string(number: float, text: str) -> None:
    """A number is written as ECMA-262 writes it, a whole one of ours with every digit."""
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_reads_back(number: float) -> None:
    """The text of a number is that number again, without a needless point or digit."""
    text = number_text(number)
    assert float(text) == number
    assert not text.endswith(".0")
    assert len(text.removeprefix("-").replace(".", "")) <= 22 or "e" in text or "0.00000" in text


@given(st.integers())
def test_whole_numbers_keep_every_digit(number: int) -> None:
    """A whole number is never rounded."""
    assert number_text(number) == str(number)
