"""Which run is carried on, and what of it is left to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import typer

from listrak_sync.cli.push_task import PushOptions, PushTask, digest, read_back
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.sources import STANDARD_INPUT, Source, expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.file import load
from listrak_sync.sync import RunResult, unfinished

_NOTHING: Final = Source(os.devnull)
_AS_BEFORE: Final = "push the input anew: values converge, so sending twice does no harm"


def refuse_what_is_journalled(context: typer.Context, events: Sequence[str]) -> None:
    """Raise UsageError for what is given beside --resume and would not be heeded.

    A mapping that the environment names is no such thing: it is meant for other runs, too.
    """
    names = {*PushOptions.__struct_fields__} - {"events"}
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if surplus := [*given, *events[1:]]:
        hint = "Leave that out, or push anew without --resume."
        raise UsageError(f"--resume takes it from the journal: {', '.join(surplus)}", hint)


def carried_on(journal: Journal, run: str | None) -> PushTask:
    """Return what is left of a run, the newest unfinished one if none is named.

    The journal writes it down as that run's from then on. Raises UsageError where there is none
    to carry on with or an input cannot be read; SettingsError where its mapping or the journal
    cannot be used.
    """
    with guarded(journal.path):
        info, settings = _resumed(journal, run)
    journal.run, mappings = info.id, load(Path(settings.mapping))
    sources, start = _left_to_read(info, settings)
    return PushTask(settings, mappings, sources, start, _what_is_lost(info, settings))


def _resumed(journal: Journal, run: str | None) -> tuple[RunInfo, PushOptions]:
    """Return the run to carry on with, and what it was asked to do.

    Raises UsageError where there is none, or where it is unnamed and a newer one has run since;
    SettingsError where its mapping has changed.
    """
    info = unfinished(journal, run)
    if info is None:
        which = "no unfinished run" if run is None else f"no unfinished run {run}"
        raise UsageError(f"{journal.path}: {which}", "See: listrak-sync runs")
    newest = journal.runs()[0]
    if run is None and newest.id != info.id:
        raise UsageError(
            f"run {info.id} is unfinished, but run {newest.id} has run since: the older values "
            "could go over its newer ones",
            f"Resume it all the same: listrak-sync push --resume {info.id}\n"
            f"Or forget it: listrak-sync runs --forget {info.id}",
        )
    settings = read_back(info.settings)
    mapping = Path(settings.mapping)
    try:
        changed = digest(mapping) != settings.mapping_sha256
    except OSError as error:
        hint = f"Put the mapping file back and resume again, or {_AS_BEFORE}."
        raise SettingsError(f"{mapping}: {error.strerror or error}", hint) from error
    if changed:
        hint = f"Put the mapping back as it was and resume again, or {_AS_BEFORE}."
        raise SettingsError(f"{mapping}: changed since run {info.id}", hint)
    return info, settings


def check_destination(journal: Journal, addresses: Addresses) -> None:
    """Raise UsageError where the run that is carried on was meant for another address."""
    for info in journal.runs():
        if info.id == journal.run and info.destination != addresses.api:
            raise UsageError(
                f"run {info.id} was for {info.destination}, not for {addresses.api}",
                f"Resume it there: {_there(info)}",
            )


def elsewhere(journal: Journal, addresses: Addresses) -> Iterator[str]:
    """Yield what to say of each unfinished run that was meant for another address."""
    for info in journal.runs():
        if not info.is_finished and info.destination != addresses.api:
            yield (
                f"run {info.id} for {info.destination} is unfinished and left alone; to resume it "
                f"there: {_there(info)}; to forget it: listrak-sync runs --forget {info.id}"
            )


def _there(info: RunInfo) -> str:
    return f"listrak-sync push --resume {info.id} --api-url {info.destination}"


def _left_to_read(info: RunInfo, settings: PushOptions) -> tuple[tuple[Source, ...], Checkpoint]:
    """Return the inputs of a run, and from where on they are read.

    What is read, or was a pipe, is in its place without being looked at. Raises UsageError where
    another one cannot be read.
    """
    start = info.position
    if start.done:
        return (), start
    if start.source < len(settings.events) and settings.events[start.source] == STANDARD_INPUT:
        start = Checkpoint(start.source + 1)
    files = [event for event in settings.events[start.source :] if event != STANDARD_INPUT]
    left = dict(zip(files, expand(files), strict=True)) if files else {}
    return tuple(left.get(event, _NOTHING) for event in settings.events), start


def _what_is_lost(info: RunInfo, settings: PushOptions) -> str | None:
    """Return what to say of a pipe that was not read to its end, None where there is none."""
    at = info.position
    if at.done or STANDARD_INPUT not in settings.events[at.source :]:
        return None
    is_begun = settings.events[at.source] == STANDARD_INPUT and at.line
    taken = (
        f"it had taken up to line {at.line:,}: push what came after that anew"
        if is_begun
        else "it had taken nothing of it: push that anew"
    )
    return f"run {info.id} read from a pipe, which cannot be read again; {taken}"


def way_on(journal: Journal | None, outcome: RunResult, settings: PushOptions) -> str | None:
    """Return how to carry on with a run that ended early, None where nothing is left of it."""
    if journal is None or outcome.error is None:
        return None
    with suppress(SettingsError):
        info = unfinished(journal, journal.run)
        if info is not None:
            files = {*settings.events[info.position.source :]} - {STANDARD_INPUT}
            lost = _what_is_lost(info, settings)
            if lost is not None and not files and not info.contacts:
                return f"{lost}\nforget the run: listrak-sync runs --forget {info.id}"
            way = f"the journal knows the rest: listrak-sync push --resume {info.id}"
            return way if lost is None else f"{way}\n{lost}"
    return None
