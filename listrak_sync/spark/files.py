"""The files that Spark reads."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listrak_sync.errors import UsageError
from listrak_sync.input.choice import is_usually_left_out
from listrak_sync.input.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LARGE_VALUES: Final = "spark.sql.execution.arrow.useLargeVarTypes"
MOST_BYTES: Final = {"true": (1 << 31) - 1, "false": 1 << 30}
"""How long a file may be, by a setting of Spark: it hands a file on as one value."""

_NAME: Final = "Name files, folders or patterns, each file once."
_AT_ONCE: Final = 32
_SHOWN: Final = 5
_PASSED_OVER: Final = "Spark passes over empty files, and names that begin with _ or ."
_GLOB: Final = re.compile(r"[][{}*?\\]")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file as Spark names it, its length in bytes, and the argument that it was found by."""

    path: str
    length: int
    argument: str

    @property
    def is_named(self) -> bool:
        """Say whether the argument is the file itself, not a folder or a pattern."""
        return self.path.endswith(self.argument.rstrip("/").rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Input:
    """The files that are read, and the paths of others that the arguments cover.

    `content` has the columns path and content, of both.
    """

    files: Sequence[InputFile]
    left_out: Sequence[str]
    content: DataFrame

    @property
    def length(self) -> int:
        """Return how many bytes the files are."""
        return sum(file.length for file in self.files)


def find_input(
    spark: SparkSession, paths: Sequence[str], on_note: Callable[[str], object]
) -> Input:
    """Find what the arguments name.

    Raises UsageError with all that name nothing, files that are named twice or are too long.
    """
    problems: list[str] = []
    readable: list[tuple[str, DataFrame]] = []
    for path in paths:
        if path in {STANDARD_INPUT, ""}:
            raise UsageError(f"{path or repr(path)}: Spark reads files and folders", _NAME)
        if (content := _content(spark, [path])) is None:
            problems.append(f"{path}: no such file or folder")
        else:
            readable.append((path, content))
    every = _listed(readable)
    files = [file for file in every if file.is_named or not is_usually_left_out(Path(file.path))]
    taken = {file.argument for file in files}
    # Spark does not list files without a byte, so they cannot be told from empty folders.
    for path in [path for path, _ in readable if path not in taken]:
        if files and not _is_hidden(path):
            on_note(f"{path}: nothing to read")
        else:
            problems.append(f"{path}: nothing to read: {_PASSED_OVER}")
    times = Counter(file.path for file in files)
    problems += [f"{local_name(path)}: named twice" for path, count in times.items() if count > 1]
    if problems:
        raise UsageError(_some(problems), _NAME)
    _check_lengths(spark, files)
    left_out = sorted({file.path for file in every} - {*times})
    if left_out:
        names = ", ".join(map(local_name, left_out[:_SHOWN]))
        more = f" and {len(left_out) - _SHOWN:,} more" if len(left_out) > _SHOWN else ""
        on_note(f"{len(left_out):,} file{'s' * (len(left_out) > 1)} left out: {names}{more}")
    whole = _content(spark, paths)
    assert whole is not None  # noqa: S101 - each was there
    return Input(files, left_out, whole)


def check_new(spark: SparkSession, to: str, paths: Sequence[str]) -> None:
    """Raise UsageError where the output is there already, or would lie in the input."""
    if any(f"{to}/".startswith(f"{path.rstrip('/')}/") for path in paths):
        raise UsageError(f"{to}: lies in the input", "A later run would read what it holds.")
    if _content(spark, [to]) is not None:
        raise UsageError(f"{to}: exists already", "Name a folder with --to that does not exist.")


def _content(spark: SparkSession, paths: Sequence[str]) -> DataFrame | None:
    """Return what Spark reads there, None where one of the paths leads nowhere."""
    from pyspark.errors import AnalysisException  # noqa: PLC0415 - only where it is installed

    # Spark's reader of text decompresses by name, counts no lines, and loses what precedes damage.
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        content = reader.load([_escaped(path) for path in paths])
        content.schema  # noqa: B018 - with Connect, only now they are looked for
    except AnalysisException as error:
        condition = getattr(error, "getCondition", error.getErrorClass)  # since Spark 4
        if condition() == "PATH_NOT_FOUND":
            return None
        raise
    return content


def _escaped(path: str) -> str:
    """Return the path of a file here with nothing that Spark takes for a pattern."""
    return _GLOB.sub(r"\\\g<0>", path) if os.path.lexists(path) else path


def _listed(readable: Sequence[tuple[str, DataFrame]]) -> list[InputFile]:
    """Return the files of several arguments, with few jobs."""
    from pyspark.sql.functions import lit  # noqa: PLC0415 - only where it is installed

    files: list[InputFile] = []
    for start in range(0, len(readable), _AT_ONCE):
        listed = [
            content.select("path", "length", lit(path).alias("argument"))
            for path, content in readable[start : start + _AT_ONCE]
        ]
        rows = reduce(lambda one, other: one.union(other), listed).collect()
        files += [InputFile(row["path"], row["length"], row["argument"]) for row in rows]
    return files


def _check_lengths(spark: SparkSession, files: Sequence[InputFile]) -> None:
    """Raise UsageError with the files that are too long."""
    setting = str(spark.conf.get(LARGE_VALUES, "false"))
    most = MOST_BYTES.get(setting, MOST_BYTES["false"])
    long = [file for file in files if file.length > most]
    if long:
        sizes = [f"{local_name(file.path)}: {file.length:,} bytes" for file in long]
        larger = "" if setting == "true" else f", or allow 2 GiB with {LARGE_VALUES}=true"
        hint = f"Cut it into several between lines: split -C 1G FILE{larger}"
        raise UsageError(f"{_some(sizes)}: more than {most:,}", hint)


def _is_hidden(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].startswith(("_", "."))


def _some(lines: Sequence[str]) -> str:
    return "\n".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else [])])


def local_name(path: str) -> str:
    """Return a path as dry-run names it, where it is one of this machine."""
    return re.sub(r"^file:(?://)?(?=/)", "", path)
