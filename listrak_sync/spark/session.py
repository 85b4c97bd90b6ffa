"""The session of a run that was started without one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyspark.sql import SparkSession

from listrak_sync.spark.failures import failures, not_started

_SETTINGS: Final = {
    # What is written holds addresses: only its owner may read it.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.sql.execution.arrow.useLargeVarTypes": "true",
}
"""Settings of a session of our own, where they are not given otherwise."""

_PYTHON: Final = "PYSPARK_PYTHON"


@contextmanager
def session(*, is_silent: bool) -> Iterator[SparkSession]:
    """Give the session that there is, or one by Spark's own settings, and end that.

    Where it is silent, Spark logs only errors. Raises SettingsError where it does not start.
    """
    if (active := SparkSession.getActiveSession()) is not None:
        yield active
        return
    try:
        started = _start(is_silent=is_silent)
    except failures() as failure:
        raise not_started(failure) from failure
    try:
        yield started
    finally:
        started.stop()


def _start(*, is_silent: bool) -> SparkSession:
    builder = SparkSession.builder.appName("listrak-sync")
    if (remote := os.environ.get("SPARK_REMOTE")) is not None:
        if remote.startswith("local"):
            os.environ.setdefault(_PYTHON, sys.executable)
        return builder.getOrCreate()
    from pyspark import SparkConf  # noqa: PLC0415 - not with Connect alone

    settings = SparkConf()
    for name, value in _SETTINGS.items():
        settings.setIfMissing(name, value)
    started = builder.config(conf=settings).getOrCreate()
    context = started.sparkContext
    if is_silent:
        context.setLogLevel("ERROR")
    if _PYTHON not in os.environ and str(context.master).startswith("local"):
        context.pythonExec = sys.executable
    return started
