"""What a run on Spark has to do: mappings, rules, and where things are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from listrak_sync.input.sources import shown
from listrak_sync.mapping.file import read
from listrak_sync.mapping.files import parse_all
from listrak_sync.run_settings import DEFAULT_WINDOW, RouteChoice, RunOptions, RunSettings
from listrak_sync.scale.settings import ScaleSettings
from listrak_sync.tasks import remarks_on

if TYPE_CHECKING:
    from listrak_sync.guards import Guards
    from listrak_sync.mapping.faults import Finding

NO_DELIVERY: Final[dict[str, Any]] = {
    "window": DEFAULT_WINDOW,
    "route": RouteChoice.auto,
    "batch_contacts": None,
    "batch_bytes": None,
}
"""The options of a run that are about delivery, which is left to push."""


@dataclass(frozen=True, slots=True)
class SparkTask:
    """What is evaluated, by what, and the folder that gets what comes out."""

    paths: Sequence[str]
    to: str
    settings: ScaleSettings
    run: RunSettings
    """The mappings, guards and remarks of the run; Spark finds the sources itself."""


def new_task(  # noqa: PLR0913 - what a command is given comes from as many options
    files: Sequence[Path],
    paths: Sequence[str],
    to: str,
    options: RunOptions,
    guards: Guards,
    *,
    strict: bool = False,
    on_remarks: Callable[[str, Sequence[Finding]], None] = lambda _file, _found: None,
) -> SparkTask:
    """Return the task of a run; `on_remarks` gets the likely mistakes in each mapping file.

    Raises SettingsError for a mapping file, UsageError for options that contradict each other.
    """
    contents = list(map(read, files))  # once: it may be a pipe
    parsed = parse_all(files, contents)
    remarks = remarks_on(parsed, on_remarks, strict=strict)
    run = replace(
        options.settings(parsed, (), guards, jobs=1),
        remarks=remarks,
        mapping_files=[shown(file.absolute()) for file in files],
        inputs=paths,
    )
    both = zip(files, contents, strict=True)
    settings = ScaleSettings.of(both, run.mappings, run.rules, options.rows())
    return SparkTask(paths, to.rstrip("/"), settings, run)


def remarks_of(task: SparkTask) -> Iterator[str]:
    """Yield what dry-run and push do and Spark cannot."""
    if len(task.paths) > 1:
        yield (
            "files are read in the order of their paths, not of the arguments: of two values "
            "without comparable times, the one in the later path wins"
        )
    alone = [
        mapping.name
        for mapping in task.run.mappings
        if mapping.enabled and not mapping.enable_batching
    ]
    if alone:
        yield f"enable_batching: false of {', '.join(alone)}: only the final values are kept"
