"""What a run on Spark came to: its counts, and what speaks against writing the final values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listrak_sync.errors import ListrakSyncError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.formats import not_csv
from listrak_sync.mapping.model import field_names
from listrak_sync.report.counts import Report
from listrak_sync.scale.rows import Kind
from listrak_sync.scale.sums import Sums
from listrak_sync.spark.task import SparkTask

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_SHOWN: Final = 5


def collect_sums(final: DataFrame, task: SparkTask, files: int) -> Sums:
    """Evaluate everything; return the counts.

    Raises UsageError for files that cannot be used, ListrakSyncError where there are not as many as
    were found.
    """
    from pyspark.sql.functions import col  # noqa: PLC0415 - only where it is installed

    told = final.where(col("kind").isin(int(Kind.FAULT), int(Kind.SUMS)))
    rows = told.select("kind", "line", "sums").collect()
    faults: dict[str, set[str]] = {}
    sums = Sums.nothing(task.settings.names)
    for row in rows:
        if row["kind"] == Kind.FAULT:
            message, _, hint = row["line"].partition("\n")
            faults.setdefault(hint, set()).add(message)
        else:
            sums.add(Sums.unpacked(bytes(row["sums"])))
    if faults:
        messages = [message for several in faults.values() for message in sorted(several)[:_SHOWN]]
        raise UsageError("\n".join(messages), "\n".join(faults))
    if sums.files != files:
        what = f"{sums.files:,} files were read, and {files:,} were there before"
        raise ListrakSyncError(f"the input changed: {what}", "Run it again.")
    if task.settings.rows.are_given and not sums.has_rows:
        raise not_csv(task.settings.rows)
    return sums


def report_of(sums: Sums, task: SparkTask, started: float) -> Report:
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
    report.lists = dict(sorted(report.lists.items()))
    for what, (place, line) in sorted(sums.not_events.items(), key=lambda each: each[1]):
        report.warnings += (f"{place.replace(chr(0), '/')}:{line}: {what}",)
    report.warn_of_nothing([mapping.name for mapping in mappings if mapping.enabled])
    return report


def refusal(sums: Sums, guards: Guards) -> ListrakSyncError | None:
    """Return why a guard does not let the final values pass."""
    try:
        guards.check_rejects(sums.report.reject_count)
        guards.check_fewest(sums.contacts)
        guards.check_contacts(sums.contacts)
        guards.check_off_values(sums.report.off, sums.report.values_to_send)
    except ListrakSyncError as error:
        return error
    return None
