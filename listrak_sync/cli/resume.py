"""What the journal remembers of a push, so that it can be carried on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.cli.options import Order, RouteChoice
from listrak_sync.delivery.journal import Journal, RunInfo
from listrak_sync.errors import SettingsError, UsageError
from listrak_sync.events.sources import STANDARD_INPUT, Source
from listrak_sync.sync import unfinished

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


def digest(mapping: Path) -> str:
    """Return what tells whether a mapping file has changed."""
    return hashlib.sha256(mapping.read_bytes()).hexdigest()


def absolute(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the inputs so that they are found from any folder."""
    return tuple(
        source.file if source.file == STANDARD_INPUT else str(Path(source.file).absolute())
        for source in sources
    )


def resumed(journal: Journal, run: str | None) -> tuple[RunInfo, PushSettings]:
    """Return the run to carry on with, and what it was asked to do.

    Raises UsageError where there is none, SettingsError where its mapping has changed.
    """
    info = unfinished(journal, run)
    if info is None:
        which = "no unfinished run" if run is None else f"no unfinished run {run}"
        raise UsageError(f"{journal.path}: {which}", "See: listrak-sync runs")
    settings = msgspec.json.decode(info.settings, type=PushSettings)
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
