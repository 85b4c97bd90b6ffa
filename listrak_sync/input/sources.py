"""What there is to read: files, those of folders, and standard input."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listrak_sync.errors import UsageError

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file's path, or `-`; its size on disk in bytes, 0 where that is unknown."""

    file: str
    size: int = 0

    @property
    def name(self) -> str:
        """Return the path as it is told: bytes that are no UTF-8 are escaped."""
        return shown(self.file)


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as text that can be written: bytes of it that are no UTF-8 are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


def expand(arguments: Iterable[str]) -> tuple[Source, ...]:
    """Return the inputs that the arguments name; folders become their files, sorted by name.

    No argument is standard input. Of a folder, what is hidden is left out, and what is neither
    file nor folder. Raises UsageError with every argument that cannot be read, or what in it.
    """
    sources: list[Source] = []
    problems: list[str] = []
    for argument in arguments:
        try:
            below = _named(argument)
        except OSError as error:
            inside = error.filename not in {None, str(Path(argument))}
            problems.append(f"{error.filename if inside else argument}: {error.strerror or error}")
            continue
        if not below:
            problems.append(f"{argument}: no file in this folder")
        if Source(STANDARD_INPUT) in below and Source(STANDARD_INPUT) in sources:
            problems.append("-: standard input can be read only once")
        sources += below
    if problems:
        raise UsageError("\n".join(problems), "Name files, folders, or - for standard input.")
    return tuple(sources) or (Source(STANDARD_INPUT),)


def _named(argument: str) -> list[Source]:
    """Return the inputs of one argument. Raises OSError where it cannot be read."""
    path = Path(argument)
    if not argument:
        raise OSError(errno.ENOENT, "an empty name: is a variable unset?", "''")
    if argument == STANDARD_INPUT:
        return [Source(STANDARD_INPUT)]
    if path.is_dir():
        return [Source(str(file), _checked_size(file)) for file in sorted(_files_below(path))]
    return [Source(argument, _checked_size(path))]


def _files_below(folder: Path, *above: tuple[int, int]) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, links followed. Raises OSError."""
    status = folder.stat()
    key = status.st_dev, status.st_ino
    if key in above:
        raise OSError(errno.ELOOP, "this link leads back to a folder above it", str(folder))
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files_below(path, *above, key)
        elif path.is_file() or not path.exists():
            yield path


def _checked_size(path: Path) -> int:
    """Return the size of what can be read: a pipe is not tried. Raises OSError."""
    if path.is_file():
        path.open("rb").close()
    return path.stat().st_size
