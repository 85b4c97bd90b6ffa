"""What evaluates the input, in a form that is sent from one machine to another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from listrak_sync import __version__
from listrak_sync.errors import SettingsError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.evaluator import NO_RULES, Evaluator
from listrak_sync.input.sources import RowOptions
from listrak_sync.mapping.environment import names_in
from listrak_sync.mapping.file import read
from listrak_sync.mapping.files import parse_all
from listrak_sync.mapping.model import Mapping

_NO_ROWS: Final = RowOptions()


@dataclass(frozen=True, slots=True)
class ScaleSettings:
    """The mapping files as they were read, and the rules; everything in it can be pickled.

    `variables` are those that the files name, and `names` are the mappings that are used.
    """

    # Not the compiled mappings: they are functions, which only some picklers take, and only
    # between equal versions of Python.
    files: tuple[tuple[str, bytes], ...]
    variables: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    rules: EvaluationRules = NO_RULES
    rows: RowOptions = _NO_ROWS
    version: str = __version__

    @classmethod
    def read(cls, *files: str | Path) -> ScaleSettings:
        """Read mapping files. Raises SettingsError, and MappingFileError with their faults."""
        paths = [Path(file) for file in files]
        contents = list(map(read, paths))
        return cls.of(zip(paths, contents, strict=True), parse_all(paths, contents))

    @classmethod
    def of(
        cls,
        files: Iterable[tuple[Path, bytes]],
        mappings: Sequence[Mapping],
        rules: EvaluationRules = NO_RULES,
        rows: RowOptions = _NO_ROWS,
    ) -> ScaleSettings:
        """Return the settings of a run: `mappings` are those of the files that are used."""
        read = tuple((os.fspath(file), content) for file, content in files)
        variables = names_in([content for _, content in read])
        return cls(
            read,
            tuple((name, os.environ[name]) for name in variables if name in os.environ),
            tuple(mapping.name for mapping in mappings),
            rules,
            rows,
        )


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the settings come to on the machine that evaluates: made once in a process."""

    evaluator: Evaluator
    names: tuple[str, ...]
    single: tuple[bool, ...]
    """Which mappings' updates go out alone, by index."""


@lru_cache(maxsize=2)
def compiled(settings: ScaleSettings) -> Compiled:
    """Return what evaluates by these settings. Raises SettingsError for another version of us."""
    if settings.version != __version__:
        hint = "Install the same version on every machine."
        what = f"listrak-sync is {__version__} here, and {settings.version} where the run began"
        raise SettingsError(what, hint)
    os.environ.update(settings.variables)
    parsed = parse_all([Path(name) for name, _ in settings.files], [c for _, c in settings.files])
    chosen = [mapping for mapping in parsed if mapping.name in settings.names]
    return Compiled(
        Evaluator(chosen, settings.rules),
        settings.names,
        tuple(not mapping.enable_batching for mapping in chosen),
    )
