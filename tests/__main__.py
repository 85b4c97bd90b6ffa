"""The checks that every change must pass: `python -m tests`; `--help` tells of more."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)
TESTS = ("-m", "pytest", "-n", "auto")
WITH_COVERAGE = (
    ("coverage", "erase"),
    ("coverage", "run", *TESTS),
    ("coverage", "combine", "--quiet"),
    ("coverage", "report"),
)


def main() -> int:
    """Run the checks in order; stop at the first that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("--long", action="store_true", help="try many more examples")
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="see how much of the program the tests reach, in twice the time",
    )
    given = parser.parse_args()
    environment = os.environ | {"LISTRAK_SYNC_TESTS": "long" if given.long else "short"}
    bin_directory = os.path.dirname(sys.executable)  # noqa: PTH120 - a symbolic link must stay one
    environment["PATH"] = os.pathsep.join((bin_directory, environment.get("PATH", "")))
    for check in (*CHECKS, *(WITH_COVERAGE if given.coverage else (("python", *TESTS),))):
        print(f"— {' '.join(check)}", flush=True)
        started = time.monotonic()
        status = subprocess.run(check, env=environment, check=False).returncode
        print(f"  {time.monotonic() - started:.1f} s", flush=True)
        if status:
            print(f"{' '.join(check)} failed", flush=True)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
