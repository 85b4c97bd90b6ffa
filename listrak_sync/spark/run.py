"""One run on Spark: all files are evaluated, and all contacts coalesced, at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import ListrakSyncError, UsageError
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.guards import Guards
from listrak_sync.input.formats import not_csv
from listrak_sync.mapping.model import field_names
from listrak_sync.report.counts import Report
from listrak_sync.run_settings import Order, RunOptions
from listrak_sync.scale.file_rows import file_rows
from listrak_sync.scale.final_rows import final_rows
from listrak_sync.scale.rows import EVALUATED, FINAL, ORDER, TOGETHER, Kind
from listrak_sync.scale.sums import Sums
from listrak_sync.spark.failures import failed, failures
from listrak_sync.spark.files import (
    Input,
    check_new,
    find_input,
    local_name,
)
from listrak_sync.spark.task import NO_DELIVERY, SparkTask, new_task, remarks_of
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
_SHOWN: Final = 5
_TYPES: Final = {"int8": "tinyint", "int64": "bigint", "string": "string", "binary": "binary"}
_FOLDER: Final = {Kind.UPDATE: "updates", Kind.REJECT: "rejects", Kind.COUNTS: "counts"}


def final_values(  # noqa: PLR0913 - the options of a command
    spark: SparkSession,
    paths: str | Sequence[str],
    mapping: str | Path | Sequence[str | Path] = (),
    *,
    to: str,
    order: str = "timestamp",
    ignore_integrations: bool = False,
    only: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    max_rejects: int | None = None,
    max_off_ratio: float | None = None,
    on_note: OnNote = ignore,
) -> Report:
    """Write the final values of all contacts to `to`, as `listrak-sync spark` does.

    `paths` are files, folders or patterns as Spark reads them, `mapping` is one mapping file or
    several, none where the input is updates. `since` and `until` are ISO 8601. Returns the counts.
    Raises ListrakSyncError: StoppedError where a guard says no, UsageError and SettingsError for
    what cannot be used.
    """
    files = [mapping] if isinstance(mapping, str | Path) else mapping
    options = RunOptions(
        ignore_integrations=ignore_integrations,
        order=Order(order),
        only=tuple(only),
        since=_moment("since", since),
        until=_moment("until", until),
        **NO_DELIVERY,
    )
    guards = Guards(max_rejects=max_rejects, max_off_ratio=max_off_ratio)
    inputs = [paths] if isinstance(paths, str) else paths
    result = run_on_spark(
        spark, new_task([*map(Path, files)], inputs, to, options, guards), on_note
    )
    if result.error is not None:
        raise result.error
    return result.report


def _moment(name: str, text: str | None) -> int | None:
    if text is not None and (found := instant(text)) == NEVER:
        raise UsageError(f"{name}: {text!r} is not a valid time", "Write 2026-03-01T12:00:00Z.")
    return None if text is None else found


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
            sums = _sums(final, task)
            _check_all_read(sums, found)
            report, error = _report(sums, task, started), None
            for kind in (Kind.COUNTS, Kind.REJECT, Kind.UPDATE):
                if kind is Kind.UPDATE:
                    error = _refusal(sums, task.run.guards)
                if error is None:
                    _write(final, kind, f"{task.to}/{_FOLDER[kind]}")
        finally:
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


def _sums(final: DataFrame, task: SparkTask) -> Sums:
    """Evaluate everything; return the counts. Raises UsageError for files that cannot be used."""
    from pyspark.sql.functions import col  # noqa: PLC0415 - only where it is installed

    told = final.where(col("kind").isin(int(Kind.FAULT), int(Kind.SUMS)))
    rows = told.select("kind", "line", "sums").collect()
    faults: dict[str, list[str]] = {}
    sums = Sums.nothing(task.settings.names)
    for row in rows:
        if row["kind"] == Kind.FAULT:
            message, _, hint = row["line"].partition("\n")
            faults.setdefault(hint, []).append(message)
        else:
            sums.add(Sums.unpacked(bytes(row["sums"])))
    if faults:
        messages = [message for several in faults.values() for message in sorted(several)[:_SHOWN]]
        raise UsageError("\n".join(messages), "\n".join(faults))
    if task.settings.rows.are_given and not sums.has_rows:
        raise not_csv(task.settings.rows)
    return sums


def _check_all_read(sums: Sums, found: Input) -> None:
    """Raise ListrakSyncError where other files were read than those that were found."""
    if sums.files != len(found.files):
        what = f"{sums.files:,} files were read, and {len(found.files):,} were there before"
        raise ListrakSyncError(f"the input changed: {what}", "Run it again.")


def _report(sums: Sums, task: SparkTask, started: float) -> Report:
    """Return the report of the run."""
    mappings = task.run.mappings
    report = Report(
        [*task.settings.names],
        started=started,
        mapping_files=task.run.mapping_files,
        inputs=task.run.inputs,
        remarks=task.run.remarks,
        field_names=field_names(mappings),
    )
    report.add(sums.report)
    for what, (place, line) in sorted(sums.not_events.items(), key=lambda each: each[1]):
        report.warnings += (f"{place.replace(chr(0), '/')}:{line}: {what}",)
    report.warn_of_nothing([mapping.name for mapping in mappings if mapping.enabled])
    return report


def _refusal(sums: Sums, guards: Guards) -> ListrakSyncError | None:
    """Return why a guard does not let the final values pass."""
    try:
        guards.check_rejects(sums.report.reject_count)
        guards.check_fewest(sums.contacts)
        guards.check_contacts(sums.contacts)
        guards.check_off_values(sums.report.off, sums.report.values_to_send)
    except ListrakSyncError as error:
        return error
    return None


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
