"""Scripts: account and behaviour in one JSON document."""

from __future__ import annotations

import pytest

from listrak_sync.errors import SettingsError
from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    Delay,
    Drop,
    MailingList,
    Reply,
    Rule,
    load_script,
)

WHOLE = b"""{
  "account": {
    "client_id": "id", "client_secret": "secret", "areas": ["Contact", "List"],
    "suppressed": ["sue@example.com"], "beta_route": false, "paused": true,
    "lists": [{"id": 12345, "name": "Shoppers",
      "groups": [{"id": 7, "fields": [
        {"id": 789, "name": "VIP", "data_type": "CheckBox", "max_length": 3}]}],
      "contacts": {"ann@example.com": {"789": "on"}}}]
  },
  "behaviour": {
    "faults": [
      {"route": "profile-fields", "times": 2,
       "action": {"type": "reply", "status": 503, "headers": {"Retry-After": "1"}, "body": ""}},
      {"after": 3, "probability": 0.5, "action": {"type": "drop", "when": "after"}},
      {"action": {"type": "delay", "seconds": 0.1}}],
    "expires_in": "omitted", "resource_ids": "several", "import_delay": 2, "body_limit_status": 404
  }
}"""


def test_whole_script() -> None:
    """Everything that can be built in Python can be written down in a script."""
    fields = (AccountField(id=789, name="VIP", data_type="CheckBox", max_length=3),)
    account = Account(
        client_id="id",
        client_secret="secret",
        areas=frozenset({"Contact", "List"}),
        suppressed=frozenset({"sue@example.com"}),
        beta_route=False,
        paused=True,
        lists=(
            MailingList(
                id=12345,
                name="Shoppers",
                groups=(AccountFieldGroup(id=7, fields=fields),),
                contacts={"ann@example.com": {789: "on"}},
            ),
        ),
    )
    unavailable = Reply(status=503, headers={"Retry-After": "1"}, body="")
    behaviour = Behaviour(
        faults=(
            Rule(route="profile-fields", times=2, action=unavailable),
            Rule(after=3, probability=0.5, action=Drop("after")),
            Rule(action=Delay(0.1)),
        ),
        expires_in="omitted",
        resource_ids="several",
        import_delay=2,
        body_limit_status=404,
    )
    assert load_script(WHOLE) == (account, behaviour)


def test_empty_script() -> None:
    """A script may leave everything at its defaults."""
    assert load_script(b"{}") == (Account(), Behaviour())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "cannot be used"),
        (b"{]", "cannot be used"),
        (b"[]", "cannot be used"),
        (b'{"a": ' * 9000, "cannot be used"),
        (b'{"acount": {}}', "acount"),
        (b'{"account": {"lists": [{"id": 0}]}}', r"\$.account.lists\[0\].id"),
        (b'{"account": {"lists": [{"id": 1}, {"id": 1}]}}', "list 1 is given twice"),
        (b'{"behaviour": {"faults": [{"action": {"type": "explode"}}]}}', "explode"),
        (b'{"behaviour": {"seed": "\xff"}}', "not UTF-8 at byte 24"),
        (b'{"account": {"client_id": "\xff"}}', "not UTF-8 at byte 27"),
    ],
)
def test_bad_script(document: bytes, said: str) -> None:
    """A script that cannot be used is a fault of the settings, said with its place."""
    with pytest.raises(SettingsError, match=said) as caught:
        load_script(document)
    assert '"behaviour"' in caught.value.hint
