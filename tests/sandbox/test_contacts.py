"""Contacts, changed row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.sandbox import Account, AccountField
from listrak_sync.sandbox.contacts import Contacts, ImportKind, Row, is_address, takes
from tests.sandbox.conftest import ACCOUNT

ANN = "ann@example.com"
NEW = "new@example.com"


@pytest.mark.parametrize(
    ("kind", "row", "result", "held"),
    [
        (ImportKind(), Row("ANN@EXAMPLE.COM", {790: "Rom"}), "Updated", {790: "Rom"}),
        (ImportKind(), Row(NEW, {790: "Rom"}), "Skipped", None),
        (ImportKind(), Row("Sue@example.com", {790: "Rom"}), "Suppressed", {}),
        (ImportKind(), Row("nobody", {}), "InvalidEmail", None),
        (ImportKind(), Row(ANN, {}, spoilt=True), "InvalidValue", {790: "Ulm"}),
        (
            ImportKind(strategy="Append"),
            Row(ANN, {790: "Rom", 789: "on"}),
            "Updated",
            {790: "Ulm", 789: "on"},
        ),
        (ImportKind(strategy="Overwrite"), Row(ANN, {790: ""}), "Updated", {790: ""}),
        (ImportKind("AddSubscribers"), Row(NEW, {790: "Rom"}), "Subscribed", {}),
        (ImportKind("AddSubscribers"), Row(ANN, {790: "Rom"}), "Updated", {790: "Ulm"}),
        (
            ImportKind("AddSubscribersAndSegmentationData"),
            Row(NEW, {790: "A"}),
            "Subscribed",
            {790: "A"},
        ),
        (ImportKind("RemoveSubscribers"), Row(ANN, {}), "Unsubscribed", None),
        (ImportKind("RemoveSubscribers"), Row(NEW, {}), "Skipped", None),
    ],
)
def test_apply(kind: ImportKind, row: Row, result: str, held: dict[int, str] | None) -> None:
    """A row does what its import's type and strategy say, and tells what came of it."""
    contacts = Contacts(ACCOUNT)
    assert contacts.apply(12345, row, kind) == result
    found = contacts.find(12345, row.email)
    assert (found.values if found and found.is_subscribed else None) == held


def test_open_lists() -> None:
    """On an open list every address is a contact."""
    contacts = Contacts(Account.of_fields({5: {9: None}}))
    assert contacts.find(5, NEW) == (NEW, True, {})
    assert contacts.apply(5, Row(NEW, {9: "x"}), ImportKind()) == "Updated"
    assert contacts.snapshot() == {5: {NEW: {9: "x"}}}


def test_snapshot_stays() -> None:
    """A snapshot does not change with later rows."""
    contacts = Contacts(ACCOUNT)
    before = contacts.snapshot()
    contacts.apply(12345, Row(ANN, {790: "Rom"}), ImportKind())
    assert before[12345][ANN] == {790: "Ulm"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "a b@example.com",
        "ann@example",
        "a@b@example.com",
        "ann@example..com",
        "ann@example.com.",
        "a,b@example.com",
        "a" * 250 + "@example.com",
    ],
)
def test_no_address(text: str) -> None:
    """A text without exactly one name and one domain is not an address."""
    assert not is_address(text)


@given(st.emails(domains=st.sampled_from(["example.com", "mail.example.com"])))
def test_addresses(text: str) -> None:
    """Addresses of the ordinary kind are taken."""
    assert is_address(text)


@given(st.text())
def test_unknown_type_takes_any_text(value: str) -> None:
    """A field without type or length takes every text."""
    assert takes(AccountField(id=1), value)


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        (AccountField(id=1, data_type="CheckBox"), "on", True),
        (AccountField(id=1, data_type="CheckBox"), "off", True),
        (AccountField(id=1, data_type="CheckBox"), "On", False),
        (AccountField(id=1, data_type="CheckBox"), "", False),
        *((AccountField(id=1, data_type="RadioButton"), text, True) for text in ("true", "0")),
        (AccountField(id=1, data_type="RadioButton"), "gold", False),
        *((AccountField(id=1, data_type="Numeric"), text, True) for text in ("", "-5", "1.25")),
        *((AccountField(id=1, data_type="Numeric"), text, False) for text in ("x", "1.255")),
        *((AccountField(id=1, data_type="Date"), text, True) for text in ("", "02/29/2028")),
        *((AccountField(id=1, data_type="Date"), text, False) for text in ("2028-02-29", "1/2/28")),
        (AccountField(id=1, max_length=2), "ää", True),
        (AccountField(id=1, max_length=2), "abc", False),
    ],
)
def test_takes(field: AccountField, value: str, taken: bool) -> None:  # noqa: FBT001 - parametrized
    """A field takes what its type can hold, and no more characters than its length."""
    assert takes(field, value) is taken
