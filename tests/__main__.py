"""Every check that a change must pass: `python -m tests`, with `--long` for more examples."""

from __future__ import annotations

import os
import subprocess
import sys
import time

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("coverage", "erase"),
    ("coverage", "run", "-m", "pytest", "-n", "auto", "--dist", "worksteal"),
    ("coverage", "combine", "--quiet"),
    ("coverage", "report"),
)


def main() -> int:
    """Run the checks in order; stop at the first that fails."""
    environment = os.environ | {"LISTRAK_SYNC_TESTS": "long" if "--long" in sys.argv else "short"}
    bin_directory = os.path.dirname(sys.executable)  # noqa: PTH120 - a symbolic link must stay one
    environment["PATH"] = os.pathsep.join((bin_directory, environment.get("PATH", "")))
    for check in CHECKS:
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
