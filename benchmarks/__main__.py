"""Run every case beside its baseline: `python -m benchmarks [--lines N] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from benchmarks import made_up

SCRIPT_LINES = 500
TEMPLATE = "{{context.locale}} {{context.page.title}} since {{timestamp}}"
LIQUID = (
    "{{ context.locale | upcase }} {% if context.page.title contains 'Cart' %}{{ context.page.title"
    " | truncate: 20 }}{% endif %} since {{ timestamp | date: '%B %-d, %Y' }}"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A command of benchmarks.case, beside the one it is compared with; `piped` reads `-`."""

    name: str
    command: tuple[str, ...]
    baseline: str | None = None
    piped: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A case's median time in seconds, its peak in bytes, and how often faster than what."""

    name: str
    seconds: float
    peak_bytes: int
    baseline: str | None
    times_as_fast: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, and write JSON where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--lines", type=int, default=500_000, help="events in the input")
    parser.add_argument("--contacts", type=int, default=1_000_000, help="contacts in memory")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--json", type=Path, help="write the results here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, _sink(options.contacts) as port:
        here = Path(folder)
        cases = _cases(here, options.lines, options.contacts, port)
        measured = _measure(cases, options.runs)
    machine = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "python": platform.python_version(),
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("listrak-sync", "msgspec", "orjson", "httpx")
        },
        "lines": options.lines,
        "contacts": options.contacts,
        "runs": options.runs,
    }
    print(_table(measured))
    print(json.dumps(machine))
    if options.json:
        results = machine | {"results": [asdict(each) for each in measured]}
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _cases(here: Path, lines: int, contacts: int, port: int) -> list[Case]:
    """Write the inputs and return what is run on them."""
    names = ("1.json", "untidy.json", "1.json.gz", "several", "few.json", "many.json", "vip.csv")
    events, untidy, packed, several, few, many, rows = (str(here / name) for name in names)
    one, broad, fifty, template, liquid = (
        str(here / f"{name}.yaml") for name in ("one", "broad", "fifty", "template", "liquid")
    )
    made_up.write_events(Path(events), lines)
    made_up.write_events(Path(untidy), lines, untidy=0.1)
    made_up.compress(Path(events), Path(packed))
    made_up.compress_in_parts(Path(events), lines, Path(several), 6)
    made_up.write_events(Path(few), min(lines, SCRIPT_LINES))
    made_up.write_contacts(Path(many), contacts)
    made_up.write_rows(Path(rows), lines)
    made_up.write_mappings(Path(one), 1)
    made_up.write_mappings(Path(fifty), 50)
    made_up.write_broad_mapping(Path(broad))
    made_up.write_directive_mapping(Path(template), "@template", TEMPLATE)
    made_up.write_directive_mapping(Path(liquid), "@liquid", LIQUID)
    jq = [Case("jq select", ("jq", one, events, "1"))] if shutil.which("jq") else []
    return [
        Case("orjson.loads", ("orjson", one, events, "1")),
        Case("json.loads", ("json", one, events, "1")),
        *jq,
        Case("one mapping", ("dry-run", one, events, "1"), "orjson.loads"),
        Case("one mapping, 2 jobs", ("dry-run", one, events, "2"), "orjson.loads"),
        Case("fifty mappings", ("dry-run", fifty, events, "1"), "orjson.loads"),
        Case("fifty mappings, 2 jobs", ("dry-run", fifty, events, "2"), "orjson.loads"),
        Case("one broad mapping", ("dry-run", broad, events, "1"), "orjson.loads"),
        Case("fifty, once more", ("dry-run", fifty, events, "1"), "one broad mapping"),
        Case("a template", ("dry-run", template, events, "1"), "one broad mapping"),
        Case("a Liquid template", ("dry-run", liquid, events, "1"), "one broad mapping"),
        Case("one mapping again", ("dry-run", one, events, "1"), "json.loads"),
        *(Case("one mapping, once more", ("dry-run", one, events, "1"), each.name) for each in jq),
        Case("gzip", ("dry-run", one, packed, "1"), "one mapping"),
        Case("six gzip files", ("dry-run", one, several, "1"), "gzip"),
        Case("six gzip files, 2 jobs", ("dry-run", one, several, "2"), "gzip"),
        Case("pipe", ("dry-run", one, "-", "1"), "one mapping", piped=events),
        Case("untidy events", ("dry-run", fifty, untidy, "1"), "fifty mappings"),
        Case("csv.reader", ("csv", one, rows, "1")),
        Case("CSV rows as events", ("rows", one, rows, "1"), "csv.reader"),
        Case("CSV rows", ("dry-run", one, rows, "1"), "csv.reader"),
        Case("CSV rows, 2 jobs", ("dry-run", one, rows, "2"), "csv.reader"),
        Case("push, one mapping", ("push", one, events, "1", str(port)), "one mapping"),
        Case("push, fifty mappings", ("push", fifty, events, "1", str(port)), "fifty mappings"),
        Case("script, few events", ("script", one, few, "1", str(port))),
        Case("push, few events", ("push", fifty, few, "1", str(port)), "script, few events"),
        Case("one window", ("dry-run", one, many, "1")),
        Case("windows of 50,000", ("dry-run", one, many, "1", "50000"), "one window"),
        Case("read a list", ("pages", one, many, "1", str(port))),
        Case("compare a list", ("compare", one, many, "1", str(port)), "read a list"),
        Case("push, one window", ("push", one, many, "1", str(port))),
        Case("only changes", ("only-changes", one, many, "1", str(port)), "push, one window"),
    ]


