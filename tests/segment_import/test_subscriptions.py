"""The JSON of Segment and Terraform: every shape is read, nothing in it vanishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from listrak_sync.errors import UsageError
from listrak_sync.segment_import.subscriptions import Subscription, Unread, read

SEGMENT = Path(__file__).parent / "segment"
ONE = {"name": "A", "enabled": True, "trigger": 'type = "track"', "settings": {"listId": 1}}
READ = Subscription("A", enabled=True, trigger='type = "track"', settings={"listId": 1})


def found(document: Any) -> list[Subscription | Unread]:
    """Return what is read of a document."""
    return list(read("s.json", msgspec.json.encode(document)))


@pytest.mark.parametrize(
    "document",
    [
        ONE,
        [ONE],
        {"subscription": ONE},
        {"subscriptions": [ONE]},
        {"data": {"subscription": ONE}},
        {"data": {"subscriptions": [ONE], "pagination": {"current": "MA=="}}},
        [{"data": {"subscriptions": [ONE]}}],
        {**ONE, "settings": '{"listId": 1}'},
    ],
)
def test_shapes(document: Any) -> None:
    """Answers of the Public API, lists of them and single subscriptions are all read."""
    assert found(document) == [READ]


@pytest.mark.parametrize(
    "file", ["terraform_state.json", "terraform_plan.json", "terraform.tfstate"]
)
def test_terraform(file: str) -> None:
    """A state, a plan and a state file yield the subscriptions of every module, nothing else."""
    subscriptions = list(read(file, (SEGMENT / file).read_bytes()))
    assert [each.name for each in subscriptions if isinstance(each, Subscription)] == [
        "VIP shoppers",
        "Birthday",
    ]
    assert len(subscriptions) == 2


@pytest.mark.parametrize(
    ("document", "unread"),
    [
        ([5], Unread("item 1", "it is not a subscription")),
        ([{"name": "B"}], Unread("item 1", "it is not a subscription")),
        ({"subscription": {"name": "B"}}, Unread("B", "it has no settings")),
        ({**ONE, "settings": None}, Unread("A", "it has no settings")),
        ({**ONE, "settings": "{"}, Unread("A", "its settings are not JSON")),
        (
            {
                "values": {
                    "root_module": {
                        "resources": [{"type": "segment_destination_subscription", "values": None}]
                    }
                }
            },
            Unread("a subscription", "it is not an object"),
        ),
        (
            {"resources": [{"type": "segment_destination_subscription", "instances": [None]}]},
            Unread("a subscription", "it is not an object"),
        ),
        (
            {"subscriptions": [], "pagination": {"next": "Mg=="}},
            Unread(
                "further subscriptions",
                "this answer is one of several; ask for the next page, and import it as well",
            ),
        ),
    ],
)
def test_unread(document: Any, unread: Unread) -> None:
    """Anything that cannot be read as a subscription is reported, with the reason."""
    assert found(document) == [unread]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"data":\n  {"a": 1 2}}', "s.json:2:11: this is not JSON"),
        ('{"é":\n"ü" 1}'.encode(), "s.json:2:5: this is not JSON"),
        (b"", "s.json:1:1: this is not JSON"),
        (b'"\n\xff"', "s.json:2: this is not UTF-8"),
        (b"[NaN]", "s.json: this is not JSON"),
        (b"{}", "s.json: there are no subscriptions in this JSON"),
        (b'"text"', "s.json: there are no subscriptions in this JSON"),
        (b'{"error": "forbidden"}', "s.json: there are no subscriptions in this JSON"),
    ],
)
def test_unusable(data: bytes, message: str) -> None:
    """A text that is not JSON, or another one, is refused with its place and what to give."""
    with pytest.raises(UsageError) as caught:
        list(read("s.json", data))
    assert caught.value.message == message
    assert "terraform show -json" in caught.value.hint


@pytest.mark.parametrize("data", [b"[" * 100_000, b"1" * 100_000], ids=["deep", "long"])
def test_without_measure(data: bytes) -> None:
    """Lists that nest, or a number that goes on, without measure are refused like other texts."""
    with pytest.raises(UsageError, match=r"^s\.json(:1:\d+)?: this is not JSON$"):
        list(read("s.json", data))


def test_byte_order_mark() -> None:
    """A byte order mark, as PowerShell writes it, is passed over."""
    assert list(read("s.json", b"\xef\xbb\xbf" + msgspec.json.encode(ONE))) == [READ]
