"""Switches off who is not in the input: by what Listrak holds, or by an earlier input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from listrak_sync.account.comparison import Box
from listrak_sync.batching.window import LAST, Contact, Window
from listrak_sync.errors import StoppedError, UsageError
from listrak_sync.evaluation.result import Updates
from listrak_sync.evaluation.updates import Change, shared
from listrak_sync.events.timestamps import NEVER
from listrak_sync.guards import Guards
from listrak_sync.mapping.model import MappedField, list_id_of
from listrak_sync.mapping.model import Mapping as MappingOf
from listrak_sync.mapping.values import field_text
from listrak_sync.progress import Ended, OnProgress, Reading, Step
from listrak_sync.run import Run
from listrak_sync.run_callbacks import RunCallbacks

OFF: Final = "off"
ON: Final = "on"


def mirrored_boxes(mappings: Sequence[MappingOf]) -> dict[Box, int]:
    """Return the check boxes that mappings switch on, each with the index of the first that does.

    Raises UsageError where there is none, or where events decide the list of one.
    """
    boxes: dict[Box, int] = {}
    for index, mapping in enumerate(mappings):
        switched = [field.id for field in mapping.fields if _switches_on(field)]
        if not mapping.enabled or not switched:
            continue
        list_id = list_id_of(mapping)
        if list_id is None:
            message = f"mapping {mapping.name!r}: each event decides its list"
            hint = "--mirror and --previous need a list_id that is a number."
            raise UsageError(message, hint)
        for field in switched:
            boxes.setdefault((list_id, field), index)
    if not boxes:
        hint = "They switch off check boxes that a mapping sets by useAudienceKey or on."
        raise UsageError("--mirror and --previous: no mapping switches a check box on", hint)
    return boxes


def _switches_on(field: MappedField) -> bool:
    return field.may_use_audience or field_text(field.value.constant) == ON


def check_ons(boxes: Mapping[Box, int], window: Window) -> None:
    """Raise StoppedError where a box would get no `on` at all: its audience may be missing."""
    found = {(change.list_id, change.field) for change in window.rows if change.value == ON}
    for list_id, field in boxes:
        if (list_id, field) not in found:
            hint = "Is the input whole? Everybody would be switched off."
            raise StoppedError(f"nobody is on for field {field} of list {list_id}", hint)


def switch_off(
    run: Run, window: Window, boxes: Mapping[Box, int], others: Mapping[Box, Sequence[str]]
) -> None:
    """Switch boxes off for others than those of the input, and count how many."""
    for (list_id, field), emails in others.items():
        before = len(window.rows)
        changes = shared(boxes[list_id, field], list_id, ((field, OFF),))
        rows = ((0, email, changes, NEVER) for email in emails)
        window.add_all(Updates.of_rows(rows), run.file("(not in the input)"))
        _count(run, (list_id, field), len(window.rows) - before)


def switch_off_previous(run: Run, window: Window, boxes: Mapping[Box, int]) -> None:
    """Switch boxes off for who was on by the earlier input, and is not mentioned by this one.

    Raises StoppedError where the earlier input is not whole, or is more than one window.
    """
    settings = replace(
        run.settings,
        sources=run.settings.previous,
        guards=Guards(max_rejects=run.settings.guards.max_rejects),
        previous=(),
        mirror=False,
    )
    earlier = Run(settings, RunCallbacks(on_progress=_of_earlier(run)), run.stop)
    members: list[tuple[str, Contact, list[Change]]] = []

    def take(whole: Window) -> None:
        for contact in whole.final():
            gone = [
                change
                for field, value in contact.fields
                if value == ON and (contact.list_id, field) in boxes
                for change in shared(
                    boxes[contact.list_id, field], contact.list_id, ((field, OFF),)
                )
                if window.row_of(contact.list_id, contact.email_address, field) == LAST
            ]
            if gone:
                members.append((earlier.files[contact.file], contact, gone))

    earlier.on_whole = take
    try:
        for _ in earlier.windows():
            pass
    except StoppedError as error:
        raise StoppedError(f"--previous: {error.message}", error.hint) from error
    counted: dict[Box, int] = dict.fromkeys(boxes, 0)
    for file, group in groupby(members, key=lambda member: member[0]):
        rows = [
            (contact.line, contact.email_address, (change,), NEVER)
            for _, contact, changes in group
            for change in changes
        ]
        window.add_all(Updates.of_rows(rows), run.file(file))
        for *_, (change,), _ in rows:
            counted[change.list_id, change.field] += 1
    for box, count in counted.items():
        _count(run, box, count)


def _of_earlier(run: Run) -> OnProgress:
    """Return a function that tells how far the earlier input is."""

    def tell(step: Step | Ended) -> None:
        if isinstance(step, Reading):
            step = replace(step, is_earlier=True)
        run.callbacks.on_progress(step)

    return tell


def _count(run: Run, box: Box, count: int) -> None:
    run.report.switched_off[box] = run.report.switched_off.get(box, 0) + count


def switched_off(run: Run) -> Iterator[str]:
    """Yield for each box how many contacts are switched off in it."""
    for (list_id, field), count in run.report.switched_off.items():
        contacts = "1 contact is" if count == 1 else f"{count:,} contacts are"
        yield f"list {list_id}, field {field}: {contacts} switched off, not being in the input"
