"""A session of Spark on this machine, which starts as quickly as it can."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
IS_WANTED = "LISTRAK_SYNC_ENGINES" in os.environ
QUICK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "3",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave these tests out where nobody asked for engines, which take long to install."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.outside)
            item.add_marker(pytest.mark.filterwarnings("ignore"))  # of other people's code
            if not IS_WANTED:
                item.add_marker(pytest.mark.skip(reason="python -m tests --engines runs it"))


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Give a session with two threads."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - mostly not installed

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]")
    for name, value in QUICK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
