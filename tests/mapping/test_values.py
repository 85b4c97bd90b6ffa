"""Ids, e-mail addresses and field values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from listrak_sync.events.paths import Found
from listrak_sync.mapping.values import (
    MAX_ID,
    are_email_addresses,
    field_text,
    is_email_address,
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
    """What the HTML living standard's pattern takes, with a dot in the domain, is an address."""
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
    """A boolean is on or off, a number its shortest form, and what is no scalar nothing."""
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
    """What is no text is told."""
    with pytest.raises(TypeError):
        are_email_addresses(["ann@example.com", None])  # type: ignore[list-item]  # as events have
