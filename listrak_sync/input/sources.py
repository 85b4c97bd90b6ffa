"""The inputs of a run: files, the files of folders, objects in stores, and standard input."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePath, PurePosixPath
from typing import Final, TypeAlias

from listrak_sync.errors import UsageError
from listrak_sync.input.choice import FileChoice
from listrak_sync.stores.addresses import is_url
from listrak_sync.stores.objects import Found, ObjectVersion, versions_of

STANDARD_INPUT: Final = "-"

_UNFINISHED: Final = "_temporary"
"""The folder of what Spark and Hadoop have written so far: there is none once all is there."""

_Key: TypeAlias = tuple[int, int]
"""What tells a folder from all others, whatever its name."""


class InputFormat(StrEnum):
    """What the lines of an input are."""

    csv = "csv"
    ndjson = "ndjson"


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How the rows of CSV files become events: about which audience or computed trait they are.

    Without a format, each input's own beginning tells whether it is CSV.
    """

    audience: str | None = None
    is_member: bool = True
    trait: str | None = None
    email_column: str | None = None
    format: InputFormat | None = None

    @property
    def are_given(self) -> bool:
        """Say whether rows can be made events."""
        return self.audience is not None or self.trait is not None

    @property
    def key(self) -> str:
        """Return the key of the audience or the trait."""
        return self.audience or self.trait or ""

    @property
    def personas(self) -> dict[str, str]:
        """Return what events have as `context.personas`."""
        kind = "trait" if self.audience is None else "audience"
        return {"computation_class": kind, "computation_key": self.key}

    @property
    def takes_all_addresses(self) -> bool:
        """Say whether addresses may stand in any column that is known to hold some."""
        return self.email_column is None


_NO_ROWS: Final = RowOptions()
_EVERY_FILE: Final = FileChoice()


@dataclass(frozen=True, slots=True)
class Source:
    """One input: the path of a file, the URL of an object, or `-`.

    `size` is in bytes as stored, None if it is unknown, and `etag` the tag that tells one version
    of an object from others. `folder` is the folder in which it was found, None where it was
    named itself.
    """

    file: str
    size: int | None = None
    rows: RowOptions = _NO_ROWS
    folder: str | None = field(default=None, compare=False)
    etag: str | None = None

    @property
    def name(self) -> str:
        """Return the path as it is shown; bytes that are not UTF-8 are escaped."""
        return shown(self.file)

    @property
    def version(self) -> ObjectVersion | None:
        """Return which version of an object it is, None where it is none."""
        return None if self.etag is None else ObjectVersion(self.file, self.size or 0, self.etag)

    @property
    def can_be_read_again(self) -> bool:
        """Say whether it is an object or a regular file."""
        return can_be_read_again(self.file)


def can_be_read_again(name: str) -> bool:
    """Say whether an input is an object or a regular file: a pipe can be read only once."""
    return is_url(name) or Path(name).is_file()


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as text that can be written anywhere; bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


def expand(
    arguments: Iterable[str], rows: RowOptions = _NO_ROWS, choice: FileChoice = _EVERY_FILE
) -> tuple[Source, ...]:
    """Return the inputs that the arguments name; folders become their files, sorted by name.

    Without arguments it is standard input. Hidden files of a folder are left out, and whatever is
    neither file nor folder. Raises UsageError with everything that cannot be read, and for a store
    that cannot be used what `versions_of` raises.
    """
    sources: list[Source] = []
    problems: list[str] = []
    arguments = list(arguments)
    urls = list(filter(is_url, arguments))
    versions = versions_of(urls) if urls else iter(())
    for argument in arguments:
        try:
            if is_url(argument):
                below = _objects(argument, next(versions), choice)
            else:
                below = _named(argument, choice)
        except OSError as error:
            inside = error.filename not in {None, argument, str(Path(argument))}
            problems.append(f"{error.filename if inside else argument}: {error.strerror or error}")
            continue
        if not below:
            what = "object below this prefix" if is_url(argument) else "file to read in this folder"
            problems.append(f"{argument}: no {what}")
        if Source(STANDARD_INPUT) in below and Source(STANDARD_INPUT) in sources:
            problems.append("-: standard input can be read only once")
        sources += below
    if problems:
        raise UsageError(
            "\n".join(problems), "Name files, folders, s3:// URLs, or - for standard input."
        )
    found = sources or [Source(STANDARD_INPUT)]
    return tuple(replace(source, rows=rows) for source in found)


def _named(argument: str, choice: FileChoice) -> list[Source]:
    """Return the inputs of one argument. Raises OSError where it cannot be read."""
    path = Path(argument)
    if not argument:
        raise OSError(errno.ENOENT, "an empty name: is a variable unset?", "''")
    if argument == STANDARD_INPUT:
        return [Source(STANDARD_INPUT)]
    if path.is_dir():
        below = sorted(_files_below(path))
        _check_finished(argument, path, below)
        files = choice.chosen(str(path), path, below)
        return [Source(str(file), _checked_size(file), folder=argument) for file in files]
    return [Source(argument, _checked_size(path))]


def _check_finished(name: str, top: PurePath, files: Sequence[PurePath]) -> None:
    """Raise OSError where another program has not finished a folder, which is told by its name."""
    if any(_UNFINISHED in file.relative_to(top).parts for file in files):
        raise OSError(errno.EBUSY, "who writes it has not finished, or was stopped", name)


def _objects(url: str, found: Found, choice: FileChoice) -> list[Source]:
    """Return the object of a URL, or those below it by the same rules as the files of a folder.

    Raises OSError where the URL can name nothing.
    """
    if isinstance(found, OSError):
        raise found
    if isinstance(found, ObjectVersion):
        return [Source(found.url, found.size, etag=found.etag)]
    top = PurePosixPath(url)
    paths = {PurePosixPath(each.url): each for each in found}
    kept = sorted(path for path in paths if not _is_hidden(path, top))
    _check_finished(url, top, kept)
    return [
        Source(version.url, version.size, folder=url, etag=version.etag)
        for version in map(paths.__getitem__, choice.chosen(url, top, kept))
    ]


def _is_hidden(path: PurePosixPath, top: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in path.relative_to(top).parts)


def _files_below(top: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, links followed, each folder once.

    Raises OSError, also for a link that leads back to a folder above it.
    """
    seen: set[_Key] = set()
    waiting: list[tuple[Path, frozenset[_Key]]] = [(top, frozenset())]
    while waiting:
        folder, above = waiting.pop()
        status = folder.stat()
        key = status.st_dev, status.st_ino
        if key in above:
            raise OSError(errno.ELOOP, "this link leads back to a folder above it", str(folder))
        if key in seen:
            continue
        seen.add(key)
        for path in sorted(folder.iterdir(), reverse=True):  # the first by name is taken first
            if path.name.startswith("."):
                continue
            if path.is_dir():
                waiting.append((path, above | {key}))
            elif path.is_file() or not path.exists():
                yield path


def _checked_size(path: Path) -> int | None:
    """Return the size of a file that can be read. Raises OSError. A pipe is not opened for it."""
    if path.is_file():
        path.open("rb").close()
        return path.stat().st_size
    path.stat()
    return None
