"""One case in a process of its own: `python -m benchmarks.case NAME MAPPING EVENTS JOBS …`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.made_up import AUDIENCES
from listrak_sync.input.blocks import read
from listrak_sync.input.row_events import row_events
from listrak_sync.input.sources import RowOptions, expand
from listrak_sync.input.units import Block
from listrak_sync.mapping.file import load
from listrak_sync.run import Run
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import DEFAULT_WINDOW, RunSettings
from listrak_sync.sync import RunResult, dry_run, push

if TYPE_CHECKING:
    from listrak_sync.listrak.api import Api


def _settings(
    mapping: str, events: str, jobs: str, window: str = str(DEFAULT_WINDOW)
) -> RunSettings:
    rows = RowOptions(audience=AUDIENCES[0] if events.endswith(".csv") else None)
    sources = expand([events], rows)
    return RunSettings(sources, load(Path(mapping)), jobs=int(jobs), window=int(window))


def _answered(ended: RunResult) -> None:
    if ended.error is not None:
        raise ended.error


def _dry_run(*arguments: str) -> None:
    _answered(dry_run(_settings(*arguments), RunCallbacks()))


def _api(port: str) -> Api:
    from listrak_sync.listrak.addresses import Addresses  # noqa: PLC0415 - only for some cases
    from listrak_sync.listrak.api import Api  # noqa: PLC0415 - only for some cases
    from listrak_sync.listrak.credentials import Credentials  # noqa: PLC0415 - only for some cases

    url = f"http://127.0.0.1:{port}"
    return Api(Addresses(url, f"{url}/token"), Credentials("id", "secret"))


def _push(mapping: str, events: str, jobs: str, port: str) -> None:
    with _api(port) as api:
        _answered(push(_settings(mapping, events, jobs), RunCallbacks(), api))


def _only_changes(mapping: str, events: str, jobs: str, port: str) -> None:
    settings = replace(_settings(mapping, events, jobs), only_changes=True)
    with _api(port) as api:
        _answered(push(settings, RunCallbacks(), api))


def _pages(_: str, __: str, ___: str, port: str) -> float:
    """Do what a script does that reads a list: each page with httpx, decoded."""
    import httpx  # noqa: PLC0415 - only for this case

    query = "subscriptionState=Subscribed&segmentationFieldIds=700&count=5000"
    url, cursor = f"http://127.0.0.1:{port}/List/100/Contact?{query}", "Start"
    started = time.perf_counter()
    with httpx.Client() as client:
        while cursor:
            page = msgspec.json.decode(client.get(f"{url}&cursor={cursor}").content)
            cursor = page["nextPageCursor"]
    return time.perf_counter() - started


def _compare(mapping: str, events: str, jobs: str, port: str) -> float:
    """Read a list against a window; only that is timed."""
    from listrak_sync.account.state import AccountState  # noqa: PLC0415 - only for this case
    from listrak_sync.delivery.sending import DeliveryOptions  # noqa: PLC0415 - only for this case
    from listrak_sync.delivery.stop import Stop  # noqa: PLC0415 - only for this case

    stop = Stop()
    run = Run(_settings(mapping, events, jobs), RunCallbacks(), stop)
    (window,) = run.windows()
    with _api(port) as api:
        api.authenticate()
        started = time.perf_counter()
        comparison = AccountState(api, stop, DeliveryOptions()).compare(window)
        seconds = time.perf_counter() - started
    if set(comparison.standings) != {1}:
        raise SystemExit("not everything is right at the sink")
    return seconds


def _script(_: str, events: str, __: str, port: str) -> None:
    """Do what a script does that a user would write: one request for each event."""
    import httpx  # noqa: PLC0415 - only for this case

    url = f"http://127.0.0.1:{port}/List/100/Contact/SegmentationField"
    with Path(events).open() as file, httpx.Client() as client:
        for line in file:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            key = event["context"].get("personas", {}).get("computation_key")
            if key is not None:
                value = (event.get("properties") or event.get("traits") or {}).get(key)
                fields = [{"segmentationFieldId": 700, "value": "on" if value else "off"}]
                person = event.get("traits") or event["context"]["traits"]
                contact = {"emailAddress": person["email"], "segmentationFieldValues": fields}
                client.post(url, json=[contact]).raise_for_status()


def _loads(parse: Callable[[bytes], object], events: str) -> None:
    with Path(events).open("rb") as file:
        for line in file:
            try:
                parse(line)
            except ValueError:
                continue


def _orjson(_: str, events: str, __: str) -> None:
    import orjson  # noqa: PLC0415 - only for this case

    _loads(orjson.loads, events)


def _json(_: str, events: str, __: str) -> None:
    _loads(json.loads, events)


def _csv(_: str, events: str, __: str) -> None:
    import csv  # noqa: PLC0415 - only for this case

    with Path(events).open(newline="") as file:
        for _row in csv.reader(file):
            pass


def _rows(_: str, events: str, __: str) -> None:
    for unit in read(expand([events], RowOptions(audience=AUDIENCES[0]))):
        if isinstance(unit, Block) and unit.columns is not None:
            row_events(unit, unit.columns)


def _jq(_: str, events: str, __: str) -> None:
    """Let jq find the events of one audience; it gives up at what is malformed, so skip that."""
    program = (
        'fromjson? | select(.context.personas.computation_key == "audience_0")'
        " | [.context.traits.email // .traits.email, .type]"
    )
    subprocess.run(  # noqa: S603 - what we want
        ["jq", "-Rc", program, events],  # noqa: S607 - wherever it is installed
        stdout=subprocess.DEVNULL,
        check=True,
    )


CASES: dict[str, Callable[..., float | None]] = {
    "dry-run": _dry_run,
    "push": _push,
    "only-changes": _only_changes,
    "pages": _pages,
    "compare": _compare,
    "script": _script,
    "orjson": _orjson,
    "json": _json,
    "csv": _csv,
    "rows": _rows,
    "jq": _jq,
}


def main() -> None:
    """Run a case; print its seconds without the interpreter's start, and its largest process.

    A case that returns seconds is timed by itself.
    """
    name, *arguments = sys.argv[1:]
    if CASES[name] in {_push, _only_changes, _script}:
        import listrak_sync.listrak.api  # noqa: F401, PLC0415 - a start is timed nowhere here
    started = time.perf_counter()
    own = CASES[name](*arguments)
    seconds = own or time.perf_counter() - started
    peak = max(
        resource.getrusage(whose).ru_maxrss
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    peak *= 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
