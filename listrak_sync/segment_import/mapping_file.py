"""Writes Segment's subscriptions of Listrak (Actions) as a mapping file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from listrak_sync.errors import UsageError
from listrak_sync.mapping.faults import MappingFileError
from listrak_sync.mapping.file import parse
from listrak_sync.mapping.fql import parser as fql
from listrak_sync.mapping.fql.tokens import FqlError
from listrak_sync.mapping.rendering import NotExpressibleError, yaml_conditions
from listrak_sync.segment_import import yaml_writer
from listrak_sync.segment_import.action_settings import MappingEntry, counterparts, is_listrak
from listrak_sync.segment_import.segment_triggers import read_segment_trigger
from listrak_sync.segment_import.subscriptions import (
    OTHER_DESTINATION,
    Subscription,
    SubscriptionOrUnread,
    Unread,
    read,
)
from listrak_sync.segment_import.terraform_files import check_terraform, read_terraform

SegmentFile: TypeAlias = tuple[str, bytes]
"""What a file is called in messages, and what is in it."""

MOST_NAMED: Final = 3
"""How many files are named, rather than counted."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a mapping file, the number of its mappings, and what was left out."""

    text: str
    mappings: int
    skipped: tuple[Unread, ...]


def import_subscriptions(files: Sequence[SegmentFile], *, as_conditions: bool = False) -> Imported:
    """Return the mapping file that does the same as the subscriptions in some files.

    With `as_conditions`, triggers become conditions where conditions can say the same. Comments
    point out what cannot be carried over, what Segment evaluates otherwise, and what a check of
    the file would refuse. What cannot be read is left out, and told at the head of the file.
    Raises UsageError where there is no subscription of Listrak, or the only file cannot be read.
    """
    found = [each for file in files for each in _read(file, alone=len(files) == 1)]
    skipped: list[Unread] = []
    names: set[str] = set()
    mappings: list[str] = []
    for each in found:
        match each:
            case Subscription() if _is_listrak(each, found):
                try:
                    lines = _mapping(each, names, as_conditions=as_conditions)
                except RecursionError:
                    skipped.append(Unread(each.name or "a subscription", "it nests too deep"))
                else:
                    mappings += yaml_writer.indented(lines)
            case Subscription(name=name):
                skipped.append(Unread(name or "a subscription", OTHER_DESTINATION))
            case Unread():
                skipped.append(each)
    sources = ", ".join(source for source, _ in files)
    if len(files) > MOST_NAMED:
        sources = f"{len(files)} files"
    if not names:
        seen = "".join(f"\n{each.what}: {each.reason}" for each in skipped)
        hint = "Ask Segment for the subscriptions of the destination Listrak (Actions)."
        raise UsageError(f"{sources}: no subscription of Listrak (Actions) in it{seen}", hint)
    head = [
        f"Made by listrak-sync mapping import from {sources}.",
        "Look it over, then run: listrak-sync mapping check -m FILE",
        *(
            f"needs a look: left out: {each.what}: {each.reason}"
            for each in skipped
            if each.reason != OTHER_DESTINATION
        ),
    ]
    comments = [line for text in head for line in yaml_writer.comment(text)]
    text = "\n".join([*comments, "mappings:", *mappings])
    return Imported(f"{text}\n", len(names), tuple(skipped))


def _read(file: SegmentFile, *, alone: bool) -> Iterator[SubscriptionOrUnread]:
    """Yield the subscriptions of a file; one of several that cannot be read is left out."""
    source, data = file
    is_terraform = source.endswith(".tf")
    if is_terraform:
        check_terraform(source)
    try:
        yield from read_terraform(source, data) if is_terraform else read(source, data)
    except UsageError as error:
        if alone:
            raise
        place, _, reason = error.message.rpartition(": ")
        yield Unread(place, reason)


def _is_listrak(subscription: Subscription, found: Sequence[SubscriptionOrUnread]) -> bool:
    """Say whether a subscription is one of Listrak: by what it says, or by others of its action."""
    return is_listrak(subscription.settings, subscription.action_slug) or any(
        isinstance(each, Subscription)
        and each.action_id == subscription.action_id != ""
        and is_listrak(each.settings, each.action_slug)
        for each in found
    )


def _unique(name: str, names: set[str]) -> str:
    """Return a name that is not taken yet, and add it to the names."""
    unique, count = name, 1
    while unique in names:
        count += 1
        unique = f"{name} ({count})"
    names.add(unique)
    return unique


def _mapping(subscription: Subscription, names: set[str], *, as_conditions: bool) -> list[str]:
    """Return the lines of one mapping with its remarks, and add its name to the names.

    Raises RecursionError where its settings nest too deep.
    """
    settings, remarks = counterparts(subscription.settings)
    read_trigger = read_segment_trigger(subscription.trigger)
    trigger = MappingEntry("trigger", read_trigger.text, read_trigger.remarks)
    parts = [
        *([] if subscription.enabled else [MappingEntry("enabled", False)]),
        _conditions(trigger) if as_conditions else trigger,
        *settings,
    ]
    faults = list(_faults([MappingEntry("name", "name"), *parts]))
    name = _unique(subscription.name or f"mapping {len(names) + 1}", names)
    parts = [MappingEntry("name", name, tuple(remarks)), *parts]
    for key, remark in faults:
        parts = [
            replace(part, remarks=(*part.remarks, remark)) if part.key == key else part
            for part in parts
        ]
    return _lines(parts)


def _conditions(trigger: MappingEntry) -> MappingEntry:
    """Return a trigger as conditions, or unchanged where conditions cannot say the same."""
    try:
        conditions = yaml_conditions(fql.parse(str(trigger.value)))
        return replace(trigger, key="conditions", value=[*conditions])
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
