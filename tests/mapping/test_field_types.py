"""What a profile field of each type can hold, and how it is written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.mapping.field_types import DATA_TYPES, DescribedField, Misfit, fitted
from listrak_sync.mapping.profile_fields import constant_misfit
from listrak_sync.sandbox.account import AccountField
from listrak_sync.sandbox.contacts import takes


def fit(data_type: str, text: str, max_length: int = 0) -> str | None:
    """Return a value as it is written for a field, or the kind of misfit in brackets."""
    found = fitted(DescribedField(7, "F", data_type, max_length), text)
    return f"[{found.kind}]" if isinstance(found, Misfit) else found


@pytest.mark.parametrize("data_type", ["CheckBox", "RadioButton"])
@pytest.mark.parametrize("text", ["on", "off", "true", "false", "1", "0"])
def test_switches(data_type: str, text: str) -> None:
    """Check boxes and radio buttons take the words of Listrak's help pages, as they are."""
    assert fit(data_type, text) == text


@pytest.mark.parametrize("data_type", ["CheckBox", "RadioButton"])
@pytest.mark.parametrize("text", ["", "On", "yes", "TRUE", "2", " on", "vip"])
def test_no_switches(data_type: str, text: str) -> None:
    """They take nothing else."""
    assert fit(data_type, text) == "[not_on_or_off]"


@pytest.mark.parametrize("text", ["0", "5", "-5", "12.5", "12.50", "007", "", "9" * 30])
def test_numbers(text: str) -> None:
    """A numeric field takes numbers of up to two decimals, and is emptied by an empty text."""
    assert fit("Numeric", text) == text


@pytest.mark.parametrize("text", ["x", "1.234", "1e3", "1,5", "+5", ".5", "5.", " 5", "on", "٣"])
def test_no_numbers(text: str) -> None:
    """It takes nothing else: neither more decimals nor another notation."""
    assert fit("Numeric", text) == "[not_a_number]"


@given(st.dates(min_value=date(1000, 1, 1)))
def test_dates(day: date) -> None:
    """A date in ISO 8601, also with a time, and an American one become MM/DD/YYYY."""
    written = f"{day:%m/%d/%Y}"
    for text in (
        day.isoformat(),
        f"{day}T23:59:59.999-05:00",
        f"{day}T00:00Z",
        f"{day} 10:00",
        f"{day.month}/{day.day}/{day.year}",
        written,
    ):
        assert fit("Date", text) == written


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "2026-02-30", "2026-13-01", "13/01/2026", "0000-01-01", "01/02/26", "20260301"),
        *("2026-03", "2026-03-01x", "1767225600", "1.3.2026", "on", "2026-W10-1"),
    ],
)
def test_no_dates(text: str) -> None:
    """What is no such day, or not beyond doubt one, is not a date."""
    assert fit("Date", text) == "[not_a_date]"


@pytest.mark.parametrize("data_type", ["Text", "CommentArea", "ContentBlock", "Numeric"])
def test_lengths(data_type: str) -> None:
    """A field takes as many characters as it is long; 0 is any number."""
    assert fit(data_type, "12345", 5) == "12345"
    assert fit(data_type, "123456", 5) == "[too_long]"
    assert fit(data_type, "123456") == "123456"


@given(st.sampled_from(DATA_TYPES), st.text() | st.sampled_from(["on", "1.5", "2026-03-01"]))
def test_sandbox_agrees(data_type: str, text: str) -> None:
    """What is written for a field, the sandbox's field of that type takes."""
    found = fitted(DescribedField(7, None, data_type, 9), text)
    if isinstance(found, str):
        field = AccountField(id=7, data_type=data_type, max_length=9)  # type: ignore[arg-type]  # one of them
        assert takes(field, found)


@given(st.text())
def test_unknown_type(text: str) -> None:
    """A field of unknown type takes every text."""
    assert fitted(DescribedField(7), text) == text


@pytest.mark.parametrize(
    ("data_type", "text", "instead"),
    [
        ("Date", "2026-03-01", "write 03/01/2026"),
        ("Date", "3/1/2026", "write 03/01/2026"),
        ("Text", "on", "write the id of a check box, or another value"),
        ("Numeric", "useAudienceKey", "write the id of a check box, or another value"),
        ("CheckBox", "On", "write on or off"),
    ],
)
def test_constants(data_type: str, text: str, instead: str) -> None:
    """A constant is not rewritten: the message says what to write."""
    misfit = constant_misfit(DescribedField(7, "F", data_type), text)
    assert misfit is not None
    assert misfit.instead == instead


@pytest.mark.parametrize(
    ("data_type", "text"),
    [("RadioButton", "on"), ("CheckBox", "useAudienceKey"), ("Date", "03/01/2026"), (None, "on")],
)
def test_fitting_constants(data_type: str | None, text: str) -> None:
    """A constant that fits is no misfit."""
    assert constant_misfit(DescribedField(7, "F", data_type), text) is None
