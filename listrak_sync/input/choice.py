"""Which files of a folder are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final, TypeVar

USUALLY_LEFT_OUT: Final = ("_SUCCESS", "*.tmp", "*.crc", "*.md")
"""Files that other programs and people leave beside exports."""

_SHOWN: Final = 5

_Path = TypeVar("_Path", bound=PurePath)


@dataclass(frozen=True, slots=True)
class FileChoice:
    """Patterns of the files to be read and not to be read; `own` are files that the run needs.

    A pattern is compared with a file's name, and with its path below the folder. Without patterns
    of what to read, everything is read but what is usually left out.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    own: Sequence[Path] = ()
    on_left_out: Callable[[str], object] = lambda _: None

    def chosen(self, name: str, folder: _Path, files: Sequence[_Path]) -> list[_Path]:
        """Return the files of a folder that are read; tell of the others, by the folder's name."""
        own = set(filter(None, map(_key, self.own)))
        kept = [file for file in files if self._takes(file, folder) and _key(file) not in own]
        taken = {*kept}
        left_out = [str(file.relative_to(folder)) for file in files if file not in taken]
        if left_out:
            more = len(left_out) - _SHOWN
            names = ", ".join(left_out[:_SHOWN])
            count = f"{len(left_out):,} file{'s' * (len(left_out) != 1)}"
            and_more = f" and {more:,} more" if more > 0 else ""
            self.on_left_out(f"{name}: {count} left out: {names}{and_more}")
        return kept

    def _takes(self, file: PurePath, folder: PurePath) -> bool:
        names = file.name, file.relative_to(folder).as_posix()
        if _is_like(names, self.exclude):
            return False
        if self.include:
            return _is_like(names, self.include)
        return not is_usually_left_out(file)


def is_usually_left_out(file: PurePath) -> bool:
    """Say whether a file of a folder is one that others leave beside exports, by its name."""
    return _is_like((file.name,), USUALLY_LEFT_OUT)


def _is_like(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _key(file: PurePath) -> tuple[int, int] | None:
    """Return what tells a file from all others, None where there is none."""
    if not isinstance(file, Path):
        return None  # an object in a store
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
