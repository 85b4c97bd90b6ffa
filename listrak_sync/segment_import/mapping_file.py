"""Writes Segment's subscriptions of Listrak (Actions) as a mapping file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from listrak_sync.errors import UsageError
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql import parser as fql
from listrak_sync.mapping.fql.tokens import FqlError
from listrak_sync.mapping.rendering import NotExpressibleError, yaml_conditions
from listrak_sync.segment_import import yaml_writer
from listrak_sync.segment_import.action_settings import MappingEntry, counterparts, is_listrak
from listrak_sync.segment_import.subscriptions import Subscription, Unread, read


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a mapping file, the number of its mappings, and what was left out."""

    text: str
    mappings: int
    skipped: tuple[Unread, ...]


def import_subscriptions(source: str, data: bytes, *, as_conditions: bool = False) -> Imported:
    """Return the mapping file that does the same as the subscriptions in a JSON text.

    With `as_conditions`, triggers become conditions where conditions can say the same. Comments
    point out what cannot be carried over, and what a check of the file would refuse. Raises
    UsageError where there is no such subscription; `source` names the text.
    """
    skipped: list[Unread] = []
    names: set[str] = set()
    lines = [
        *yaml_writer.comment(f"Made by listrak-sync mapping import from {source}."),
        *yaml_writer.comment("Look it over, then run: listrak-sync mapping check -m FILE"),
        "mappings:",
    ]
    for found in read(source, data):
        match found:
            case Subscription(settings=settings) if is_listrak(settings):
                name = _unique(found.name or f"mapping {len(names) + 1}", names)
                lines += yaml_writer.indented(
                    _mapping(source, name, found, as_conditions=as_conditions)
                )
            case Subscription(name=name):
                skipped.append(Unread(name or "a subscription", "it has no settings of Listrak"))
            case Unread():
                skipped.append(found)
    if not names:
        seen = "".join(f"\n{each.what}: {each.reason}" for each in skipped)
        hint = "Ask Segment for the subscriptions of the destination Listrak (Actions)."
        raise UsageError(f"{source}: no subscription of Listrak (Actions) in it{seen}", hint)
    return Imported("\n".join(lines) + "\n", len(names), tuple(skipped))


def _unique(name: str, names: set[str]) -> str:
    """Return a name that is not taken yet, and add it to the names."""
    unique, count = name, 1
    while unique in names:
        count += 1
        unique = f"{name} ({count})"
    names.add(unique)
    return unique


def _mapping(
    source: str, name: str, subscription: Subscription, *, as_conditions: bool
) -> list[str]:
    """Return the lines of one mapping, with its remarks."""
    try:
        return _remarked(name, subscription, as_conditions=as_conditions)
    except RecursionError as error:
        hint = "Take the subscription out of the JSON, or write its settings flatter."
        raise UsageError(f"{source}: {name}: its settings nest too deep", hint) from error


def _remarked(name: str, subscription: Subscription, *, as_conditions: bool) -> list[str]:
    settings, remarks = counterparts(subscription.settings)
    trigger = MappingEntry("trigger", subscription.trigger)
    parts = [
        MappingEntry("name", name, tuple(remarks)),
        *([] if subscription.enabled else [MappingEntry("enabled", False)]),
        _conditions(trigger) if as_conditions else trigger,
        *settings,
    ]
    for key, remark in _faults(parts):
        parts = [
            replace(part, remarks=(*part.remarks, remark)) if part.key == key else part
            for part in parts
        ]
    return _lines(parts)


def _conditions(trigger: MappingEntry) -> MappingEntry:
    """Return a trigger as conditions, or unchanged where conditions cannot say the same."""
    try:
        return MappingEntry("conditions", [*yaml_conditions(fql.parse(str(trigger.value)))])
    except (FqlError, NotExpressibleError):
        return trigger


def _lines(parts: list[MappingEntry]) -> list[str]:
    """Return the lines of a mapping: its name with remarks below, other keys with remarks above."""
    lines: list[str] = []
    for part in parts:
        remarks = [line for remark in part.remarks for line in yaml_writer.comment(remark)]
        written = yaml_writer.entry(part.key, part.value)
        lines += [*remarks, *written] if lines else [*written, *remarks]
    return yaml_writer.item(lines)


def _faults(parts: list[MappingEntry]) -> Iterator[tuple[str, str]]:
    """Yield the faults that a check finds in a mapping, each with the key it belongs to."""
    try:
        parse("", "\n".join(["mappings:", *_lines(parts)]))
    except MappingFileError as error:
        for fault in error.faults:
            path = fault.path.removeprefix("mappings[0]").removeprefix(".")
            key = path.split(".")[0]
            known = any(part.key == key for part in parts)
            where = f"{path}: " if path else ""
            yield (
                key if known else parts[0].key,
                f"needs a look: {where}{fault.message}; {fault.instead}",
            )
