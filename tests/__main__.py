"""The checks that every change must pass: `python -m tests`; `--help` tells of more."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("mkdocs", "build", "--strict", "--quiet"),
)
TESTS = ("-m", "pytest", "-n", "auto")
WITH_COVERAGE = (
    ("coverage", "erase"),
    ("coverage", "run", *TESTS),
    ("coverage", "combine", "--quiet"),
    ("coverage", "report"),
)
QUICK = ("python", *TESTS, "-m", "not outside")
ENGINES = ("tests/spark", "tests/scale", "tests/test_docs_scale.py", "tests/test_dependencies.py")
LEFT_OUT = "left out: the tests on Spark, Ray and Dask; python -m tests --engines runs them"
OTHER_VERSIONS = ("--deselect", "tests/test_dependencies.py::test_everything_is_pinned")


def main() -> int:
    """Run the checks in order; stop at the first that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="only these tests")
    parser.add_argument("--long", action="store_true", help="try many more examples")
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        "--quick", action="store_true", help="few examples, and no test with processes or sockets"
    )
    scope.add_argument(
        "--coverage",
        action="store_true",
        help="see how much of the program the tests reach, in twice the time",
    )
    scope.add_argument(
        "--engines", action="store_true", help="install Spark, Ray and Dask, and test on them"
    )
    scope.add_argument(
        "--hostile",
        action="store_true",
        help="attack the whole for up to 20 minutes; --hostile --help tells what else it takes",
    )
    scope.add_argument("--newest", action="store_true", help="test with the newest dependencies")
    scope.add_argument("--lowest", action="store_true", help="test with the oldest dependencies")
    is_hostile, more = sys.argv[1:2] == ["--hostile"], sys.argv[2:]
    given = parser.parse_args(["--hostile"] if is_hostile else None)
    if given.paths and (given.quick or given.coverage or given.engines):
        parser.error("--quick, --coverage and --engines are for all tests")
    examples = "long" if given.long else "quick" if given.quick else "short"
    environment = os.environ | {"LISTRAK_SYNC_TESTS": examples, "NO_MKDOCS_2_WARNING": "1"}
    if given.newest or given.lowest:
        with tempfile.TemporaryDirectory() as folder:
            return run(elsewhere(folder, given.paths, lowest=given.lowest), environment)
    bin_directory = os.path.dirname(sys.executable)  # noqa: PTH120 - a symbolic link must stay one
    environment["PATH"] = os.pathsep.join((bin_directory, environment.get("PATH", "")))
    if given.engines:
        return run(on_engines(), environment | {"LISTRAK_SYNC_ENGINES": "1"})
    if given.hostile:
        return run([("python", "-m", "tests.hostile", *more)], environment)
    status = run(chosen(given), environment)
    if not status and not given.paths:
        print(LEFT_OUT)
    return status


def chosen(given: argparse.Namespace) -> Sequence[Sequence[str]]:
    """Return the commands that the arguments ask for."""
    if given.paths:
        files = [path.partition("::")[0] for path in given.paths]
        return (
            ("ruff", "check", *files),
            ("ruff", "format", "--check", *files),
            ("python", "-m", "pytest", *given.paths),
        )
    if given.quick:
        return (*CHECKS, QUICK)
    if given.coverage:
        return (*CHECKS, *WITH_COVERAGE)
    return (*CHECKS, ("python", *TESTS))


def on_engines() -> Iterator[Sequence[str]]:
    """Yield the commands that install the engines here, and test on them."""
    if shutil.which("java") is None:
        yield "apt-get", "update", "-qq"
        yield "apt-get", "install", "-qq", "-y", "--no-install-recommends", "default-jre-headless"
    pins = ("-c", "constraints.txt", "-c", "constraints-engines.txt")
    yield "python", "-m", "pip", "install", "-q", *pins, "-e", ".[dev,engines]"
    yield "python", "-m", "pytest", "-rs", *ENGINES


def elsewhere(folder: str, paths: Sequence[str], *, lowest: bool) -> Sequence[Sequence[str]]:
    """Return the commands that test in an environment of its own, in a folder."""
    python = str(Path(folder, "bin", "python"))
    project = ("-e", f"{ROOT}[dev]", *(lowest_versions() if lowest else ()))
    return (
        (sys.executable, "-m", "venv", folder),
        (python, "-m", "pip", "install", "-q", *project),
        (python, "-m", "pip", "list"),
        (python, *TESTS, *OTHER_VERSIONS, *paths),
    )


def requirements(*left_out: str) -> Iterator[Requirement]:
    """Yield what pyproject.toml requires, for every purpose but some extras, apart from itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    every = project["optional-dependencies"]
    extras = [needed for extra, needed in every.items() if extra not in left_out]
    for requirement in map(Requirement, chain(project["dependencies"], *extras)):
        if requirement.name != project["name"]:
            yield requirement


def lowest_versions() -> Iterator[str]:
    """Yield each requirement at its lower bound; the engines are too large to be tried twice."""
    for requirement in requirements("spark", "engines"):
        (lower,) = (each.version for each in requirement.specifier if each.operator == ">=")
        marker = f"; {requirement.marker}" if requirement.marker else ""
        yield f"{requirement.name}=={lower}{marker}"


def run(commands: Iterable[Sequence[str]], environment: Mapping[str, str]) -> int:
    """Run commands in order; return the status of the first that fails, else 0."""
    for command in commands:
        print(f"— {' '.join(command)}", flush=True)
        started = time.monotonic()
        status = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
        print(f"  {time.monotonic() - started:.1f} s", flush=True)
        if status:
            print(f"{' '.join(command)} failed", flush=True)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
