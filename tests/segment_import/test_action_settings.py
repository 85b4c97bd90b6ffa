"""Settings as keys of a mapping: named anew, defaults left out, the rest remarked."""

from __future__ import annotations

from typing import Any

import pytest

from listrak_sync.segment_import.action_settings import counterparts, is_listrak

COMPUTATION_KEY = {"@path": "$.context.personas.computation_key"}
CONTEXT_EMAIL = {"@path": "$.context.traits.email"}


def keys(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the keys that settings become, all of them without a remark."""
    parts, remarks = counterparts(settings)
    assert not remarks
    assert not any(part.remarks for part in parts)
    return {part.key: part.value for part in parts}


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("listId", "list_id"),
        ("list_id", "list_id"),
        ("emailAddress", "email_address"),
        ("email_address", "email_address"),
        ("audienceKey", "audience_key"),
        ("audience_key", "audience_key"),
        ("segment_audience_key", "audience_key"),
        ("enableBatching", "enable_batching"),
        ("enable_batching", "enable_batching"),
    ],
)
def test_names(setting: str, key: str) -> None:
    """Settings are known in camel case and in snake case."""
    assert keys({setting: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 0, "batch_keys": ["listId"]},
        {"segment_audience_key": COMPUTATION_KEY},
        {
            "audienceKey": {
                "@if": {
                    "exists": COMPUTATION_KEY,
                    "then": COMPUTATION_KEY,
                    "else": {"@path": "$.properties.audience_key"},
                }
            }
        },
        {"enable_batching": True},
        {"properties": {"@path": "$.properties"}},
        {
            "traits_or_props": {
                "@if": {
                    "exists": {"@path": "$.properties"},
                    "then": {"@path": "$.properties"},
                    "else": {"@path": "$.traits"},
                }
            }
        },
        {"listId": None, "__segment_internal_directive": None},
    ],
)
def test_defaults(settings: dict[str, Any]) -> None:
    """Segment's defaults and null are neither written nor remarked on."""
    assert keys(settings) == {}


@pytest.mark.parametrize(
    "address",
    [
        CONTEXT_EMAIL,
        {"@if": {"exists": CONTEXT_EMAIL, "then": CONTEXT_EMAIL, "else": {"@path": "$.b"}}},
        "a@example.com",
    ],
)
def test_address(address: Any) -> None:
    """An e-mail address is always written: without it, four places would be looked at."""
    assert keys({"emailAddress": address}) == {"email_address": address}


def test_empty_second_pattern() -> None:
    """An empty second pattern, which the screen leaves behind, is left out with its replacement."""
    given = {"pattern": "a", "replacement": "b", "pattern2": "", "replacement2": "", "value": "x"}
    kept = {"pattern": "a", "replacement": "b", "value": "x"}
    fields = {"7": {"@if": {"exists": 1, "then": {"@replace": given}}}}
    written = {"7": {"@if": {"exists": 1, "then": {"@replace": kept}}}}
    assert keys({"profileFieldValues": fields}) == {"profile_field_values": written}
    second = given | {"pattern2": "c"}
    assert keys({"emailAddress": {"@replace": second}}) == {"email_address": {"@replace": second}}


def test_others() -> None:
    """Settings without a counterpart are remarked with their values, none is lost."""
    settings: dict[str, Any] = {
        "listId": 1,
        "__segment_internal_sync_mode": "upsert",
        "traits_or_props": {"a": 1},
    }
    parts, remarks = counterparts(settings)
    assert [part.key for part in parts] == ["list_id"]
    assert remarks == [
        'needs a look: the setting __segment_internal_sync_mode = "upsert" has no counterpart',
        'needs a look: the setting traits_or_props = {"a":1} has no counterpart',
    ]


def test_two_audience_keys() -> None:
    """Of two audience keys the newer setting counts, the older one is remarked."""
    parts, remarks = counterparts({"audience_key": "old", "segment_audience_key": "new"})
    assert [(part.key, part.value) for part in parts] == [("audience_key", "new")]
    assert remarks == ['needs a look: the setting audience_key = "old" has no counterpart']


def test_metadata() -> None:
    """Metadata that only Segment's screen reads is taken out of directives, and of nothing else."""
    value = {"@literal": [{"@path": "$.a", "_metadata": {}}, {"_metadata": 1}], "_metadata": {}}
    assert keys({"emailAddress": value}) == {
        "email_address": {"@literal": [{"@path": "$.a"}, {"_metadata": 1}]}
    }


@pytest.mark.parametrize(
    ("given", "written", "remark"),
    [
        ("789", "789", None),
        ("789abc", "789", '"789abc" is field 789, as Segment reads it'),
        ("0789", "789", '"0789" is field 789, as Segment reads it'),
        (" \u2003+789.5", "789", '" \u2003+789.5" is field 789, as Segment reads it'),
        ("0x1F", "31", '"0x1F" is field 31, as Segment reads it'),
        ("1e3", "1", '"1e3" is field 1, as Segment reads it'),
        ("notes", None, 'needs a look: "notes" is not an id; Segment drops it as well'),
        ("", None, 'needs a look: "" is not an id; Segment drops it as well'),
        ("0", None, 'needs a look: "0" is not an id; Segment drops it as well'),
        ("0xg", None, 'needs a look: "0xg" is not an id; Segment drops it as well'),
        ("-5", None, 'needs a look: "-5" is left out: Listrak has no such ids'),
        ("2147483648", None, 'needs a look: "2147483648" is left out: Listrak has no such ids'),
    ],
)
def test_field_ids(given: str, written: str | None, remark: str | None) -> None:
    """Ids are read as JavaScript's parseInt reads them; what is changed or dropped is remarked."""
    ((part,), _) = counterparts({"profileFieldValues": {given: "on"}})
    assert part.value == ({} if written is None else {written: "on"})
    assert part.remarks == (() if remark is None else (remark,))


def test_field_twice() -> None:
    """Of two keys for one field the plain one counts, the other is remarked."""
    ((part,), _) = counterparts({"profileFieldValues": {"7x": "off", "7": "on"}})
    assert part.value == {"7": "on"}
    assert part.remarks == ('needs a look: "7x" is left out: it is field 7 a second time',)


def test_list_id() -> None:
    """A list's id is written as a number also where Segment has it as text."""
    assert keys({"listId": "12345"}) == {"list_id": 12345}
    assert keys({"listId": {"@path": "$.a"}}) == {"list_id": {"@path": "$.a"}}
    assert keys({"listId": "none"}) == {"list_id": "none"}


def test_is_listrak() -> None:
    """Listrak's settings are told from others by the action's slug, else by the fields they set."""
    assert is_listrak({"profileFieldValues": {}, "listId": 1})
    assert is_listrak({"profile_field_values": {}})
    assert not is_listrak({"list_id": "abc", "email": "a@example.com"})
    assert is_listrak({}, "updateEmailContactProfileFields")
    assert not is_listrak({"profileFieldValues": {}}, "addProfileToList")
