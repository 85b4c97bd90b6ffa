"""`listrak-sync spark`: the final values of all contacts, evaluated on Spark."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.errors import InterruptedRunError, SettingsError
from listrak_sync.guards import Guards
from listrak_sync.run_settings import Order, Undated

if TYPE_CHECKING:
    pass


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

    The folder that --to names gets updates, rejects and counts. Then push its updates.
    """
    given = locals()
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)
    with answering("spark", messages, as_json=as_json, is_run=True):
        _check_installed()
        from listrak_sync.spark.run import run_on_spark  # noqa: PLC0415 - pyarrow may be missing
        from listrak_sync.spark.session import session  # noqa: PLC0415 - as above
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
        with session(is_silent=not verbose) as spark_session, _interruptible(task.to):
            result = run_on_spark(spark_session, task, messages.info)
        if result.report.reject_count:
            messages.info(f"rejects, each with its reason: {task.to}/rejects")
        raise typer.Exit(
            conclude(
                "spark",
                result,
                messages,
                as_json=as_json,
                outputs=RunOutputs(explains=True),  # rejects are told already
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
