"""What a push has to do: all of its input, or what an earlier run of the journal left."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import DESTINATION, RunInfo
from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.sources import STANDARD_INPUT, Source, expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.file import load, parse_bytes, read
from listrak_sync.mapping.model import Mapping
from listrak_sync.run_settings import RunOptions

_NOTHING: Final = Source(os.devnull)
_AS_BEFORE: Final = "push the input again: values converge, so sending twice does no harm"


class PushOptions(RunOptions, frozen=True, kw_only=True):
    """The files of a run and the options that resuming it needs, as the journal keeps them."""

    mapping: str
    mapping_sha256: str
    events: tuple[str, ...]
    guards: Guards = Guards()

    def encoded(self, addresses: Addresses) -> bytes:
        """Return the options and the destination of the run as JSON."""
        # Paths may hold bytes that are not UTF-8: json writes them as escapes, msgspec cannot.
        return json.dumps(msgspec.to_builtins(self) | {DESTINATION: addresses.api}).encode()


def decode_options(encoded: msgspec.Raw) -> PushOptions:
    """Return the options of a run in the journal. Raises msgspec.MsgspecError if damaged."""
    try:
        found = json.loads(bytes(encoded))
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
    return msgspec.convert(found, PushOptions)


@dataclass(frozen=True, slots=True)
class PushTask:
    """The options, mappings and inputs of a push, and where it starts to read.

    `lost` is a message about a pipe that an earlier run did not read to its end.
    """

    options: PushOptions
    mappings: tuple[Mapping, ...]
    sources: tuple[Source, ...]
    start: Checkpoint | None = None
    lost: str | None = None


def new_task(mapping: Path, events: Sequence[str], options: RunOptions, guards: Guards) -> PushTask:
    """Return the task of a push of all of its input.

    Raises SettingsError for the mapping file, UsageError for an input that cannot be read.
    """
    data = read(mapping)  # once: it may be a pipe
    mappings, sources = parse_bytes(mapping, data), tuple(expand(events))
    earlier = tuple(expand(options.previous)) if options.previous else ()
    previous = tuple(_from_anywhere(source.file) for source in earlier)
    if STANDARD_INPUT in previous:
        raise UsageError("--previous takes files and folders", "Save the pipe to a file first.")
    pushed = PushOptions(
        mapping=str(mapping.absolute()),
        mapping_sha256=_digest(data),
        events=tuple(_from_anywhere(source.file) for source in sources),
        guards=guards,
        **msgspec.structs.asdict(options) | {"previous": previous},
    )
    return PushTask(pushed, mappings, sources)


def resumed_task(journal: Journal, run: str | None, guards: Guards) -> PushTask:
    """Return what is left of a run: of the newest unfinished one if none is named.

    Its guards hold on, but for those that are given anew. From then on, the journal writes for
    that run. Raises UsageError where there is no such run or an input cannot be read,
    SettingsError where its mapping or the journal cannot be used.
    """
    with guarded(journal.path):
        info, options = _resumed(journal, run)
    journal.run, mappings = info.id, load(Path(options.mapping))
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
            files = {*options.events[info.position.source :]} - {STANDARD_INPUT}
            lost = _what_is_lost(info, options)
            if lost is not None and not files and not info.contacts:
                return f"{lost}\nforget the run: listrak-sync runs --forget {info.id}"
            held = "; its guards still hold, unless wider ones are given" if by_guard else ""
            way = f"the journal knows the rest{held}: listrak-sync push --resume {info.id}"
            return way if lost is None else f"{way}\n{lost}"
    return None


def _resumed(journal: Journal, run: str | None) -> tuple[RunInfo, PushOptions]:
    """Return the run to resume, and its options.

    Raises UsageError where there is none, or where it is not named and a newer one has run
    since; SettingsError where its mapping has changed.
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
    mapping = Path(options.mapping)
    if mapping.exists() and not mapping.is_file():  # reading a pipe might never end
        hint = f"Put the mapping file back and resume again, or {_AS_BEFORE}."
        raise SettingsError(f"{mapping}: is not a file", hint)
    try:
        changed = _digest(mapping.read_bytes()) != options.mapping_sha256
    except OSError as error:
        hint = f"Put the mapping file back and resume again, or {_AS_BEFORE}."
        raise SettingsError(f"{mapping}: {error.strerror or error}", hint) from error
    if changed:
        hint = f"Put the mapping back as it was and resume again, or {_AS_BEFORE}."
        raise SettingsError(f"{mapping}: changed since run {info.id}", hint)
    return info, options


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
    others = [file for file in files if Path(file).exists() and not Path(file).is_file()]
    if others:
        hint = f"Put it back as it was and resume again, or {_AS_BEFORE}."
        raise UsageError("\n".join(f"{file}: is not a file any more" for file in others), hint)
    left = dict(zip(files, expand(files), strict=True)) if files else {}
    return tuple(left.get(event, _NOTHING) for event in options.events), start


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


def _digest(mapping: bytes) -> str:
    """Return a digest that tells whether a mapping file has changed."""
    return hashlib.sha256(mapping).hexdigest()


def _from_anywhere(file: str) -> str:
    """Return the name of an input from any folder, `-` for one that can be read only once."""
    is_pipe = file == STANDARD_INPUT or (Path(file).exists() and not Path(file).is_file())
    return STANDARD_INPUT if is_pipe else str(Path(file).absolute())
