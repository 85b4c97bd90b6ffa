"""`listrak-sync dry-run`: what a push would send."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering
from listrak_sync.cli.ending import conclude
from listrak_sync.cli.explanations import explainer
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.narration import announce
from listrak_sync.cli.output import flush, write_line
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.reject_file import RejectFile
from listrak_sync.cli.run_settings import RunOptions
from listrak_sync.cli.signals import interruptible
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.sources import Source, expand
from listrak_sync.listrak.addresses import API_URL, Addresses
from listrak_sync.mapping.file import load
from listrak_sync.report.counts import Report
from listrak_sync.run import DEFAULT_WINDOW, RunCallbacks
from listrak_sync.sync import dry_run as run_dry


class Format(StrEnum):
    """What of a run is printed."""

    summary = "summary"
    requests = "requests"
    updates = "updates"


def dry_run(
    mapping: options.MappingFile,
    events: options.Events = None,
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="summary: counts. requests: each request that push would send. "
            "updates: each contact's final values. The latter two as JSON lines.",
        ),
    ] = Format.summary,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell for each event and mapping why it matched or not: readable on a terminal, "
            "else as JSON lines.",
        ),
    ] = False,
    rejects: options.Rejects = None,
    max_rejects: options.MaxRejects = None,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = options.Order.timestamp,
    window: options.WindowSize = DEFAULT_WINDOW,
    jobs: options.Jobs = None,
    route: options.RouteOption = options.RouteChoice.auto,
    batch_contacts: options.BatchContacts = None,
    batch_bytes: options.BatchBytes = None,
    api_url: options.ApiUrl = API_URL,
    as_json: options.Json = False,
    progress: options.ProgressOption = options.Progress.auto,
    log_format: options.LogFormatOption = options.LogFormats.text,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Do everything that push does, except talk to Listrak."""
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format.value)
    settings = RunOptions(
        ignore_integrations=ignore_integrations,
        order=order,
        window=window,
        route=route,
        batch_contacts=batch_contacts,
        batch_bytes=batch_bytes,
    )
    with answering("dry-run", messages, as_json=as_json, report=Report([]).as_json()):
        wanted = [
            name
            for name, given in (
                ("--json", as_json),
                (f"--format {format_}", format_ is not Format.summary),
                ("--explain", explain),
            )
            if given
        ]
        if len(wanted) > 1:
            hint = "Leave one out: each prints on standard output."
            raise UsageError(f"{' and '.join(wanted)} exclude each other", hint)
        addresses = Addresses(api_url=api_url)
        plan = settings.plan(load(mapping), expand(events or ()), Guards(max_rejects), jobs)
        if wanted and sys.stdout.isatty() and progress is options.Progress.auto:
            progress = options.Progress.none  # the bar would stand amid the lines of data
        announce(plan.sources, messages)
        stop = Stop()
        try:
            with (
                interruptible(stop),
                RejectFile(rejects, (*plan.sources, Source(str(mapping)))) as reject_file,
                ProgressDisplay(progress, plan.sources, messages, sends=False) as display,
            ):
                watchers = RunCallbacks(
                    reject_file.write,
                    display,
                    on_explanation=explainer() if explain else None,
                )
                outcome = run_dry(
                    plan,
                    watchers,
                    stop=stop,
                    on_request=write_line if format_ is Format.requests else None,
                    on_contact=write_line if format_ is Format.updates else None,
                    addresses=addresses,
                )
                outcome = reject_file.close(outcome)
            flush()
        except BrokenPipeError:
            raise typer.Exit from None
        raise typer.Exit(
            conclude(
                "dry-run",
                outcome,
                messages,
                as_json=as_json,
                keeps_rejects=rejects is not None,
                table_is_data=not wanted,
            )
        )
