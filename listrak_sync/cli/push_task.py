"""What a push has to do, and what of it the journal remembers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from listrak_sync.cli.run_settings import RunOptions
from listrak_sync.delivery.rows import DESTINATION
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.sources import STANDARD_INPUT, Source, expand
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.file import load
from listrak_sync.mapping.model import Mapping
from listrak_sync.run import RunSettings


class PushOptions(RunOptions, frozen=True, kw_only=True):
    """The files of a run and the options that it cannot be carried on without."""

    mapping: str
    mapping_sha256: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushTask:
    """By which settings and mappings a push reads which inputs, and from where on.

    `lost` is what to say of a pipe that an earlier run did not read to its end.
    """

    settings: PushOptions
    mappings: tuple[Mapping, ...]
    sources: tuple[Source, ...]
    start: Checkpoint | None = None
    lost: str | None = None

    def plan(self, guards: Guards, jobs: int | None, flush_every: float | None) -> RunSettings:
        """Return the plan of the run. Raises UsageError for batches that are too large."""
        return self.settings.plan(
            self.mappings, self.sources, guards, jobs, flush_every, self.start
        )


def new_task(mapping: Path, events: Sequence[str], settings: RunOptions) -> PushTask:
    """Return a push of all of its input.

    Raises SettingsError for the mapping file, UsageError for an input that cannot be read.
    """
    mappings, sources = load(mapping), tuple(expand(events))
    pushed = PushOptions(
        mapping=str(mapping.absolute()),
        mapping_sha256=digest(mapping),
        events=_absolute(sources),
        **msgspec.structs.asdict(settings),
    )
    return PushTask(pushed, mappings, sources)


def written(settings: PushOptions, addresses: Addresses) -> bytes:
    """Return settings and where the run sends to as JSON.

    Paths may hold bytes that are no UTF-8, as `read_back` knows.
    """
    return json.dumps(msgspec.to_builtins(settings) | {DESTINATION: addresses.api}).encode()


def read_back(settings: msgspec.Raw) -> PushOptions:
    """Return what was written. Raises msgspec.MsgspecError where that is damaged."""
    try:
        found = json.loads(bytes(settings))
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error
    return msgspec.convert(found, PushOptions)


def digest(mapping: Path) -> str:
    """Return what tells whether a mapping file has changed."""
    return hashlib.sha256(mapping.read_bytes()).hexdigest()


def _is_pipe(file: str) -> bool:
    """Say whether an input can be read only once: standard input, or what is no file."""
    return file == STANDARD_INPUT or (Path(file).exists() and not Path(file).is_file())


def _absolute(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return the inputs so that they are found from any folder, `-` for what is a pipe."""
    return tuple(
        STANDARD_INPUT if _is_pipe(source.file) else str(Path(source.file).absolute())
        for source in sources
    )