def _measure(cases: Sequence[Case], runs: int) -> list[Measured]:
    """Run all cases in turn, several times; return the medians of their times and ratios.

    A case is compared with what its baseline takes right before it and right after it, for a
    machine's speed may drift. What has no baseline is one itself; cases of one stand together.
    """
    named = {case.name: case for case in cases}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in named}
    ratios: dict[str, list[float]] = {name: [] for name in named}

    def seconds(name: str) -> float:
        found[name].append(_run(named[name]))
        return found[name][-1]["seconds"]

    for _ in range(runs):
        for baseline, group in groupby(cases, attrgetter("baseline")):
            if baseline is not None:
                before = seconds(baseline)
                for case in group:
                    this, after = seconds(case.name), seconds(baseline)
                    ratios[case.name].append((before + after) / 2 / this)
                    before = after
    return [
        Measured(
            name,
            round(statistics.median(each["seconds"] for each in found[name]), 4),
            max(int(each["peak_bytes"]) for each in found[name]),
            case.baseline,
            round(statistics.median(ratios[name]), 2) if ratios[name] else None,
        )
        for name, case in named.items()
    ]


def _run(case: Case) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.case", *case.command]
    if case.piped is None:
        ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ours
    else:
        with subprocess.Popen(["cat", case.piped], stdout=subprocess.PIPE) as cat:  # noqa: S603, S607
            ended = subprocess.run(  # noqa: S603 - ours
                command, stdin=cat.stdout, capture_output=True, check=False
            )
    if ended.returncode:
        raise SystemExit(f"{case.name}: {ended.stderr.decode(errors='replace')}")
    found: dict[str, float] = json.loads(ended.stdout)
    return found


@contextmanager
def _sink(contacts: int) -> Iterator[int]:
    """Run the sink; its port."""
    command = [sys.executable, "-m", "benchmarks.sink", str(contacts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            yield int(process.stdout.readline()) if process.stdout else 0
        finally:
            process.kill()


def _processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _table(measured: Sequence[Measured]) -> str:
    rows = [f"{'case':<24} {'seconds':>8} {'peak MB':>8}  compared with"]
    for each in measured:
        compared = f"{each.times_as_fast}x {each.baseline}" if each.baseline else ""
        peak = each.peak_bytes / 1e6
        rows.append(f"{each.name:<24} {each.seconds:>8.3f} {peak:>8.0f}  {compared}".rstrip())
    return "\n".join(rows)


if __name__ == "__main__":
    main()
