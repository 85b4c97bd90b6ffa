"""What the journal remembers of a push, so that it can be carried on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.cli.options import Order, RouteChoice
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.rows import DESTINATION, RunInfo
from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.events.positions import Position
from listrak_sync.events.sources import STANDARD_INPUT, Source, expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.sync import unfinished

_NOTHING: Final = Source(os.devnull)
_AS_BEFORE: Final = "push the input anew: values converge, so sending twice does no harm"


class PushSettings(msgspec.Struct, frozen=True):
    """What decides which windows a run makes of its input."""

    mapping: str
    mapping_sha256: str
    events: tuple[str, ...]
    ignore_integrations: bool
    order: Order
    window: int
    route: RouteChoice
    batch_contacts: int | None
    batch_bytes: int | None


def written(settings: PushSettings, addresses: Addresses) -> bytes:
    """Return settings and where the run sends to as JSON.

    Paths may hold bytes that are no UTF-8, as `read_back` knows.
    """
    return json.dumps(msgspec.to_builtins(settings) | {DESTINATION: addresses.api}).encode()


def read_back(settings: msgspec.Raw) -> PushSettings:
    """Return what was written. Raises msgspec.MsgspecError where that is damaged."""
    try:
        found = json.loads(bytes(settings))
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error
    return msgspec.convert(found, PushSettings)


def digest(mapping: Path) -> str:
    """Return what tells whether a mapping file has changed."""
    return hashlib.sha256(mapping.read_bytes()).hexdigest()


def is_pipe(file: str) -> bool:
    """Say whether an input can be read only once: standard input, or what is no file."""
    return file == STANDARD_INPUT or (Path(file).exists() and not Path(file).is_file())


def absolute(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the inputs so that they are found from any folder, `-` for what is a pipe."""
    return tuple(
        STANDARD_INPUT if is_pipe(source.file) else str(Path(source.file).absolute())
        for source in sources
    )


def resumed(journal: Journal, run: str | None) -> tuple[RunInfo, PushSettings]:
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


def left_to_read(info: RunInfo, settings: PushSettings) -> tuple[tuple[Source, ...], Position]:
    """Return the inputs of a run, and from where on they are read.

    What is read, or was a pipe, is in its place without being looked at. Raises UsageError where
    another one cannot be read.
    """
    start = info.position
    if start.done:
        return (), start
    if start.source < len(settings.events) and settings.events[start.source] == STANDARD_INPUT:
        start = Position(start.source + 1)
    files = [event for event in settings.events[start.source :] if event != STANDARD_INPUT]
    left = dict(zip(files, expand(files), strict=True)) if files else {}
    return tuple(left.get(event, _NOTHING) for event in settings.events), start


def what_is_lost(info: RunInfo, settings: PushSettings) -> str | None:
    """Return what to say of a pipe that was not read to its end, None where there is none."""
    at = info.position
    if at.done or STANDARD_INPUT not in settings.events[at.source :]:
        return None
    is_begun = settings.events[at.source] == STANDARD_INPUT and at.line
    taken = f"up to line {at.line:,}" if is_begun else "nothing"
    return (
        f"run {info.id} read from a pipe, which cannot be read again; it had taken {taken}: "
        "push what came after that anew"
    )
