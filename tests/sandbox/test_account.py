"""The account as plain data."""

from __future__ import annotations

import pytest

from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList


def test_of_fields_opens_every_list() -> None:
    """An account made of ids alone takes any address, and any text where no type is known."""
    account = Account.of_fields({12345: {789: "CheckBox", 790: None}, 5: {}})
    kinds = {field.id: field.data_type for _, field in account.lists[0].fields()}
    assert account.open_lists
    assert [one.id for one in account.lists] == [12345, 5]
    assert kinds == {789: "CheckBox", 790: "Text"}


def test_of_known_fields() -> None:
    """A field that is known is in the account as it is."""
    known = AccountField(id=791, name="City", max_length=5)
    ((_, field),) = Account.of_fields({1: {791: known}}).lists[0].fields()
    assert field is known


def test_list_twice() -> None:
    """A list id stands once in an account."""
    with pytest.raises(ValueError, match="list 4 is given twice"):
        Account(lists=(MailingList(id=4), MailingList(id=4)))


def test_field_twice() -> None:
    """A field id stands once in a list, whatever its group."""
    groups = tuple(AccountFieldGroup(id=number, fields=(AccountField(id=9),)) for number in (1, 2))
    with pytest.raises(ValueError, match="field 9 is given twice in list 4"):
        MailingList(id=4, groups=groups)


def test_group_twice() -> None:
    """A group id stands once in a list."""
    with pytest.raises(ValueError, match="group 1 is given twice in list 4"):
        MailingList(id=4, groups=(AccountFieldGroup(id=1), AccountFieldGroup(id=1)))
