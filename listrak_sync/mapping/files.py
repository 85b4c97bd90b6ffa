"""Reads the mapping files of a run, which may be several."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from listrak_sync.input.sources import shown
from listrak_sync.mapping.environment import variables_in
from listrak_sync.mapping.faults import Fault, MappingFileError
from listrak_sync.mapping.file import parse_bytes, read
from listrak_sync.mapping.model import Mapping


def load_all(files: Sequence[Path]) -> tuple[Mapping, ...]:
    """Read and check mapping files, in order.

    Raises SettingsError where one cannot be read, and MappingFileError with the faults of all.
    """
    return parse_all(files, list(map(read, files)))


def digest(contents: Sequence[bytes]) -> str:
    """Return a digest that tells whether a mapping file has changed, or a variable in one."""
    data = b"".join((*contents, variables_in(contents).encode()))
    return hashlib.sha256(data).hexdigest() if contents else ""


def parse_all(files: Sequence[Path], contents: Sequence[bytes]) -> tuple[Mapping, ...]:
    """Return the mappings in what mapping files hold. Raises as `load_all` does."""
    faults: list[Fault] = []
    mappings: list[Mapping] = []
    for file, data in zip(files, contents, strict=True):
        try:
            found = parse_bytes(file, data)
        except MappingFileError as faulty:
            faults += faulty.faults
            continue
        if len(files) > 1:
            found = tuple(_named(file, mapping) for mapping in found)
        faults += _repeated(file, data, found, mappings)
        mappings += found
    if faults:
        raise MappingFileError(faults)
    return tuple(mappings)


def by_file(mappings: Iterable[Mapping]) -> list[tuple[str, list[Mapping]]]:
    """Return the mappings of each file, with the file's name for messages."""
    found: dict[str, list[Mapping]] = {}
    for mapping in mappings:
        found.setdefault(mapping.file, []).append(mapping)
    return list(found.items())


def _named(file: Path, mapping: Mapping) -> Mapping:
    """Return a mapping that is called by its file as well, where it has no name."""
    if mapping.name != mapping.place.path:
        return mapping
    return replace(mapping, name=f"{shown(file)}: {mapping.name}")


def _repeated(
    file: Path, data: bytes, mappings: Sequence[Mapping], others: Sequence[Mapping]
) -> list[Fault]:
    """Return a fault for each mapping that has the name of one in another file."""
    names = {mapping.name for mapping in others}
    lines = data.decode("utf-8-sig").split("\n")
    return [
        Fault(
            shown(file),
            mapping.place.line,
            mapping.place.column,
            mapping.place.path,
            f"{mapping.name!r} is already the name of a mapping in another file",
            "give each mapping its own name",
            lines[mapping.place.line - 1].rstrip("\r"),
        )
        for mapping in mappings
        if mapping.name in names
    ]
