"""`listrak-sync push`: send what the events ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.progress import ProgressDisplay, announce, tell, tell_retry, tell_wait
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.cli.startup import parse_duration
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.sources import Source
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.push import EarlierRun, NewRun, PushCallbacks, PushRequest, run_push
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.run_settings import (
    DEFAULT_WINDOW,
    DEFAULT_WINDOW_BYTES,
    Order,
    RouteChoice,
    Undated,
)
from listrak_sync.tasks import PushOptions


def push(
    context: typer.Context,
    mapping: options.MappingFiles = None,
    events: options.Events = None,
    only_changes: Annotated[
        bool,
        typer.Option(
            "--only-changes",
            help="Read the lists first, and send only what is not right there already.",
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
    flush_every: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=parse_duration,
            help="Send what is gathered at this interval: for pipes that never end.",
            show_default=False,
        ),
    ] = None,
    route: options.RouteOption = RouteChoice.auto,
    batch_contacts: options.BatchContacts = None,
    batch_bytes: options.BatchBytes = None,
    in_flight: options.InFlight = 4,
    verify: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Read back what was sent until it is seen, for 10m unless another time is given.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Follow the imports to their end, for 10m unless another time is given, and "
            "report what they did.",
            show_default=False,
        ),
    ] = None,
    skip_older: Annotated[
        bool,
        typer.Option(
            "--skip-older",
            help="Leave out values of rejects that are older than what was sent since.",
        ),
    ] = False,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Leave out files that a finished run with --once has read, unless they, the "
            "mapping or the options have changed.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run named in place of EVENTS, or the last unfinished one; its "
            "mapping, input and options come from the journal.",
        ),
    ] = False,
    journal: options.JournalPath = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            "--metrics-file",
            metavar="FILE",
            help="Write numbers for Prometheus to this file at the end, also of a run that fails.",
            show_default=False,
        ),
    ] = None,
    retry_for: Annotated[
        float | None,
        typer.Option(
            "--retry-for",
            metavar="DURATION",
            parser=parse_duration,
            help="Try a request for this long where Listrak is away or busy. [default: 1m]",
            show_default=False,
        ),
    ] = None,
    lock_wait: Annotated[
        float | None,
        typer.Option(
            "--lock-wait",
            metavar="DURATION",
            parser=parse_duration,
            help="Wait this long where another run holds the journal, instead of ending with 75.",
            show_default=False,
        ),
    ] = None,
    no_journal: Annotated[
        bool,
        typer.Option("--no-journal", help="Write nothing down; a kill may lose what is unsent."),
    ] = False,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send to a stand-in on this machine, not to Listrak; no journal."
        ),
    ] = False,
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
    """Send what the events ask for, and answer for every contact.

    Credentials: LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET, or --client-secret-file.
    """
    given = locals()
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)

    def show_reading(sources: Sequence[Source]) -> ProgressDisplay:
        announce(sources, messages)
        return ProgressDisplay(progress, sources, messages, sends=True)

    samples = RejectSamples(report_samples)
    outputs = RunOutputs(rejects, report, metrics_file, samples, is_part=resume)
    with answering("push", messages, as_json=as_json, is_run=True, outputs=outputs):
        outputs.check()
        if as_json and str(rejects) == "-":
            raise UsageError("--json and --rejects - exclude each other", options.ONE_OUTPUT)
        if resume:
            _refuse_what_the_journal_has(context, events or ())
            run: NewRun | EarlierRun = EarlierRun(events[0] if events else None)
        else:
            run_options = options.run_options(given)
            if reject_unknown and not only_changes:
                hint = "Give --only-changes as well: without it, the lists are not read."
                raise UsageError("--reject-unknown needs --only-changes", hint)
            if once and (mirror or previous):
                hint = "Leave out --once: who is in a file that is read already stays on."
                raise UsageError("--mirror and --previous need the whole input", hint)
            run = NewRun(
                mapping or (),
                events or (),
                run_options,
                include=include or (),
                exclude=exclude or (),
                once=once,
                times=[each.text if each else None for each in (since, until)],
            )
        request = PushRequest(
            run=run,
            addresses=Addresses(api_url, auth_url),
            secret_file=client_secret_file,
            guards=Guards(max_rejects, max_contacts, max_off_ratio, min_contacts, max_change),
            strict=strict,
            jobs=jobs,
            flush_every=flush_every,
            in_flight=in_flight,
            wait=wait,
            verify=verify,
            rejects=rejects,
            existing_rejects=options.existing_rejects(append=append, force=force),
            journal=journal,
            no_journal=no_journal,
            lock_wait=lock_wait or 0.0,
            retry_for=retry_for,
            samples_funnels=report is not None,
            sandbox=sandbox,
        )
        callbacks = PushCallbacks(
            on_note=messages.info,
            on_detail=messages.detail,
            on_remarks=lambda file, found: warn(messages, file, found),
            on_reading=show_reading,
            on_reject=outputs.on_reject,
            on_receipt=lambda receipt: tell(receipt, messages),
            on_retry=lambda retry: tell_retry(retry, messages),
            on_wait=lambda waiting: tell_wait(waiting, messages),
        )
        result = run_push(request, callbacks)
    try:
        status = conclude(
            "push",
            result.run,
            messages,
            as_json=as_json,
            outputs=outputs,
            title="push to the sandbox" if sandbox else None,
        )
    finally:
        # Even where the report cannot be printed: the run is resumed all the same.
        if result.way_on is not None:
            messages.info(result.way_on)
    raise typer.Exit(status)


def _refuse_what_the_journal_has(context: typer.Context, events: Sequence[str]) -> None:
    """Raise UsageError for options beside --resume that it would ignore."""
    names = {*PushOptions.__struct_fields__, "include", "exclude", "once"} - {"events"}
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names
        # A mapping that the environment names is not refused: it is meant for other runs as well.
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if surplus := [*given, *events[1:]]:
        hint = "Leave that out, or start a new push without --resume."
        raise UsageError(f"--resume takes it from the journal: {', '.join(surplus)}", hint)
