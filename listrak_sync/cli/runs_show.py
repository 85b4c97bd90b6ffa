"""`listrak-sync runs show`: tells all of one run in the journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from listrak_sync.cli.answers import answering
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.journal import JournalPath
from listrak_sync.cli.options.output import Json, Progress, ReportPage
from listrak_sync.cli.output import draw, print_json, print_table, print_text
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.runs import journal_is_there
from listrak_sync.cli.startup import parse_duration
from listrak_sync.cli.summary import summary
from listrak_sync.delivery.database import guarded
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.delivery.imports import ImportState, import_states
from listrak_sync.delivery.journal import default_journal
from listrak_sync.delivery.journal_reader import JournalReader
from listrak_sync.delivery.lock import holder_of
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.delivery.receipts import ImportKey
from listrak_sync.delivery.rows import RunInfo
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.errors import UsageError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.report.page import check_page, write_page
from listrak_sync.run_listing import WholeRun, as_arguments, whole_run
from listrak_sync.text import counted, one_line

SHOWN_INPUTS: Final = 10
"""How many inputs are shown; --json has all of them."""


def show(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The run, or the beginning of its id. [default: the newest]",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Ask Listrak about the imports now, until they have ended, for 10m unless another "
            "time is given.",
            show_default=False,
        ),
    ] = None,
    report: ReportPage = None,
    journal: JournalPath = None,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
    as_json: Json = False,
) -> None:
    """Tell all of one run: its inputs and options, what it counted, its imports, what is left.

    --wait asks Listrak about its imports now.

    Example: listrak-sync runs show --wait
    """
    messages = Messages()
    with answering("runs show", messages, as_json=as_json):
        if report is not None:
            check_page(report)
        path = journal or default_journal()
        if not journal_is_there(path):
            raise UsageError(f"{path}: there is no journal", "Name one with --journal PATH.")
        with JournalReader(path) as reader:
            info = _found(reader, run)
            states: dict[ImportKey, ImportState] = {}
            if wait is not None:
                addresses = Addresses(api_url, auth_url)
                if info.destination != addresses.api:
                    hint = f"Ask there: --api-url {info.destination}"
                    message = f"run {info.id} was for {info.destination}, not {addresses.api}"
                    raise UsageError(message, hint)
                states = _asked(reader, info, addresses, client_secret_file, wait, messages)
            is_held = holder_of(path) is not None
            with guarded(path, reads_rows=True):
                whole = whole_run(reader, info, is_held=is_held, states=states)
        if report is not None:
            _write_report(report, whole)
    if as_json:
        print_json(whole)
    else:
        _show(whole)


def _write_report(path: Path, whole: WholeRun) -> None:
    """Write the page of the last part of a run that has counts. Raises UsageError for none."""
    counted_parts = [part.report for part in whole.parts if part.report is not None]
    if not counted_parts:
        hint = "A run that was killed, or that an earlier version has made, has none."
        raise UsageError(f"run {whole.run} has no counts", hint)
    write_page(path, counted_parts[-1], is_part=len(whole.parts) > 1)


def _found(journal: JournalReader, run: str | None) -> RunInfo:
    """Return the run that is meant. Raises UsageError where there is none, or several."""
    infos = journal.runs()
    found = [info for info in infos if run is None or info.id.startswith(run)]
    exact = [info for info in found if info.id == run]
    if not found:
        which = "no run" if run is None else f"no run {run}"
        raise UsageError(f"{journal.path}: {which}", "See: listrak-sync runs")
    if run is not None and not exact and len(found) > 1:
        several = ", ".join(info.id for info in found[:3])
        raise UsageError(f"{journal.path}: several runs begin with {run}", f"One of {several} …")
    return (exact or found)[0]


def _asked(
    journal: JournalReader,
    info: RunInfo,
    addresses: Addresses,
    secret_file: Path | None,
    wait: float,
    messages: Messages,
) -> dict[ImportKey, ImportState]:
    """Ask Listrak about the imports of a run until they have ended, for some seconds."""
    stop = Stop()
    display = ProgressDisplay(Progress.auto, messages, prints=True)
    delivery = DeliveryOptions(on_retry=display.retry, on_progress=display)
    with (
        open_listrak(addresses, secret_file) as api,
        interruptible(stop, display.stopping),
        display,
    ):
        with stop.breaking_off():
            check_access(api)
        states = import_states(api, journal.imports_of(info.id), wait, stop, delivery)
        if stop.error is not None:
            raise stop.error
        return states


def _show(whole: WholeRun) -> None:
    print_text(map(one_line, _head(whole)))
    for number, part in enumerate(whole.parts, 1):
        title = f"part {number} of {len(whole.parts)}, {part.started}" * (len(whole.parts) > 1)
        if part.report is None:
            how = "runs now" if whole.state == "running" and part is whole.parts[-1] else "killed"
            print_text([f"{title}: {how}, no counts" if title else f"{how}, no counts"])
            continue
        draw(summary(title or "counts", part.report))
    if whole.imports:
        rows = ((each.list_id, each.import_id, each.state or "not asked") for each in whole.imports)
        print_table(("list", "import", "state"), rows)
    print_text(_way_on(whole))


def _head(whole: WholeRun) -> Iterator[str]:
    last = whole.parts[-1].report if whole.parts else None
    status = "" if last is None else f", exit status {last.exit_status}"
    yield f"run {whole.run}: {whole.state}{status}"
    if last is not None and last.error:
        yield f"error: {last.error}"
    ended = f", ended {whole.parts[-1].ended}" if whole.parts and whole.parts[-1].ended else ""
    yield f"started {whole.started}{ended}"
    yield f"sent to {whole.destination}"
    for file in whole.mapping_files:
        yield f"mapping {file}"
    yield f"mapping's digest {whole.mapping_sha256}"
    for file in whole.inputs[:SHOWN_INPUTS]:
        yield f"input {'a pipe' if file == '-' else file}"
    if len(whole.inputs) > SHOWN_INPUTS:
        yield f"and {len(whole.inputs) - SHOWN_INPUTS:,} more inputs"
    yield f"read up to {whole.read_up_to}"
    if whole.options:
        yield f"options {as_arguments(whole.options)}"


def _way_on(whole: WholeRun) -> Iterator[str]:
    if whole.unsent:
        yield f"{counted(whole.unsent, 'contact')} not answered for"
    if whole.resume is not None:
        yield f"go on: {whole.resume}"
