"""`listrak-sync spark`: the final values of all contacts, evaluated on Spark."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, NoReturn

import typer

from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.options.guarding import InputGuards
from listrak_sync.cli.options.input import EventOptions
from listrak_sync.cli.options.mapping import MappingOptions
from listrak_sync.cli.options.output import SparkOutput
from listrak_sync.cli.options.run import run_options
from listrak_sync.cli.options.sent import OrderOptions
from listrak_sync.cli.options.spread import spread
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.errors import InterruptedRunError, SettingsError


@spread
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
    read: EventOptions,
    mappings: MappingOptions,
    sent: OrderOptions,
    guarding: InputGuards,
    output: SparkOutput,
) -> None:
    """Evaluate on Spark what is too much for one machine, for push to deliver.

    The folder that --to names gets updates, rejects and counts. Then push its updates.

    Example: listrak-sync spark s3a://bucket/events -m mappings.yaml --to s3a://bucket/out
    """
    messages = output.messages()
    with answering("spark", messages, as_json=output.as_json, is_run=True):
        _check_installed()
        from listrak_sync.spark.run import run_on_spark  # noqa: PLC0415 - pyarrow may be missing
        from listrak_sync.spark.session import session  # noqa: PLC0415 - as above
        from listrak_sync.spark.task import NO_DELIVERY, new_task  # noqa: PLC0415 - as above

        task = new_task(
            mappings.mapping or (),
            events,
            output.to,
            run_options(read, mappings, sent, **NO_DELIVERY),
            guarding.guards,
            strict=mappings.strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        with session(is_silent=not output.verbose) as started, _interruptible(task.to):
            result = run_on_spark(started, task, messages.info)
        if result.report.reject_count:
            messages.info(f"rejects, each with its reason: {task.to}/rejects")
        raise typer.Exit(
            conclude(
                "spark",
                result,
                messages,
                as_json=output.as_json,
                outputs=RunOutputs(explains=True),  # rejects are told already
                table_is_data=not output.as_json,
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
        hint = f"Remove {to}, if it is there: it is not whole."
        raise InterruptedRunError(received, hint) from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
