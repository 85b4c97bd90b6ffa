"""The look-ups of profile fields, against the sandbox over real connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import Denied, FieldGroup, NotFound, ProfileField
from listrak_sync.sandbox import Account, AccountField, Behaviour, MailingList, Reply, Rule, Sandbox
from listrak_sync.sandbox import AccountFieldGroup as Group
from listrak_sync.sandbox.account import ALL_AREAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from listrak_sync.sandbox.account import Area

FIELDS = (
    AccountField(id=789, name="VIP", data_type="CheckBox"),
    AccountField(id=790, max_length=5),
)
LISTS = (MailingList(id=7, groups=(Group(id=1, name="A", fields=FIELDS), Group(id=2))),)
CREDENTIALS = Credentials("sandbox", "sandbox")


def ask(
    question: Callable[[Api], object],
    areas: frozenset[Area] = ALL_AREAS,
    body: str | None = None,
) -> object:
    """Return the answer of a sandbox, or of one that always answers with this body."""
    fault = Rule(action=Reply(status=200, body=body), route="lookups")
    behaviour = None if body is None else Behaviour(faults=(fault,))
    with (
        Sandbox(Account(lists=LISTS, areas=areas), behaviour) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), CREDENTIALS) as api,
    ):
        return question(api)


def test_groups() -> None:
    """A list's groups are returned, the empty ones too."""
    assert ask(lambda api: api.field_groups(7)) == (FieldGroup(1, "A"), FieldGroup(2, ""))


def test_fields() -> None:
    """A group's fields are returned with type and longest value."""
    assert ask(lambda api: api.fields(7, 1)) == (
        ProfileField(789, "VIP", "CheckBox", 0),
        ProfileField(790, "", "Text", 5),
    )
    assert ask(lambda api: api.fields(7, 2)) == ()


@pytest.mark.parametrize(
    "question",
    [
        lambda api: api.field_groups(99),
        lambda api: api.fields(99, 1),
        lambda api: api.fields(7, 3),
    ],
)
def test_nothing_there(question: Callable[[Api], object]) -> None:
    """A list or group that is not there is told apart from an empty one."""
    assert isinstance(ask(question), NotFound)


@pytest.mark.parametrize("lacking", ["List", "Segmentation"])
def test_areas(lacking: Area) -> None:
    """Without either area, fields are denied."""
    areas = ALL_AREAS - {lacking}
    assert isinstance(ask(lambda api: api.field_groups(7), areas), Denied)
    assert isinstance(ask(lambda api: api.fields(7, 1), areas), Denied)


def test_nulls() -> None:
    """Names, types and lengths may be null, as in Listrak's own examples, or left out."""
    groups = '{"status": 200, "data": [{"segmentationFieldGroupId": 1, "x": 1}]}'
    assert ask(lambda api: api.field_groups(7), body=groups) == (FieldGroup(1),)
    fields = '{"data": [{"segmentationFieldId": 1, "dataType": null, "maxLength": null}]}'
    assert ask(lambda api: api.fields(7, 1), body=fields) == (ProfileField(1),)
