"""Terraform's own files: constants are read, and what only Terraform knows is told."""

from __future__ import annotations

import builtins
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import UsageError
from listrak_sync.events.key_paths import Json
from listrak_sync.segment_import.subscriptions import Subscription, Unread
from listrak_sync.segment_import.terraform_files import check_terraform, read_terraform

GIT_SYNC = Path(__file__).parent / "segment" / "git_sync.tf"
ONE = 'resource "segment_destination_subscription" "one" {{\n  name = "A"\n  {}\n}}\n'


def found(body: str) -> Subscription | Unread:
    """Return what is read of a resource with these lines."""
    (only,) = read_terraform("s.tf", ONE.format(body).encode())
    return only


def settings(written: str) -> Json:
    """Return what is read of a value in the settings of a resource."""
    read = found(f"settings = jsonencode({{a = {written}}})")
    assert isinstance(read, Subscription), read
    return read.settings["a"]


def test_git_sync() -> None:
    """Files of Segment's Git Sync are read, their settings encoded or quoted; all else is not."""
    first, second = read_terraform("s.tf", GIT_SYNC.read_bytes())
    assert first == Subscription(
        name='VIP "shoppers" é ü ${x}',
        enabled=True,
        trigger='type = "track" and match(event, "a\\\\b*")',
        settings={
            "batch_size": 0,
            "enable_batching": True,
            "emailAddress": {"@path": "$.context.traits.email"},
            "listId": 12345,
            "profileFieldValues": {
                "789": "useAudienceKey",
                "790": -1.5,
                "791": 1000,
                "792": {
                    "@arrayPath": [{"@path": "$.properties.items"}, {"sku": {"@path": "$.sku"}}]
                },
                "793": True,
            },
        },
        action_id="a1",
    )
    assert isinstance(second, Subscription)
    assert (second.enabled, second.settings["listId"]) == (False, 1)
    assert second.trigger == 'type = "track" and\n  event = "${x}"'


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12),
        ("-12", -12),
        ("1.25", 1.25),
        ("12.0", 12),
        ("9007199254740993", 9007199254740993),
        ("null", None),
        ("false", False),
        ('"a"', "a"),
        ('("a")', "a"),
        ("[1, [2], []]", [1, [2], []]),
        ('{"a b" = 1, c : {}}', {"a b": 1, "c": {}}),
        (r'"\n\t\"\\ \u00e9 \U0001F389"', '\n\t"\\ é 🎉'),
        ('"$${a} %%{b} $5 %"', "${a} %{b} $5 %"),
        ("jsonencode({b = 1})", '{"b":1}'),
        ("<<EOT\n  a\\n\nEOT\n", "  a\\n"),
    ],
)
def test_values(written: str, value: Json) -> None:
    """A constant is read as Terraform reads it."""
    assert repr(settings(written)) == repr(value)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{")))
def test_texts(text: str) -> None:
    """A quoted text is read back, whatever it holds."""
    written = text.replace("\\", "\\\\").replace('"', '\\"')
    assert settings(f'"{written}"') == text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "settings = jsonencode({profileFieldValues = var.b})",
            "only Terraform knows var.b in its settings",
        ),
        (
            'settings = jsonencode({profileFieldValues = "${b.c}"})',
            "only Terraform knows ${b.c} in its settings",
        ),
        ('settings = file("s.json")', 'only Terraform knows file("s.json") in its settings'),
        (
            "settings = jsonencode({profileFieldValues = {(var.f) = 1}})",
            "only Terraform knows var.f in its settings",
        ),
        (
            "settings = jsonencode({profileFieldValues = 1e999})",
            "only Terraform knows 1e999 in its settings",
        ),
        ("settings = <<EOT\n${a}\nEOT\n", "only Terraform knows a heredoc in its settings"),
        (
            'enabled = !var.on\nsettings = "{}"',
            "only Terraform knows !var.on in its enabled",
        ),
        ("for_each = var.all\nsettings = jsonencode({})", "it has for_each"),
    ],
)
def test_unknown(body: str, reason: str) -> None:
    """What only Terraform can work out is told with its place, and what to import instead."""
    read = found(body)
    assert read == Unread("one (s.tf:1)", f"{reason}; import what terraform show -json prints")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "it has no settings"),
        ("settings = jsonencode({list_id = var.list})", "it has no settings of Listrak"),
        ('settings = "{"', "its settings are not JSON"),
        (
            f"settings = jsonencode({{a = {'[' * 1500}{']' * 1500}}})",
            "values in its settings nest too deep",
        ),
    ],
)
def test_unread(body: str, reason: str) -> None:
    """Settings that are missing, are not JSON, or nest too deep are told."""
    assert found(body) == Unread("one (s.tf:1)", reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'resource "a" {\n', "s.tf:2:1: this cannot be read as HCL"),
        (b"a = \n", "s.tf:1:5: this cannot be read as HCL"),
        (b"a = 1\n\xff", "s.tf:2: this is not UTF-8"),
    ],
)
def test_unusable(text: bytes, message: str) -> None:
    """A text that is not HCL is refused with its place."""
    with pytest.raises(UsageError) as caught:
        list(read_terraform("s.tf", text))
    assert caught.value.message == message


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that reads HCL, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "hcl2", None)
    with pytest.raises(UsageError) as caught:
        check_terraform("s.tf")
    assert caught.value.message == "s.tf: .tf files need the package python-hcl2"
    assert caught.value.hint == "Install it with: pip install 'listrak-sync[terraform]'"


def test_package_is_loaded_for_its_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is imported without the package."""
    from listrak_sync.segment_import.mapping_file import import_subscriptions  # noqa: PLC0415

    real = builtins.__import__

    def guarded(name: str, *rest: Any) -> Any:
        assert name.split(".", maxsplit=1)[0] not in {"hcl2", "lark"}
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", guarded)
    one = b'{"trigger": "", "settings": {"profileFieldValues": {"7": "on"}}}'
    assert import_subscriptions([("s.json", one)]).mappings == 1


PIECES = (
    *('resource "segment_destination_subscription" "a"', 'resource "a-${b}" "c"', "resource", "{"),
    *("}", "settings", "=", "jsonencode(", "(", ")", "[", "]", ",", '"x"', '"${a}"', "var.a", "1"),
    *("1e999", "\n", "# x", "/* x */", "<<EOT\nx\nEOT\n", "<<-EOT\n", "true", "!", "?", ":", '"'),
    *(
        "name",
        "trigger",
        "enabled",
        "for_each",
        "dynamic",
        "for",
        "in",
        "=>",
        "...",
        "-",
        "%{",
        "\\",
    ),
)


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", " "]))
def test_any_text(pieces: list[str], joiner: str) -> None:
    """Whatever a file holds is read, told as unread, or refused."""
    with suppress(UsageError):
        list(read_terraform("s.tf", joiner.join(pieces).encode()))
