"""Reads destination subscriptions from the JSON of Segment's Public API or of Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.events.key_paths import Json

RESOURCE: Final = "segment_destination_subscription"
"""The name of a subscription in Segment's Terraform provider."""

_HINT: Final = (
    "Give it Segment's answer to GET /destinations/{destinationId}/subscriptions, "
    "what terraform show -json prints, or Git Sync's .tf files."
)
_SPLIT: Final = re.compile(
    r"((?<!\\)(?:\\\\)+)(\\u[dD][89abAB][0-9a-fA-F]{2})\\\\(\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""A character beyond U+FFFF in JSON, with a backslash before each half of it."""


OTHER_DESTINATION: Final = "it has no settings of Listrak"
"""Why a subscription of another destination is left out."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription: its trigger, its action, and the settings of the action by name.

    The action's id is empty where it is not told, the slug also for Terraform, which has none.
    """

    name: str
    enabled: bool
    trigger: str
    settings: dict[str, Json]
    action_id: str = ""
    action_slug: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that is not read as a subscription, and why."""

    what: str
    reason: str


SubscriptionOrUnread: TypeAlias = Subscription | Unread


def read(source: str, data: bytes) -> Iterator[SubscriptionOrUnread]:
    """Yield every subscription in a JSON text; `source` names it in messages.

    Takes an answer of the Public API (`data`, `subscriptions`, `subscription`), a list of
    such answers or of subscriptions, and Terraform's state, plan or state file.
    Raises UsageError where the text is not JSON or has another shape.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{source}:{line}: this is not UTF-8", _HINT) from error
    try:
        document = _decoded(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"{source}{_place(text)}: this is not JSON", _HINT) from error
    found = _found(document)
    if found is None:
        raise UsageError(f"{source}: there are no subscriptions in this JSON", _HINT)
    yield from found


def _decoded(text: str) -> Json:
    """Return what a JSON text holds. Raises msgspec.DecodeError or RecursionError.

    Segment's screen writes a backslash before each half of a character beyond U+FFFF; here one
    backslash stands before the character.
    """
    return cast(Json, msgspec.json.decode(_SPLIT.sub(r"\1\2\3", text)))


def _place(text: str) -> str:
    """Return `:line:column` of what is not JSON in a text, empty where it cannot be told."""
    # msgspec has the place only in its words; the standard library has it as attributes.
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f":{error.lineno}:{error.colno}"
    except (ValueError, RecursionError):  # a number of thousands of digits, or nested too deep
        pass
    return ""


def _found(document: Json) -> Iterator[SubscriptionOrUnread] | None:
    """Return the subscriptions in a document, None where it has none of the known shapes."""
    match document:
        case list():
            return _each(document)
        case {"planned_values": {"root_module": dict(module)}}:
            return _module(module)
        case {"values": {"root_module": dict(module)}}:
            return _module(module)
        case {"resources": list(resources)}:
            return _resources(resources)
        case {"data": dict(inner)}:
            return _found(inner)
        case {"subscriptions": list(items), **rest}:
            return _page(items, rest.get("pagination"))
        case {"subscription": dict(item)}:
            return iter((subscription(item),))
        case {"settings": _}:
            return iter((subscription(document),))
    return None


def _each(items: list[Json]) -> Iterator[SubscriptionOrUnread]:
    for number, item in enumerate(items, 1):
        found = _found(item)
        if found is None:
            yield Unread(f"item {number}", "it is not a subscription")
        else:
            yield from found


def _page(items: list[Json], pagination: object) -> Iterator[SubscriptionOrUnread]:
    yield from _each(items)
    if isinstance(pagination, dict) and pagination.get("next"):
        reason = "this answer is one of several; ask for the next page, and import it as well"
        yield Unread("further subscriptions", reason)


def _module(module: dict[str, Json]) -> Iterator[SubscriptionOrUnread]:
    """Yield the subscriptions of a Terraform module and of its child modules."""
    yield from _resources(module.get("resources"))
    children = module.get("child_modules")
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            yield from _module(child)


def _resources(resources: Json) -> Iterator[SubscriptionOrUnread]:
    for resource in resources if isinstance(resources, list) else ():
        if not isinstance(resource, dict) or resource.get("type") != RESOURCE:
            continue
        match resource:
            case {"instances": list(instances)}:
                for instance in instances:
                    yield subscription(
                        instance.get("attributes") if isinstance(instance, dict) else None
                    )
            case _:
                yield subscription(resource.get("values"))


def subscription(item: Json) -> SubscriptionOrUnread:
    """Read one subscription, whose settings are an object or a JSON text."""
    if not isinstance(item, dict):
        return Unread("a subscription", "it is not an object")
    name = item.get("name")
    name = name.strip() if isinstance(name, str) else ""
    settings = item.get("settings")
    if isinstance(settings, str):
        try:
            settings = _decoded(settings)
        except (msgspec.DecodeError, RecursionError):
            return Unread(name or "a subscription", "its settings are not JSON")
    if not isinstance(settings, dict):
        return Unread(name or "a subscription", "it has no settings")
    trigger = item.get("trigger")
    return Subscription(
        name,
        item.get("enabled") is not False,
        trigger if isinstance(trigger, str) else "",
        settings,
        *(_text(item, *names) for names in _ACTION),
    )


_ACTION: Final = (("actionId", "action_id"), ("actionSlug", "action_slug"))
"""What an action's id and its slug are called by the Public API, and by Terraform."""


def _text(item: dict[str, Json], *names: str) -> str:
    """Return the first of some members that is a text, or an empty text."""
    return next((each for name in names if isinstance(each := item.get(name), str)), "")
