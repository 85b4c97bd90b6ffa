"""Consent: the categories that a contact must have agreed to before a mapping takes an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from listrak_sync.events.key_paths import Event, Json, KeyPath, finder
from listrak_sync.mapping.yaml.document import Document, Node

CONSENT: Final[KeyPath] = ("context", "consent")

_find: Final = finder(CONSENT)


def read_consent(document: Document, node: Node) -> tuple[str, ...]:
    """Return the categories in a node, and note in the document what is wrong with it."""
    if not isinstance(node.value, tuple):
        document.fault(node, f"consent is {node.kind}", "write a list: [Advertising]")
        return ()
    names: list[str] = []
    for each in node.value:
        if not isinstance(each.value, str) or not each.value.strip():
            given = "empty" if isinstance(each.value, str) else each.kind
            document.fault(each, f"the category is {given}", "write its name in Segment")
        elif each.value in names:
            document.fault(each, f"{each.value} is given twice", "keep one of them")
        else:
            names.append(each.value)
    return tuple(names)


def consent_lacks(categories: Sequence[str]) -> Callable[[Event], str | None]:
    """Return a function that finds the first category without consent, None if there is none.

    An event without a consent object passes; a preference that is not there counts as refused.
    Source: Segment's documentation of consent in destinations.
    """

    def lacks(event: Event) -> str | None:
        consent = _find(event)
        if not isinstance(consent, dict):
            return None
        preferences: Json = consent.get("categoryPreferences")
        given = preferences if isinstance(preferences, dict) else {}
        return next((each for each in categories if given.get(each) is not True), None)

    return lacks
