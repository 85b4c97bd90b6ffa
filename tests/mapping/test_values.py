"""Ids, e-mail addresses and field values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.key_paths import Found
from listrak_sync.mapping.values import (
    MAX_ID,
    are_email_addresses,
    field_text,
    is_email_address,
    number_text,
    parse_id,
)


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        (1, 1),
        (12345, 12345),
        (2**31 - 1, MAX_ID),
        (2**31, None),
        (0, None),
        (-1, None),
        (5.0, 5),
        (5.5, None),
        (float("inf"), None),
        (float("nan"), None),
        (2.0**31, None),
        ("12345", 12345),
        ("007", 7),
        ("2147483647", MAX_ID),
        ("2147483648", None),
        ("0", None),
        ("00", None),
        ("", None),
        ("12a", None),
        ("-5", None),
        ("+5", None),
        (" 5", None),
        ("5\n", None),
        ("5.0", None),
        ("٣", None),
        ("9" * 5000, None),
        (True, None),
        (False, None),
        (None, None),
        (UNSET, None),
        ([5], None),
        ({"id": 5}, None),
    ],
)
def test_id(value: Found, parsed: int | None) -> None:
    """An id is an int32 from 1, as a number or in digits."""
    assert parse_id(value) == parsed


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "a@b.co",
        "ann.lee+news@mail.example.com",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        ".dots..stay.@example.com",
        "ann@1.2",
        "ann@xn--bcher-kva.example.com",
        f"ann@{'a' * 63}.com",
    ],
)
def test_valid_address(address: str) -> None:
    """An address matches the pattern of the HTML standard and has a dot in its domain."""
    assert is_email_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@example",
        "ann@example.",
        "ann@.example.com",
        "ann@example..com",
        "ann@-example.com",
        "ann@example-.com",
        f"ann@{'a' * 64}.com",
        "ann@exa_mple.com",
        "ann lee@example.com",
        '"ann lee"@example.com',
        "ann@example.com\n",
        " ann@example.com",
        "ann@example.com, bob@example.com",
        "änn@example.com",
        "ann@exämple.com",
        "ann@bob@example.com",
        "ann(comment)@example.com",
        "<ann@example.com>",
    ],
)
def test_invalid_address(address: str) -> None:
    """Anything else is none, a dotless domain among it."""
    assert not is_email_address(address)


@given(st.text(max_size=30), st.text(max_size=30))
def test_an_address_is_ascii_without_space(local: str, domain: str) -> None:
    """No text with white space or beyond ASCII ever passes for an address."""
    address = f"{local}@{domain}"
    if is_email_address(address):
        assert address.isascii()
        assert not any(character.isspace() for character in address)
        assert "." in domain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("on", "on"),
        ("", ""),
        (" as it is ", " as it is "),
        (True, "on"),
        (False, "off"),
        (5, "5"),
        (5.0, "5"),
        (1e21, "1e+21"),
        (0, "0"),
        (None, None),
        (UNSET, None),
        ([], None),
        ({}, None),
    ],
)
def test_field_text(value: Found, text: str | None) -> None:
    """A boolean is on or off, a number its shortest form; anything but a scalar is nothing."""
    assert field_text(value) == text


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["ann@example.com", "a@b.co", "ann@", "", "\n", "a@b.co\na@b.co"]),
            st.emails(),
            st.text(max_size=4),
        ),
        max_size=4,
    )
)
def test_many_addresses(texts: list[str]) -> None:
    """Many are addresses if each of them is one."""
    assert are_email_addresses(texts) == all(map(is_email_address, texts))


def test_no_text_among_addresses() -> None:
    """A value that is not a text raises TypeError."""
    with pytest.raises(TypeError):
        are_email_addresses(["ann@example.com", None])  # type: ignore[list-item]  # as events have


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
