"""Files that appear whole, in place of nothing but an earlier one of their kind."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from listrak_sync.errors import OutputError, UsageError


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that a run writes at its end.

    `option` names it, `what` is it in words, `mark` stands at the beginning of each that we have
    written, and `mode` are its permissions, of which the umask may take some.
    """

    path: Path
    option: str
    what: str
    mark: bytes
    mode: int = 0o600

    def check(self) -> None:
        """Raise UsageError where something else would be lost, before a run begins."""
        hint = f"Name another file with {self.option}"
        if str(self.path) == "-":
            raise UsageError(f"{self.option} cannot write to standard output", f"{hint}.")
        try:
            is_free = self._is_free()
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror or error}", f"{hint}.") from error
        if not is_free:
            raise UsageError(f"{self.path}: this is not {self.what}", f"{hint}; it would be lost.")

    def write(self, content: bytes) -> None:
        """Write the file, so that nobody reads half of it. Raises OutputError."""
        try:
            # Since it was checked, the run may have written its rejects or its journal there.
            if not self._is_free():
                hint = f"It stays as it is. Name another file with {self.option}."
                raise OutputError(f"{self.path}: this is not {self.what}", hint)
            self._replace(content)
        except OSError as error:
            hint = f"Name a file that can be written with {self.option}."
            raise OutputError(f"{self.path}: {error.strerror or error}", hint) from error

    def _replace(self, content: bytes) -> None:
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(partial, flags, self.mode), "wb") as file:
                file.write(content)
            partial.replace(self.path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise

    def _is_free(self) -> bool:
        """Say whether nothing would be lost: no file, an empty one, or an earlier one of ours."""
        if not self.path.exists():
            return True
        if not self.path.is_file():  # a folder, or a device such as /dev/null
            return False
        with self.path.open("rb") as file:
            beginning = file.read(200)
        return not beginning or self.mark in beginning
