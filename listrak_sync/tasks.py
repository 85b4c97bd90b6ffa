"""What a run has to do: its options, mappings and inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from listrak_sync.delivery.journal import OnceFiles
from listrak_sync.delivery.rows import DESTINATION
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.checkpoints import Checkpoint
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.formats import check_formats
from listrak_sync.input.identity import FileIdentity, identity_of
from listrak_sync.input.sources import STANDARD_INPUT, Source, expand, shown
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.check import likely_mistakes
from listrak_sync.mapping.faults import Finding
from listrak_sync.mapping.file import read
from listrak_sync.mapping.files import by_file, digest, digest_of_text, parse_all
from listrak_sync.mapping.model import Mapping
from listrak_sync.run_settings import RunOptions, RunSettings, check_updates
from listrak_sync.stores.addresses import is_url

_DECISIVE: Final = {*RunOptions.__struct_fields__} - {
    "window",
    "window_bytes",
    "route",
    "batch_contacts",
    "batch_bytes",
    "since",
    "until",
}
"""The options that decide which values are sent, and not only by which requests."""


class PushOptions(RunOptions, frozen=True, kw_only=True):
    """The files of a run and the options that resuming it needs, as the journal keeps them.

    `mapping` is the first mapping file, empty where there is none. `mapping_sha256` is of the
    files and the variables in them, `mapping_text_sha256` of the files alone. `objects` has the
    size and the entity tag of each of the events that is an object in a store, by its URL.
    """

    mapping: str
    mapping_sha256: str
    mapping_text_sha256: str = ""
    events: tuple[str, ...]
    more_mappings: tuple[str, ...] = ()
    guards: Guards = Guards()
    objects: dict[str, tuple[int, str]] = msgspec.field(default_factory=dict)

    @property
    def mapping_files(self) -> tuple[Path, ...]:
        """Return the mapping files of the run."""
        return tuple(map(Path, (self.mapping, *self.more_mappings))) if self.mapping else ()

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
class Once:
    """Leaves out the files that finished runs have read for the same purpose.

    `known` returns the files that were read for a purpose. `times` are `--since` and `--until` as
    they were given: 7d is another instant in each run, and still the same choice.
    """

    destination: str
    known: Callable[[str], Collection[FileIdentity]]
    times: Sequence[str | None] = ()

    def purpose(self, mapping_sha256: str, options: RunOptions) -> str:
        """Return a digest of all that decides what a run makes of a file, and where it sends it."""
        found = msgspec.to_builtins(options)
        decisive = {name: found[name] for name in sorted(_DECISIVE)}
        decisive["only"] = sorted(options.only)
        parts = [self.destination, mapping_sha256, self.times, decisive]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def left_of(
        self, sources: Sequence[Source], purpose: str
    ) -> tuple[tuple[Source, ...], OnceFiles]:
        """Return the inputs that are left to be read, and those of them to be remembered.

        Raises UsageError for a file that cannot be read.
        """
        known = self.known(purpose)
        left: list[Source] = []
        files: list[FileIdentity] = []
        for source in sources:
            try:
                identity = identity_of(source)
            except OSError as error:
                message = f"{source.name}: {error.strerror or error}"
                raise UsageError(message, "Name files, folders, or -.") from error
            if identity in known:
                continue
            left.append(source)
            files += [] if identity is None else [identity]
        return tuple(left), OnceFiles(purpose, files)


@dataclass(frozen=True, slots=True)
class PushTask:
    """The options, mappings and inputs of a push, and where it starts to read.

    `lost` is a message about a pipe that an earlier run did not read to its end. `once` are the
    files to be remembered as read, and `read_before` tells how many were left out as such.
    """

    options: PushOptions
    mappings: tuple[Mapping, ...]
    sources: tuple[Source, ...]
    start: Checkpoint | None = None
    lost: str | None = None
    once: OnceFiles | None = None
    read_before: int = 0


def new_task(
    files: Sequence[Path],
    events: Sequence[str],
    options: RunOptions,
    guards: Guards,
    choice: FileChoice,
    once: Once | None = None,
) -> PushTask:
    """Return the task of a push of all of its input.

    Raises SettingsError for a mapping file, UsageError for an input that cannot be read.
    """
    contents = list(map(read, files))  # once: it may be a pipe
    mappings, sources = parse_all(files, contents), expand(events, options.rows(), choice)
    found = len(sources)
    remembered = None
    if once is not None:
        purpose = once.purpose(digest(contents), options)
        sources, remembered = once.left_of(sources, purpose)
    check_formats(sources)
    if not files:
        check_updates(sources)
    earlier = expand(options.previous) if options.previous else ()
    previous = tuple(_from_anywhere(source.file) for source in earlier)
    if STANDARD_INPUT in previous:
        raise UsageError("--previous takes files and folders", "Save the pipe to a file first.")
    first, *others = (str(file.absolute()) for file in files) if files else ("",)
    pushed = PushOptions(
        mapping=first,
        more_mappings=tuple(others),
        mapping_sha256=digest(contents),
        mapping_text_sha256=digest_of_text(contents),
        events=tuple(_from_anywhere(source.file) for source in sources),
        guards=guards,
        objects=objects_of(sources),
        **msgspec.structs.asdict(options) | {"previous": previous},
    )
    return PushTask(pushed, mappings, sources, once=remembered, read_before=found - len(sources))


def settings_of(
    task: PushTask,
    *,
    jobs: int | None,
    strict: bool,
    on_remarks: Callable[[str, Sequence[Finding]], None],
    flush_every: float | None = None,
) -> RunSettings:
    """Return the settings of a run; `on_remarks` gets the likely mistakes in each mapping file.

    Raises RemarkedMappingError for these where `strict` makes them faults.
    """
    remarks = remarks_on(task.mappings, on_remarks, strict=strict)
    options = task.options
    settings = options.settings(
        task.mappings, task.sources, options.guards, jobs, flush_every, task.start
    )
    return replace(
        settings,
        remarks=remarks,
        mapping_files=[shown(str(file)) for file in options.mapping_files],
        inputs=[shown(file) for file in options.events],
    )


def remarks_on(
    mappings: Sequence[Mapping],
    on_remarks: Callable[[str, Sequence[Finding]], None],
    *,
    strict: bool,
) -> list[Finding]:
    """Return the likely mistakes in mapping files; `on_remarks` gets those of each.

    Raises RemarkedMappingError for these where `strict` makes them faults.
    """
    remarks: list[Finding] = []
    for file, its_mappings in by_file(mappings):
        found = likely_mistakes(file, its_mappings, strict=strict)
        on_remarks(file, found)
        remarks += found
    return remarks


def objects_of(sources: Iterable[Source]) -> dict[str, tuple[int, str]]:
    """Return the size and the entity tag of each input that is an object in a store."""
    found = (source.version for source in sources)
    return {each.url: (each.size, each.etag) for each in found if each is not None}


def _from_anywhere(file: str) -> str:
    """Return the name of an input from any folder, `-` for one that can be read only once."""
    if is_url(file):
        return file
    is_pipe = file == STANDARD_INPUT or (Path(file).exists() and not Path(file).is_file())
    return STANDARD_INPUT if is_pipe else str(Path(file).absolute())
