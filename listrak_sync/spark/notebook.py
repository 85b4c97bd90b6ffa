"""The call for notebooks and programs that have a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import UsageError
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.guards import Guards
from listrak_sync.report.counts import Report
from listrak_sync.run_settings import Order, RunOptions
from listrak_sync.spark.run import OnNote, run_on_spark
from listrak_sync.spark.task import NO_DELIVERY, new_task

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


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
    if order not in [*Order]:
        raise UsageError(f"order: {order!r} is not valid", f"Write {' or '.join(Order)}.")
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
