"""What a start costs beside `import typer`: `python -m benchmarks.start [--runs N]`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "listrak-sync")
BASELINE = "import typer"
CASES = {
    BASELINE: (sys.executable, "-c", "import typer"),
    "--version": (COMMAND, "--version"),
    "--help": (COMMAND, "--help"),
    "push --help": (COMMAND, "push", "--help"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Start each command in turn, several times; print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="runs of which the median counts")
    runs = parser.parse_args(arguments).runs
    found = [{name: _seconds(command) for name, command in CASES.items()} for _ in range(runs)]
    print(f"{'start':<12} {'ms':>6}  times {BASELINE}")
    for name in CASES:
        median = statistics.median(each[name] for each in found)
        ratio = statistics.median(each[name] / each[BASELINE] for each in found)
        print(f"{name:<12} {median * 1000:>6.0f}  {ratio:.2f}")


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - ours
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
