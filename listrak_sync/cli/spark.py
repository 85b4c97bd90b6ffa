"""`listrak-sync spark`: the final values of all contacts, evaluated on Spark."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.errors import InterruptedRunError, SettingsError
from listrak_sync.guards import Guards
from listrak_sync.report.counts import Report
from listrak_sync.run_settings import Order, Undated

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SETTINGS: Final = {
    # What is written holds addresses: only its owner may read it.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.sql.execution.arrow.useLargeVarTypes": "true",
}
"""Settings of a session of our own, where they are not given otherwise."""


def spark(
    events: Annotated[
        list[str],
        typer.Argument(
            metavar="EVENTS",
            help="Files, folders or patterns as Spark reads them: s3a://…, hdfs://…, or paths "
            "here. gzip, zstd and bzip2 are recognised.",
            show_default=False,
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            help="The folder for updates, rejects and counts, which must not exist.",
            show_default=False,
        ),
    ],
    mapping: options.MappingFiles = None,
    only: options.Only = None,
    since: options.Since = None,
    until: options.Until = None,
    undated: options.UndatedOption = Undated.keep,
    audience: options.Audience = None,
    trait: options.Trait = None,
    email_column: options.EmailColumn = None,
    format_in: options.FormatIn = None,
    max_rejects: options.MaxRejects = None,
    max_contacts: options.MaxContacts = None,
    min_contacts: options.MinContacts = None,
    max_off_ratio: options.MaxOffRatio = None,
    strict: options.Strict = False,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = Order.timestamp,
    as_json: options.Json = False,
    log_format: options.LogFormatOption = LogFormat.text,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Evaluate on Spark what is too much for one machine, for push to deliver.

    The folder gets the final values of every contact as lines of updates, rejects, and the counts
    of every file: push --to's updates next.
    """
    given = locals()
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)
    with answering("spark", messages, as_json=as_json, report=Report([]).as_json()):
        _check_installed()
        from listrak_sync.spark.run import run_on_spark  # noqa: PLC0415 - pyarrow may be missing
        from listrak_sync.spark.task import (  # noqa: PLC0415 - as above
            NO_DELIVERY,
            new_task,
        )

        task = new_task(
            mapping or (),
            events,
            to,
            options.run_options({**given, "previous": None, **NO_DELIVERY}),
            Guards(max_rejects, max_contacts, max_off_ratio, min_contacts),
            strict=strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        with _session() as session, _interruptible(task.to):
            result = run_on_spark(session, task, messages.info)
        raise typer.Exit(
            conclude(
                "spark",
                result,
                messages,
                as_json=as_json,
                keeps_rejects=True,
                table_is_data=not as_json,
            )
        )


def _check_installed() -> None:
    """Raise SettingsError where what Spark needs is missing."""
    try:
        import pandas  # noqa: F401, ICN001, PLC0415 - slow, and may be missing
        import pyarrow  # noqa: F401, ICN001, PLC0415 - slow, and may be missing
        import pyspark  # noqa: F401, PLC0415 - slow, and may be missing
    except ImportError as error:
        hint = "Install it with: pip install 'listrak-sync[spark]'"
        raise SettingsError(f"{error.name} is not installed", hint) from error


@contextmanager
def _session() -> Iterator[SparkSession]:
    """Give the session that there is, or one by Spark's own settings, and end that."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - slow, and may be missing

    if (active := SparkSession.getActiveSession()) is not None:
        yield active
        return
    builder = SparkSession.builder.appName("listrak-sync")
    is_remote = "SPARK_REMOTE" in os.environ
    if not is_remote:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - not with Connect alone

        settings = SparkConf()
        for name, value in _SETTINGS.items():
            settings.setIfMissing(name, value)
        builder = builder.config(conf=settings)
    session = builder.getOrCreate()
    try:
        if not is_remote and "PYSPARK_PYTHON" not in os.environ and _is_local(session):
            context: SparkContext = session.sparkContext
            context.pythonExec = sys.executable
        yield session
    finally:
        session.stop()


@contextmanager
def _interruptible(to: str) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run."""
    received = signal.SIGINT.value

    # Spark's own handler speaks to Java while the main thread waits for an answer, and fails.
    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal received
        received = number
        raise KeyboardInterrupt

    handled = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, interrupt) for each in handled}
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedRunError(received, f"What is in {to} is not whole: remove it.") from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _is_local(session: SparkSession) -> bool:
    return str(session.conf.get("spark.master")).startswith("local")
