"""What an earlier run of the journal left to do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Lookup
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.sources import STANDARD_INPUT, Source, can_be_read_again, expand, shown
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.environment import names_in
from listrak_sync.mapping.files import digest, digest_of_text, parse_all
from listrak_sync.mapping.model import Mapping
from listrak_sync.tasks import PushOptions, PushTask, decode_options

_NOTHING: Final = Source(os.devnull, 0)
_AS_BEFORE: Final = "push the input again: values converge, so sending twice does no harm"


def resumed_task(journal: Journal, run: str | None, guards: Guards) -> PushTask:
    """Return what is left of a run: of the newest unfinished one if none is named.

    Its guards hold on, but for those that are given anew. From then on, the journal writes for
    that run. Raises UsageError where there is no such run or an input cannot be read,
    SettingsError where its mapping or the journal cannot be used.
    """
    with guarded(journal.path):
        info, options = _resumed(journal, run)
    mappings = _as_before(info, options)
    journal.run = info.id
    sources, start = _left_to_read(info, options)
    guards = options.guards.given(
        guards,
        contacts=sum(info.contacts.values()),
        rejects=start.rejects + info.contacts.get("refused", 0),
    )
    options = msgspec.structs.replace(options, guards=guards)
    return PushTask(options, mappings, sources, start, _what_is_lost(info, options))


def check_destination(journal: Journal, addresses: Addresses) -> None:
    """Raise UsageError where the run to resume was for another address."""
    for info in journal.runs():
        if info.id == journal.run and info.destination != addresses.api:
            raise UsageError(
                f"run {info.id} was for {info.destination}, not for {addresses.api}",
                f"Resume it there: {_there(info)}",
            )


def runs_elsewhere(journal: Journal, addresses: Addresses) -> Iterator[str]:
    """Yield a message about each unfinished run for another address."""
    for info in journal.runs():
        if not info.is_finished and info.destination != addresses.api:
            yield (
                f"run {info.id} for {info.destination} is unfinished and left alone; to resume it "
                f"there: {_there(info)}; to forget it: listrak-sync runs --forget {info.id}"
            )


def way_on(journal: Journal, options: PushOptions, *, by_guard: bool) -> str | None:
    """Return how to resume a run that ended early, None where nothing is left of it.

    A guard that stopped it also stops the run that resumes it, so the message says so.
    """
    with suppress(SettingsError):
        info = _unfinished(journal, journal.run)
        if info is not None:
            lost = _what_is_lost(info, options)
            held = "; its guards still hold, unless wider ones are given" if by_guard else ""
            way = f"the journal knows the rest{held}: listrak-sync push --resume {info.id}"
            return way if lost is None else f"{way}\n{lost}"
    return None


def finish_pipes(journal: Journal) -> Iterator[str]:
    """Finish the runs of which only the rest of a pipe is left, and yield what is lost of each.

    A pipe cannot be read again, so there is nothing to resume.
    """
    with guarded(journal.path, reads_rows=True):
        for info in journal.runs():
            options = None if info.is_finished else decode_options(info.settings)
            if options is None or info.contacts.get("planned"):
                continue
            lost, left = _what_is_lost(info, options), options.events[info.position.source :]
            if lost is not None and not {*left} - {STANDARD_INPUT}:
                journal.finish(info.id)
                yield lost


def _resumed(journal: Journal, run: str | None) -> tuple[RunInfo, PushOptions]:
    """Return the run to resume, and its options.

    Raises UsageError where there is none, or where it is not named and a newer one has run
    since.
    """
    info = _unfinished(journal, run)
    if info is None:
        which = "no unfinished run" if run is None else f"no unfinished run {run}"
        raise UsageError(f"{journal.path}: {which}", "See: listrak-sync runs")
    newest = journal.runs()[0]
    if run is None and newest.id != info.id:
        raise UsageError(
            f"run {info.id} is unfinished, but run {newest.id} has run since: the older values "
            "could replace its newer ones",
            f"Resume it all the same: listrak-sync push --resume {info.id}\n"
            f"Or forget it: listrak-sync runs --forget {info.id}",
        )
    options = decode_options(info.settings)
    if info.position.line and not 0 <= info.position.source < len(options.events):
        raise msgspec.ValidationError(f"run {info.id} was read beyond its input")
    return info, options


def _as_before(info: RunInfo, options: PushOptions) -> tuple[Mapping, ...]:
    """Return the mappings of a run. Raises SettingsError where a file is not what it was."""
    files = options.mapping_files
    hint = f"Put the mapping file back and resume again, or {_AS_BEFORE}."
    for file in files:
        if file.exists() and not file.is_file():  # reading a pipe might never end
            raise SettingsError(f"{file}: is not a file", hint)
    try:
        contents = [file.read_bytes() for file in files]
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror or error}", hint) from error
    if digest(contents) == options.mapping_sha256:
        return parse_all(files, contents)
    changed, named = ", ".join(map(str, files)), names_in(contents)
    if named and digest_of_text(contents) == options.mapping_text_sha256:
        which = f"the variable {named[0]}" if len(named) == 1 else f"one of {', '.join(named)}"
        hint = f"Set it as it was and resume again, or {_AS_BEFORE}."
        message = f"{changed}: {which} has another value in the environment than in run {info.id}"
        raise SettingsError(message, hint)
    hint = f"Put the mapping back as it was and resume again, or {_AS_BEFORE}."
    raise SettingsError(f"{changed}: changed since run {info.id}", hint)


def _unfinished(journal: Journal, run: str | None) -> RunInfo | None:
    """Return the run to resume: the one named, else the newest that is not finished."""
    unfinished = (info for info in journal.runs() if not info.is_finished)
    return next((info for info in unfinished if run in {None, info.id}), None)


def _there(info: RunInfo) -> str:
    return f"listrak-sync push --resume {info.id} --api-url {info.destination}"


def _left_to_read(info: RunInfo, options: PushOptions) -> tuple[tuple[Source, ...], Checkpoint]:
    """Return the inputs of a run, and where to start reading.

    Raises UsageError where an input that is left cannot be read.
    """
    start = info.position
    if start.done:
        return (), start
    # A checkpoint counts sources by their place, so those that are read, and pipes, which cannot
    # be read again, keep a place in which there is nothing to read.
    if start.source < len(options.events) and options.events[start.source] == STANDARD_INPUT:
        start = Checkpoint(start.source + 1)
    files = [event for event in options.events[start.source :] if event != STANDARD_INPUT]
    others = [file for file in files if Path(file).exists() and not can_be_read_again(file)]
    if others:
        hint = f"Put it back as it was and resume again, or {_AS_BEFORE}."
        raise UsageError("\n".join(f"{file}: is not a file any more" for file in others), hint)
    left = {each.file: each for each in expand(files, options.rows())} if files else {}
    _check_objects(files, left, info, options)
    return tuple(left.get(event, _NOTHING) for event in options.events), start


def _check_objects(
    files: Iterable[str], left: Lookup[str, Source], info: RunInfo, options: PushOptions
) -> None:
    """Raise UsageError where an object is gone, or is another and the run has read part of it."""
    hint = f"Put it back as it was and resume again, or {_AS_BEFORE}."
    if gone := [file for file in files if file not in left]:
        raise UsageError("\n".join(f"{file}: is not an object any more" for file in gone), hint)
    at = info.position
    if at.line and (begun := left.get(options.events[at.source])) is not None:
        before = options.objects.get(begun.file)
        if before is not None and before != (begun.size, begun.etag):
            raise UsageError(f"{begun.file}: was replaced since run {info.id}", hint)


def _what_is_lost(info: RunInfo, options: PushOptions) -> str | None:
    """Return a message about a pipe that was not read to its end, None if there is none."""
    at = info.position
    if at.done or STANDARD_INPUT not in options.events[at.source :]:
        return None
    is_begun = options.events[at.source] == STANDARD_INPUT and at.line
    taken = (
        f"it had taken up to line {at.line:,}: push what came after that again"
        if is_begun
        else "it had taken nothing of it: push it again"
    )
    return f"run {info.id} read from a pipe, which cannot be read again; {taken}"


def read_up_to(info: RunInfo, options: PushOptions) -> str:
    """Return how far the input of a run was read, in words."""
    at = info.position
    if at.done:
        return "the end"
    if not at.line:
        return "nothing"
    file = options.events[at.source]
    return f"line {at.line:,} of {'a pipe' if file == STANDARD_INPUT else shown(file)}"
