"""A driver on a cluster that kills one of its executors in a stage: run by test_cluster."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from listrak_sync.spark import final_values, run

EXECUTOR = b"CoarseGrainedExecutorBackend"
LISTING = 0
"""The first stage only lists the files."""


def main(master: str, worker: str, stage: str, source: str, mapping: str, to: str) -> None:
    """Evaluate, and print in which stage it killed one, and when."""
    setattr(run, "SMALL_PART_BYTES", 50_000)  # noqa: B010 - it is final
    spark = (
        SparkSession.builder.master(master)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executor.cores", "1")
        .config("spark.executor.memory", "512m")
        .config("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.files.overwrite", "true")
        .config("spark.sql.files.maxPartitionBytes", "100k")
        .config("spark.sql.files.openCostInBytes", "0")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    while len(executors(int(worker))) < 2:
        time.sleep(0.1)

    def is_begun(found: Any) -> bool:
        return Path(to, "updates").exists() if stage == "write" else found.stageId > LISTING

    threading.Thread(target=kill_one, args=(spark, int(worker), is_begun), daemon=True).start()
    report = final_values(spark, source, mapping, to=to)
    print(f"lines {report.lines}", flush=True)
    spark.stop()


def executors(worker: int) -> list[int]:
    """Return the processes of a worker's executors."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and EXECUTOR in (entry / "cmdline").read_bytes():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found += [int(entry.name)] if parent == worker else []
        except OSError:  # it has ended
            continue
    return found


def kill_one(spark: Any, worker: int, is_begun: Callable[[Any], bool]) -> None:
    """Kill an executor once a stage that is meant has done some of its tasks."""
    tracker = spark.sparkContext.statusTracker()
    while True:
        for number in tracker.getActiveStageIds():
            stage = tracker.getStageInfo(number)
            if (
                stage is not None
                and is_begun(stage)
                and 2 <= stage.numCompletedTasks < stage.numTasks
            ):
                os.kill(executors(worker)[0], signal.SIGKILL)
                done = f"{stage.numCompletedTasks} of {stage.numTasks} tasks"
                print(f"killed in stage {number} after {done}", flush=True)
                return
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
