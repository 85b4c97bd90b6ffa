"""A cluster that loses an executor, and Spark Connect, come to what dry-run comes to."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from listrak_sync.input.sources import expand
from listrak_sync.mapping.file import parse
from tests.spark import killing_driver, nasty
from tests.spark.test_run import lines_of
from tests.test_inputs import Dry

pytestmark = pytest.mark.skipif(
    os.environ.get("LISTRAK_SYNC_TESTS") != "long",
    reason="python -m tests --engines --long runs it",
)
LINES, FILES = 12_000, 65
TIMEOUT = 300
HERE = Path(__file__).parent


@contextmanager
def started(*arguments: str) -> Iterator[int]:
    """Run a daemon of Spark; give its process."""
    import pyspark  # noqa: PLC0415 - mostly not installed

    program = Path(pyspark.__file__).parent / "bin" / "spark-class"
    process = subprocess.Popen(
        [program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid  # the shell that it begins with becomes Java
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a master and a worker on loopback; give the master's address and the worker's process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"spark://127.0.0.1:{port}"
    host = ("--host", "127.0.0.1", "--webui-port", "0")
    deploy = "org.apache.spark.deploy"
    with started(f"{deploy}.master.Master", "--port", str(port), *host):
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        with started(
            *(f"{deploy}.worker.Worker", address, *host, "--cores", "2", "--memory", "2g"),
            *("--work-dir", str(folder)),
        ) as worker:
            yield address, worker


@pytest.mark.parametrize("stage", ["evaluate", "write"])
def test_executor_killed(stage: str, tmp_path: Path) -> None:
    """Where an executor dies, its part is done again: nothing is lost, nothing counts twice."""
    source, to, mapping = tmp_path / "in", tmp_path / "out", tmp_path / "m.yaml"
    nasty.write(source, LINES, FILES)
    mapping.write_text(nasty.MAPPINGS)
    dry = Dry(expand([str(source)]), parse("m.yaml", nasty.MAPPINGS))
    driver = (sys.executable, "-m", killing_driver.__name__)
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    with cluster(tmp_path / "work") as (master, worker):
        arguments = (master, worker, stage, source, mapping, to)
        ended = subprocess.run(
            [*driver, *map(str, arguments)],
            cwd=HERE.parents[1],
            env=environment,
            capture_output=True,
            timeout=TIMEOUT,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr[-5000:]
    assert re.search(r"^killed in stage \d+ after \d+ of \d+ tasks$", ended.stdout, re.MULTILINE)
    assert f"lines {dry.report.lines}" in ended.stdout
    assert sorted(lines_of(to / "updates")) == sorted(dry.contacts)
    assert sorted(lines_of(to / "rejects")) == sorted(dry.rejects)
    counts = [json.loads(line) for line in lines_of(to / "counts")]
    assert sum(each["lines"] for each in counts) == dry.report.lines


def test_connect(tmp_path: Path) -> None:
    """Spark Connect, where there are only data frames, gives the same."""
    pytest.importorskip("grpc", reason="Spark Connect needs pyspark[connect]")
    source, to, mapping = tmp_path / "in", tmp_path / "out", tmp_path / "m.yaml"
    nasty.write(source, 3000, FILES)
    mapping.write_text(nasty.MAPPINGS)
    dry = Dry(expand([str(source)]), parse("m.yaml", nasty.MAPPINGS))
    environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_REMOTE": "local[2]"}
    command = (sys.executable, "-m", "listrak_sync", "spark", source, "-m", mapping, "--to", to)
    for status in (6, 2):
        ended = subprocess.run(
            command, env=environment, capture_output=True, timeout=TIMEOUT, text=True, check=False
        )
        assert ended.returncode == status, ended.stderr[-5000:]
        assert sorted(lines_of(to / "updates")) == sorted(dry.contacts)
    assert f"{to}: exists already" in ended.stderr
