"""`listrak-sync plan`: what a push would change at Listrak."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Final

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.output import flush, write_line
from listrak_sync.cli.progress import ProgressDisplay, announce, tell_retry
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.delivery.journal import default_journal
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.sources import Source
from listrak_sync.last_run import last_run_at, not_compared
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.report.rejects_file import RejectsFile
from listrak_sync.run import RunCallbacks, both
from listrak_sync.run_settings import (
    DEFAULT_WINDOW,
    DEFAULT_WINDOW_BYTES,
    Order,
    RouteChoice,
    Undated,
)
from listrak_sync.sync import plan as run_plan
from listrak_sync.tasks import new_task, settings_of

SOMETHING_TO_CHANGE: Final = 8


class Format(StrEnum):
    """What of a plan is printed."""

    summary = "summary"
    changes = "changes"


def plan(
    mapping: options.MappingFiles = None,
    events: options.Events = None,
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="summary: counts by list and field. changes: a JSON line for each contact of "
            "which something is not right.",
        ),
    ] = Format.summary,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="End with status 8 where there is something to change."
        ),
    ] = False,
    mirror: options.Mirror = False,
    previous: options.Previous = None,
    reject_unknown: options.RejectUnknown = False,
    only: options.Only = None,
    since: options.Since = None,
    until: options.Until = None,
    undated: options.UndatedOption = Undated.keep,
    include: options.Include = None,
    exclude: options.Exclude = None,
    audience: options.Audience = None,
    trait: options.Trait = None,
    email_column: options.EmailColumn = None,
    format_in: options.FormatIn = None,
    rejects: options.Rejects = None,
    append: options.Append = False,
    force: options.Force = False,
    max_rejects: options.MaxRejects = None,
    max_contacts: options.MaxContacts = None,
    min_contacts: options.MinContacts = None,
    max_off_ratio: options.MaxOffRatio = None,
    max_change: options.MaxChange = None,
    strict: options.Strict = False,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = Order.timestamp,
    window: options.WindowSize = DEFAULT_WINDOW,
    window_bytes: options.WindowBytes = DEFAULT_WINDOW_BYTES,
    jobs: options.Jobs = None,
    route: options.RouteOption = RouteChoice.auto,
    batch_contacts: options.BatchContacts = None,
    batch_bytes: options.BatchBytes = None,
    in_flight: options.InFlight = 4,
    journal: options.JournalPath = None,
    api_url: options.ApiUrl = API_URL,
    auth_url: options.AuthUrl = AUTH_URL,
    client_secret_file: options.SecretFile = None,
    report: options.ReportPage = None,
    report_samples: options.ReportSamples = 10,
    as_json: options.Json = False,
    progress: options.ProgressOption = options.Progress.auto,
    log_format: options.LogFormatOption = LogFormat.text,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Read the lists, and say what push --only-changes would change there.

    It changes nothing, and leaves the journal alone.
    """
    given = locals()
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)
    prints_changes = format_ is Format.changes
    printed = [
        option
        for option, is_given in (
            ("--json", as_json),
            (f"--format {format_}", prints_changes),
            ("--rejects -", str(rejects) == "-"),
        )
        if is_given
    ]
    outputs = RunOutputs(rejects, report, samples=RejectSamples(report_samples))
    with answering("plan", messages, as_json=as_json, is_run=True):
        outputs.check()
        if len(printed) > 1:
            raise UsageError(f"{' and '.join(printed)} exclude each other", options.ONE_OUTPUT)
        addresses = Addresses(api_url, auth_url)
        run_options = options.run_options(given)
        files = mapping or ()
        own = [*files, *([rejects] if rejects else [])]
        choice = FileChoice(include or (), exclude or (), own, messages.info)
        guards = Guards(max_rejects, max_contacts, max_off_ratio, min_contacts, max_change)
        task = new_task(files, events or (), run_options, guards, choice)
        settings = settings_of(
            task,
            jobs=jobs,
            strict=strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        needed = (*settings.sources, *settings.previous, *(Source(str(file)) for file in files))
        if max_change is not None or report is not None:
            last = last_run_at(journal or default_journal(), task.options, addresses.api)
            settings = replace(settings, last_run=last)
            for note in not_compared(last, settings.mappings) if max_change is not None else ():
                messages.info(note)
        settings = replace(settings, samples_funnels=report is not None)
        existing = options.existing_rejects(append=append, force=force)
        if printed and sys.stdout.isatty() and progress is options.Progress.auto:
            progress = options.Progress.none  # a bar would stand between the lines of data
        stop = Stop()
        try:
            with open_listrak(addresses, client_secret_file) as api, interruptible(stop):
                with stop.breaking_off():
                    check_access(api)
                announce(settings.sources, messages)
                with (
                    RejectsFile(rejects, needed, existing) as rejects_file,
                    ProgressDisplay(progress, settings.sources, messages, sends=False) as display,
                ):
                    result = run_plan(
                        settings,
                        RunCallbacks(
                            both(rejects_file.write, outputs.on_reject),
                            display,
                            on_note=messages.info,
                            on_detail=messages.detail,
                        ),
                        api,
                        DeliveryOptions(
                            in_flight, on_retry=lambda retry: tell_retry(retry, messages)
                        ),
                        on_change=write_line if prints_changes else None,
                        stop=stop,
                    )
                    result = result.or_else(rejects_file.close())
            flush()
        except BrokenPipeError:  # who reads the data has seen enough
            raise typer.Exit from None
        if detailed_exitcode and result.report.values_to_send:
            result = replace(result, something_to_change=SOMETHING_TO_CHANGE)
        raise typer.Exit(
            conclude(
                "plan",
                result,
                messages,
                as_json=as_json,
                outputs=outputs,
                table_is_data=not printed,
            )
        )
