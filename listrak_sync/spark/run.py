"""One run on Spark: all files are evaluated, and all contacts coalesced, at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from listrak_sync.delivery.sending import ignore
from listrak_sync.scale.file_rows import file_rows
from listrak_sync.scale.final_rows import final_rows
from listrak_sync.scale.rows import EVALUATED, FINAL, ORDER, TOGETHER, Kind
from listrak_sync.spark.failures import failed, failures
from listrak_sync.spark.files import (
    Input,
    check_new,
    find_input,
    local_name,
)
from listrak_sync.spark.outcome import collect_sums, refusal, report_of
from listrak_sync.spark.task import SparkTask, remarks_of
from listrak_sync.sync import RunResult

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

OnNote: TypeAlias = Callable[[str], object]

SMALL_PART_BYTES: Final = 16 << 20
LARGE_PART_BYTES: Final = 128 << 20
"""How much input there is for each part of the output.

As many small ones as Spark's own setting, spark.sql.shuffle.partitions; beyond these, large ones.
"""

_USUAL_PARTS: Final = 200
_TYPES: Final = {"int8": "tinyint", "int64": "bigint", "string": "string", "binary": "binary"}
_FOLDER: Final = {Kind.UPDATE: "updates", Kind.REJECT: "rejects", Kind.COUNTS: "counts"}


def run_on_spark(spark: SparkSession, task: SparkTask, on_note: OnNote = ignore) -> RunResult:
    """Write the final values of all contacts, what is rejected, and the counts of each file.

    A guard that says no keeps the final values from being written; rejects and counts are.
    Raises UsageError for what cannot be read or must not be written, ListrakSyncError where Spark
    fails.
    """
    started = time.time()
    try:
        check_new(spark, task.to, task.paths)
        found = find_input(spark, task.paths, on_note)
        for remark in remarks_of(task):
            on_note(remark)
        final = _final(spark, task, found)
        try:
            sums = collect_sums(final, task, len(found.files))
            report, error = report_of(sums, task, started), None
            for kind in (Kind.COUNTS, Kind.REJECT, Kind.UPDATE):
                if kind is Kind.UPDATE:
                    error = refusal(sums, task.run.guards)
                if error is None:
                    _write(final, kind, f"{task.to}/{_FOLDER[kind]}")
        finally:
            with suppress(*failures()):
                final.unpersist()
    except failures() as failure:
        raise failed(failure, task.to) from failure
    report.seconds = time.time() - started
    return RunResult(report, error)


def _final(spark: SparkSession, task: SparkTask, found: Input) -> DataFrame:
    """Return all lines of output and the counts, which are evaluated once."""
    from pyspark import StorageLevel  # noqa: PLC0415 - only where it is installed
    from pyspark.sql.functions import col  # noqa: PLC0415 - only where it is installed

    settings = task.settings

    def evaluate(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path, content in zip(batch.column("path"), batch.column("content"), strict=True):
                yield from file_rows(settings, local_name(path.as_py()), content.as_py())

    def coalesce(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return final_rows(settings, batches)

    files = found.content.select("path", "content")
    if found.left_out:
        files = files.where(~col("path").isin([*found.left_out]))
    evaluated = files.mapInArrow(evaluate, _ddl(EVALUATED))
    usual = str(spark.conf.get("spark.sql.shuffle.partitions"))
    parts = parts_for(found.length, int(usual) if usual.isdecimal() else _USUAL_PARTS)
    together = evaluated.repartition(parts, *TOGETHER).sortWithinPartitions(*ORDER)
    return together.mapInArrow(coalesce, _ddl(FINAL)).persist(StorageLevel.DISK_ONLY)


def parts_for(length: int, usual: int) -> int:
    """Return in how many parts contacts are coalesced, for an input of so many bytes."""
    small, large = (-(-length // each) for each in (SMALL_PART_BYTES, LARGE_PART_BYTES))
    return max(1, min(small, max(usual, large)))


def _ddl(schema: pa.Schema) -> str:
    """Return a schema as Spark wants it."""
    return ", ".join(f"{each.name} {_TYPES[str(each.type)]}" for each in schema)


def _write(final: DataFrame, kind: Kind, to: str) -> None:
    from pyspark.sql.functions import col  # noqa: PLC0415 - only where it is installed

    lines = final.where(col("kind") == int(kind)).select(col("line").alias("value"), "list_id")
    if kind is Kind.UPDATE:
        writer = lines.write.partitionBy("list_id")
    elif kind is Kind.COUNTS:
        writer = lines.select("value").coalesce(1).write
    else:
        writer = lines.select("value").write
    writer.mode("error").option("compression", "gzip").text(to)
